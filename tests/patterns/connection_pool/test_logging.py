"""What the pool logs, and that it prints nothing by itself."""

from __future__ import annotations

import logging
import subprocess
import sys

import psycopg
import pytest
from pools import settings, until

from perflab.patterns.connection_pool import ConnectionPool, PoolTimeoutError
from perflab.servers.postgres.server import PostgresServer

NAME = "perflab.patterns.connection_pool"


def messages(caplog, level):
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == NAME and record.levelno == level
    ]


def test_connects_and_losses_are_logged(caplog):
    caplog.set_level(logging.DEBUG, "perflab")
    with (
        PostgresServer.start() as server,
        ConnectionPool(
            lambda: psycopg.connect(server.conninfo), settings(), check=lambda c: c.execute("")
        ) as pool,
    ):
        with pool.connection():
            pass
        assert any("connected in" in one for one in messages(caplog, logging.INFO))
        server.kill_connections()
        with pool.connection():
            pass
        assert any("lost connection" in one for one in messages(caplog, logging.WARNING))


def test_an_outage_is_one_warning_and_its_end_one_line(caplog):
    caplog.set_level(logging.INFO, "perflab")
    away = [1]

    def connect():
        if away:
            raise ConnectionError("away for a moment")
        return object()

    with ConnectionPool(connect, settings(), close=lambda _: None) as pool:
        with pytest.raises(PoolTimeoutError):
            pool.getconn(0.3)
        assert pool.stats()["connect_errors"] > 1
        warnings = messages(caplog, logging.WARNING)
        assert sum("connecting failed: away for a moment" in one for one in warnings) == 1
        assert sum("no connection within" in one for one in warnings) == 1
        away.clear()
        pool.putconn(pool.getconn())
        until(lambda: any("failures" in one for one in messages(caplog, logging.INFO)))


def test_nothing_is_printed_by_default():
    code = (
        "from perflab.patterns.connection_pool import ConnectionPool, PoolTimeoutError\n"
        "def away(): raise ConnectionError('away')\n"
        "pool = ConnectionPool(away)\n"
        "try: pool.getconn(0.1)\n"
        "except PoolTimeoutError: print('well')\n"
        "pool.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.stdout, done.stderr) == ("well\n", "")


def test_a_program_that_wants_it_gets_it():
    code = (
        "import logging; logging.basicConfig(level=logging.INFO)\n"
        "from perflab.patterns.connection_pool import ConnectionPool\n"
        "pool = ConnectionPool(object, close=lambda _: None)\n"
        "pool.putconn(pool.getconn(30)); pool.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    )
    assert f"INFO:{NAME}:connected in" in done.stderr
