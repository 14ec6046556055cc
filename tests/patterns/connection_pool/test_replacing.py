"""Connections that are replaced while the pool is used: `drain`, `check` and `discard`."""

from __future__ import annotations

import threading

import psycopg
import pytest
from pools import sessions, settings, until

from perflab.instrumentation import EventKind
from perflab.patterns.connection_pool import ConnectionPool
from perflab.servers.postgres.server import PostgresServer


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


def test_who_finds_a_dead_connection_is_served_before_the_next_in_the_queue():
    """A newcomer has the free place filled while the dead connection's finder is still busy."""
    order, threads, dead = [], [], []

    def wait(number):
        with pool.connection():
            order.append(number)

    def start(number):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()

    def hook(event):
        if event.kind == EventKind.DISCARDED and len(threads) == 3:
            made = pool.stats()["connects"]
            start(3)
            until(lambda: pool.stats()["connects"] > made)

    def check(connection):
        if connection in dead:
            raise ConnectionError("dead")

    few = settings(min_connections=0, max_connections=1)
    with ConnectionPool(Connection, few, check=check, hook=hook) as pool:
        held = pool.getconn()
        for number in range(3):
            start(number)
            until(lambda n=number: pool.stats()["requests_waiting"] == n + 1)
        dead.append(held)
        pool.putconn(held)
        until(lambda: len(threads) == 4)
        for thread in threads:
            thread.join(30)
        assert order == [0, 1, 2, 3]
