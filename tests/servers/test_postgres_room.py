"""The room on a PostgreSQL: a run that does not fit beside the others is refused, with numbers."""

from __future__ import annotations

import contextlib

import psycopg
import pytest
from foreign_postgres import let_in, sql, until

from perflab.errors import BadInputError
from perflab.servers.postgres.room import Limit, Room, require_room
from perflab.servers.postgres.run import PostgresRun, most_connections
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name


@pytest.fixture(scope="module")
def users(postgres_server):
    return PostgresServer(postgres_server.conninfo, "PERFLAB_POSTGRES_URL")


@pytest.fixture
def in_use():
    """Open connections of the user's own, which end with the test."""
    with contextlib.ExitStack() as opened:

        def use(conninfo: str, count: int) -> None:
            for _ in range(count):
                opened.enter_context(psycopg.connect(conninfo))

        yield use


def alone(conninfo: str) -> bool:
    return sql(conninfo, "SELECT count(*) FROM pg_stat_activity WHERE datid > 0") == [(1,)]


@pytest.mark.parametrize(
    ("free", "connections", "fits"),
    [
        (100, 89, True),
        (100, 90, False),
        (20, 16, True),
        (20, 17, False),
        (5, 1, True),
        (5, 2, False),
        (4, 1, False),
        (0, 1, False),
        (-3, 1, False),
    ],
)
def test_what_is_taken_leaves_three_or_a_tenth_free(free, connections, fits):
    room = Room((Limit("the server", 500, 500 - free), Limit("the role app", 400, 0)), 1)
    if fits:
        require_room(room, connections, 1)
    else:
        with pytest.raises(BadInputError, match="do not fit: the server allows 500"):
            require_room(room, connections, 1)


def test_a_pool_beyond_the_servers_connections_is_refused(users):
    with pytest.raises(BadInputError, match=r"max_connections: 400 connections .* allows 397"):
        PostgresRun(users, new_run_name(), 400)
    until(lambda: alone(users.conninfo))


def fits(users, connections):
    """Say whether a run has room; a connection that was closed counts for a moment more."""
    try:
        PostgresRun(users, new_run_name(), connections).close()
    except BadInputError:
        return False
    return True


def test_the_databases_limit_counts_for_everybody(users, in_use):
    sql(users.conninfo, "ALTER DATABASE postgres CONNECTION LIMIT 20")
    try:
        in_use(users.conninfo, 8)
        with pytest.raises(BadInputError, match="the database postgres allows 20, 8 are in use"):
            PostgresRun(users, new_run_name(), 9)
        until(lambda: most_connections(users.conninfo) == 8)
        until(lambda: fits(users, 8))
        until(lambda: most_connections(users.conninfo) == 8)
    finally:
        sql(users.conninfo, "ALTER DATABASE postgres CONNECTION LIMIT -1")


def test_the_roles_limit_counts_for_the_role(users, postgres_server, in_use):
    sql(users.conninfo, "CREATE ROLE app LOGIN CONNECTION LIMIT 12")
    address = let_in(postgres_server, "app")
    in_use(users.conninfo, 5)
    in_use(address, 2)
    server = PostgresServer(address, "test")
    with pytest.raises(BadInputError, match="the role app allows 12, 2 are in use") as error:
        PostgresRun(server, new_run_name(), 7)
    assert "set it to at most 6" in str(error.value)
    PostgresRun(server, new_run_name(), 6).close()


def test_connections_of_roles_that_we_may_not_look_into_are_counted(users, postgres_server, in_use):
    sql(users.conninfo, "CREATE ROLE stranger LOGIN")
    address = let_in(postgres_server, "stranger")
    run = PostgresRun(PostgresServer(address, "test"), new_run_name(), 3)
    before = run.look().tightest
    in_use(users.conninfo, 7)
    after = run.look().tightest
    assert (after.allowed, after.used) == (before.allowed, before.used + 7)
    run.close()


def test_reserved_connections_are_not_taken(users):
    run = PostgresRun(users, new_run_name(), 3)
    limit = run.look().tightest
    asked = "SELECT current_setting('max_connections')::int"
    assert limit.allowed == sql(users.conninfo, asked)[0][0] - 3
    assert "3 more are reserved" in limit.note
    run.close()
