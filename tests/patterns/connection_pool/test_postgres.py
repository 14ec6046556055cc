"""The pool and its peers before a real PostgreSQL whose connections are ended at random."""

from __future__ import annotations

import random
import threading
import time

import psycopg
import pytest

from perflab.errors import BadInputError
from perflab.patterns.connection_pool import ConnectionPool, PoolTimeoutError
from perflab.patterns.connection_pool._drivers import open_pool
from perflab.patterns.connection_pool.settings import POOL_DRIVERS, ConnectionPoolSettings
from perflab.servers.postgres.server import PostgresServer


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.fixture
def connect(server):
    return lambda: psycopg.connect(server.conninfo, autocommit=True)


def read(**values: object) -> ConnectionPoolSettings:
    return ConnectionPoolSettings.read({"min_connections": 1, "timeout": 10, **values})


def test_64_threads_are_all_served_while_connections_are_killed_and_the_server_restarts(  # noqa: C901
    server, connect
):
    most, holders, shared, beyond = 8, set(), [], []
    pool = ConnectionPool(
        connect, read(max_connections=most, timeout=60), check=lambda one: one.execute("")
    )
    stop, served, broken = threading.Event(), [0] * 64, [0] * 64

    def work(number: int) -> None:
        while not stop.is_set() or served[number] < 20:
            with pool.connection() as one:
                if id(one) in holders:
                    shared.append(number)
                holders.add(id(one))
                try:
                    assert one.execute("SELECT %s::int", (number,)).fetchone() == (number,)
                    served[number] += 1
                except psycopg.OperationalError:
                    broken[number] += 1
                finally:
                    holders.discard(id(one))

    def count() -> None:
        while not stop.is_set():
            if pool.stats()["connections_open"] > most:
                beyond.append(1)
            time.sleep(0.005)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    threads.append(threading.Thread(target=count))
    for thread in threads:
        thread.start()
    chance = random.Random(4)
    for kill in range(12):
        time.sleep(chance.uniform(0.05, 0.2))
        if kill == 6:
            server.restart()
        else:
            server.kill_connections()
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    stats = pool.stats()
    assert not shared
    assert not beyond
    assert min(served) >= 20
    assert stats["timeouts"] == 0
    assert stats["connections_lost"] >= most
    assert stats["checkouts"] == sum(served) + sum(broken)
    assert stats["requests_waiting"] == stats["connections_in_use"] == 0
    pool.close()
    assert open_on(server) == 0


def open_on(server) -> int:
    """Count the other clients that the server sees, once those that left are gone."""
    end = time.monotonic() + 30
    # Each look is a transaction of its own: within one, the server shows what it showed first.
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        while True:
            (found,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
            if found == 0 or time.monotonic() > end:
                return found
            time.sleep(0.02)


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_every_driver_times_out_at_its_maximum_and_serves_more_after_a_resize(
    driver, server, connect
):
    pool = open_pool(driver, connect, read(max_connections=2, timeout=0.2), server.conninfo)
    held = [pool.getconn() for _ in range(2)]
    with pytest.raises(PoolTimeoutError):
        pool.getconn()
    pool.apply(read(max_connections=3, timeout=2))
    held.append(pool.getconn())
    assert held[2].execute("SELECT 7").fetchone() == (7,)
    for one in held:
        pool.putconn(one)
    pool.close()
    assert open_on(server) == 0


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_every_driver_replaces_killed_connections_where_the_check_is_on(driver, server, connect):
    pool = open_pool(driver, connect, read(max_connections=4), server.conninfo)
    held = [pool.getconn() for _ in range(4)]
    for one in held:
        pool.putconn(one)
    server.kill_connections()
    for _ in range(8):
        one = pool.getconn()
        assert one.execute("SELECT 7").fetchone() == (7,)
        pool.putconn(one)
    pool.close()


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_who_waits_when_a_driver_is_resized_is_served(driver, server, connect):
    pool = open_pool(driver, connect, read(max_connections=1), server.conninfo)
    held, got = pool.getconn(), []

    def wait() -> None:
        one = pool.getconn()
        got.append(one.execute("SELECT 7").fetchone())
        pool.putconn(one)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    pool.apply(read(max_connections=2))
    pool.putconn(held)
    thread.join(60)
    assert got == [(7,)]
    pool.close()


def test_an_unknown_driver_is_named(connect):
    with pytest.raises(BadInputError, match="unknown pool 'dbcp'"):
        open_pool("dbcp", connect, read())
