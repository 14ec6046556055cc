from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import psycopg
import pytest
from foreign_postgres import folder_of

from perflab.errors import BadInputError
from perflab.servers.postgres.server import PostgresServer, find_postgres

CHILD = """
import time
from perflab.servers.postgres.server import PostgresServer
server = PostgresServer.start()
print(server.pid, server.conninfo, flush=True)
time.sleep(60)
"""


def test_a_server_of_ours_answers_and_takes_many_connections(postgres_server):
    with psycopg.connect(postgres_server.conninfo) as connection:
        (most,) = connection.execute("SHOW max_connections").fetchone()
        (durable,) = connection.execute("SHOW synchronous_commit").fetchone()
    assert int(most) >= 128
    assert durable == "on"
    assert postgres_server.ours
    assert postgres_server.version.startswith("PostgreSQL 18")


def test_connections_are_killed_on_the_servers_side(postgres_server):
    with psycopg.connect(postgres_server.conninfo) as connection:
        assert postgres_server.kill_connections() == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_what_was_committed_is_there_after_a_restart(postgres_server):
    with psycopg.connect(postgres_server.conninfo) as connection:
        connection.execute("CREATE TABLE kept (value integer)")
        connection.execute("INSERT INTO kept VALUES (7)")
    before = postgres_server.pid
    postgres_server.restart()
    assert postgres_server.pid != before
    with psycopg.connect(postgres_server.conninfo) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_server_ends_with_the_process_that_started_it_even_when_that_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        pid, conninfo = child.stdout.readline().split()
        os.kill(child.pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until and (
        psutil.pid_exists(int(pid)) or folder_of(conninfo).exists()
    ):
        time.sleep(0.05)
    assert not psutil.pid_exists(int(pid))
    assert not folder_of(conninfo).parent.exists()


def test_no_such_database_is_one_clear_error(postgres_server, monkeypatch):
    url = postgres_server.conninfo.replace("/postgres?", "/nowhere?")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", url)
    with pytest.raises(BadInputError, match="no such database"):
        find_postgres()


def test_a_wrong_password_is_one_clear_error(postgres_server, monkeypatch):
    data = folder_of(postgres_server.conninfo)
    rules = data / "pg_hba.conf"
    before = rules.read_text()
    with psycopg.connect(postgres_server.conninfo, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
        rules.write_text("local all guest scram-sha-256\n" + before)
        connection.execute("SELECT pg_reload_conf()")
    url = postgres_server.conninfo.replace("postgres:@", "guest:wrong@")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", url)
    until = time.monotonic() + 30

    def look() -> None:
        while time.monotonic() < until:
            find_postgres()

    with pytest.raises(BadInputError, match="refuses user or password") as error:
        look()
    assert "wrong" not in str(error.value)
    rules.write_text(before)


def test_a_port_that_answers_with_http_is_one_clear_error(http_port, monkeypatch):
    url = f"postgresql://u:secret@127.0.0.1:{http_port}/db"
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", url)
    with pytest.raises(BadInputError, match="as a PostgreSQL does") as error:
        find_postgres()
    assert "secret" not in str(error.value)


def test_a_port_where_nothing_listens_is_one_clear_error(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", f"postgresql://127.0.0.1:{port}/db")
    with pytest.raises(BadInputError, match="cannot be reached"):
        find_postgres()


def test_an_address_that_is_none_is_one_clear_error(monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://h/db?nonsense=1")
    with pytest.raises(BadInputError, match="valid address of a PostgreSQL"):
        find_postgres()


def test_the_users_own_server_is_left_alone(postgres_server, monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", postgres_server.conninfo)
    found = find_postgres()
    assert not found.ours
    for act in (found.kill_connections, found.restart):
        with pytest.raises(BadInputError, match="left alone"):
            act()
    found.close()
    with PostgresServer(postgres_server.conninfo, "again") as again:
        assert again.version == postgres_server.version
