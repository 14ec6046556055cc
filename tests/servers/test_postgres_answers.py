"""A server that lets one in and answers no more: every statement of ours ends, in clear words."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

import psycopg
import pytest
from foreign_postgres import folder_of, until

from perflab.errors import BadInputError
from perflab.patterns.connection_pool.queries import open_query
from perflab.servers.postgres import answers as postgres_answers
from perflab.servers.postgres.answers import AnsweredConnection
from perflab.servers.postgres.lease import backend_of, connect
from perflab.servers.postgres.leftovers import postgres_leftovers
from perflab.servers.postgres.run import PostgresRun, most_connections, remove_run
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name

SPEC = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
hostile = sys.modules["hostile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hostile)

READY = b"Z\x00\x00\x00\x05"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(postgres_answers, "SILENT_SECONDS", 0.5)


@pytest.fixture
def falls_silent(postgres_server, tmp_path):
    """Return a way to a real server whose answers end after so many, on all connections."""
    left = [0]

    def change(data: bytes) -> bytes:
        left[0] -= data.count(READY)
        return data if left[0] >= 0 else b""

    upstream = Path(folder_of(postgres_server.conninfo)) / ".s.PGSQL.5432"
    with hostile.changing(upstream, tmp_path / ".s.PGSQL.5432", change):

        def after(answers: int) -> PostgresServer:
            left[0] = 100
            server = PostgresServer(f"host={tmp_path} user=postgres dbname=postgres", "the test")
            left[0] = answers
            return server

        yield after


@pytest.mark.parametrize("answers", [1, 2, 3, 4, 5, 7])
def test_a_run_is_not_set_up_on_a_server_that_falls_silent(answers, falls_silent):
    server = falls_silent(answers)
    with pytest.raises(BadInputError, match="let perflab in and has not answered"):
        PostgresRun(server, new_run_name(), 2).make_tables()


@pytest.mark.parametrize("ask", [most_connections, postgres_leftovers])
def test_no_question_waits_for_ever(ask, falls_silent):
    server = falls_silent(1)
    with pytest.raises(BadInputError, match="has not answered"):
        ask(server.conninfo)


def test_removing_a_run_does_not_wait_for_ever(falls_silent):
    server = falls_silent(1)
    with pytest.raises(BadInputError, match="has not answered"):
        remove_run(server.conninfo, new_run_name())


@pytest.mark.parametrize(
    "query", ["SELECT pg_sleep(60)", "SELECT count(pg_sleep(1)) FROM generate_series(1, 60)"]
)
def test_a_statement_of_the_users_that_never_ends_is_refused(query, postgres_server):
    run = PostgresRun(postgres_server, new_run_name(), 2)
    try:
        with pytest.raises(BadInputError, match="has not answered"):
            open_query(query, run)
    finally:
        run.close()


def test_a_server_that_was_stopped_is_given_up_and_the_connection_closed(postgres_server):
    connection = connect(postgres_server.own_conninfo)
    backend = backend_of(connection)
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(psycopg.OperationalError, match="has not answered"):
            connection.execute("SELECT 1")
        assert connection.closed
    finally:
        os.kill(backend, signal.SIGCONT)
    with connect(postgres_server.own_conninfo) as other:
        gone = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = %s"
        until(lambda: other.execute(gone, (backend,)).fetchone() == (0,))


def test_a_slow_answer_that_keeps_coming_is_waited_for(postgres_server):
    rows = "SELECT repeat('x', 10000), pg_sleep(0.2) FROM generate_series(1, 10)"
    with AnsweredConnection.connect(postgres_server.own_conninfo, autocommit=True) as connection:
        started = time.monotonic()
        assert len(connection.execute(rows).fetchall()) == 10
        assert time.monotonic() - started > 1.5


def test_what_goes_wrong_at_once_is_told_as_ever(postgres_server):
    with AnsweredConnection.connect(postgres_server.own_conninfo, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
        assert connection.execute("SELECT 1").fetchone() == (1,)
