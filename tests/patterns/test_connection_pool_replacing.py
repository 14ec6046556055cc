"""Connections that are replaced while the pool is used: `drain`, `check` and `discard`."""

from __future__ import annotations

import psycopg
import pytest
from pools import sessions, settings, until

from perflab.patterns.connection_pool import ConnectionPool
from perflab.servers.postgres_server import PostgresServer


class Connection:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


def test_drain_replaces_all_connections(server):
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        until(lambda: not sessions(admin))
        with ConnectionPool(
            lambda: psycopg.connect(server.conninfo), settings(min_connections=2, max_connections=3)
        ) as pool:
            held = pool.getconn()
            until(lambda: pool.stats()["connections_open"] >= 2)
            before = {id(slot.held) for slot in pool._slots}
            kept = [slot.held for slot in pool._slots]
            pool.drain()
            assert held.execute("SELECT 7").fetchone() == (7,)
            pool.putconn(held)
            assert held.closed
            until(lambda: pool.stats()["connections_idle"] == 2)
            assert not before & {id(slot.held) for slot in pool._slots}
            assert all(one.closed for one in kept)
        until(lambda: not sessions(admin))


def test_check_closes_the_dead_among_the_idle(server):
    with (
        psycopg.connect(server.conninfo, autocommit=True) as admin,
        ConnectionPool(
            lambda: psycopg.connect(server.conninfo),
            settings(max_connections=3),
            check=lambda connection: connection.execute(""),
        ) as pool,
    ):
        held = [pool.getconn() for _ in range(3)]
        pid = held[1].info.backend_pid
        for one in held:
            pool.putconn(one)
        assert pool.check() == 0
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        until(lambda: len(sessions(admin)) == 2)
        assert pool.check() == 1
        assert held[1].closed
        assert pool.stats()["connections_idle"] == 2
        with pool.connection() as one:
            assert one is held[2]


def test_a_discarded_connection_is_closed_and_replaced():
    with ConnectionPool(Connection, settings()) as pool:
        one = pool.getconn()
        pool.discard(one)
        assert one.closed
        with pytest.raises(ValueError, match="not checked out"):
            pool.discard(one)
        with pool.connection() as other:
            assert other is not one
            pool.discard(other)  # the block has nothing left to do
        assert pool.stats()["discards"] == 2
        assert pool.stats()["connections_in_use"] == 0
