"""How long callers wait, who is served, and what is made for them."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import threading
import time

import psutil
import psycopg
import pytest
from pools import settings, until

from perflab.errors import BadInputError
from perflab.instrumentation.events import EventKind
from perflab.patterns.connection_pool import (
    ConnectionPool,
    PoolClosedError,
    PoolTimeoutError,
    TooManyWaitingError,
)
from perflab.servers.postgres.server import PostgresServer

LATE = 5.0
"""How much later a caller may be told on a machine that is busy elsewhere."""


class Connection:
    """What can be closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Gate:
    """A connect that hangs until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.made: list[Connection] = []

    def __call__(self) -> Connection:
        self.entered.release()
        self.opened.wait(60)
        self.made.append(Connection())
        return self.made[-1]


def in_threads(number, call):
    threads = [threading.Thread(target=call, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    return threads


def end(threads):
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.mark.parametrize("timeout", [0.05, 0.4, 1.0])
def test_it_gives_up_at_its_timeout_while_connecting_fails(timeout):
    def away():
        raise ConnectionError("away")

    with ConnectionPool(away, settings(timeout=timeout)) as pool:
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError, match="away") as raised:
            pool.getconn()
        taken = time.monotonic() - began
        assert timeout * 0.99 <= taken < timeout + LATE
        assert isinstance(raised.value.__cause__, ConnectionError)
        assert pool.stats()["requests_waiting"] == pool.stats()["connections_open"] == 0


@pytest.mark.parametrize("timeout", [0.0, 0.1, 0.3])
def test_it_gives_up_at_its_timeout_while_a_connect_hangs(timeout):
    gate = Gate()
    pool = ConnectionPool(gate, settings(timeout=30))
    began = time.monotonic()
    with pytest.raises(PoolTimeoutError):
        pool.getconn(timeout)
    assert timeout * 0.99 <= time.monotonic() - began < timeout + LATE
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < LATE
    gate.opened.set()
    until(lambda: gate.made and gate.made[0].closed)


@pytest.mark.parametrize("timeout", [float("inf"), 1e12, 3600])
def test_a_caller_may_wait_for_ever(timeout):
    with ConnectionPool(Connection, settings()) as pool:
        held = pool.getconn(timeout)
        threads = in_threads(1, lambda _: pool.putconn(pool.getconn(timeout)))
        until(lambda: pool.stats()["requests_waiting"] == 1)
        pool.putconn(held)
        end(threads)


def test_a_server_that_never_answers_is_given_up_at_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        pool = ConnectionPool(
            lambda: psycopg.connect(f"host=127.0.0.1 port={port} connect_timeout=30 user=x"),
            settings(min_connections=1),
        )
        with pytest.raises(PoolTimeoutError):
            pool.getconn(0.3)
        began = time.monotonic()
        pool.close()
        assert time.monotonic() - began < LATE


def test_a_check_of_a_server_that_stands_still_ends_at_the_timeout(server):
    pool = ConnectionPool(
        lambda: psycopg.connect(server.conninfo, autocommit=True),
        settings(),
        check=lambda connection: connection.execute("SELECT 1"),
    )
    pool.putconn(pool.getconn())
    first = psutil.Process(server.pid)
    stopped = [first, *first.children(recursive=True)]
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError):
            pool.getconn(0.4)
        assert 0.39 <= time.monotonic() - began < 0.4 + LATE
    finally:
        for process in stopped:
            process.send_signal(signal.SIGCONT)
    with pool.connection() as connection:
        assert connection.execute("SELECT 7").fetchone() == (7,)
    pool.close()


def test_a_caller_without_patience_gets_a_connection_that_is_idle(server):
    with ConnectionPool(
        lambda: psycopg.connect(server.conninfo),
        settings(),
        check=lambda connection: connection.execute("SELECT 1"),
    ) as pool:
        served = 0
        for _ in range(20):
            pool.putconn(pool.getconn())
            with contextlib.suppress(PoolTimeoutError), pool.connection(timeout=0) as connection:
                served += connection.execute("SELECT 1").fetchone()[0]
        # A check may take its 0.1 s now and then, on a machine that is busy elsewhere.
        assert served >= 15


def test_a_caller_takes_what_comes_back_while_another_is_made():
    gate = Gate()
    gate.opened.set()
    with ConnectionPool(gate, settings(max_connections=2)) as pool:
        held = pool.getconn()
        gate.opened.clear()
        got: list[Connection] = []
        threads = in_threads(1, lambda _: got.append(pool.getconn()))
        gate.entered.acquire()
        gate.entered.acquire()  # the second connect hangs now
        pool.putconn(held)
        end(threads)
        assert got == [held]
        gate.opened.set()
        until(lambda: pool.stats()["connections_idle"] == 1)
        pool.putconn(held)


def test_the_minimum_is_opened_in_parallel_and_bounded():
    gate = Gate()
    with ConnectionPool(gate, settings(min_connections=12, max_connections=12)) as pool:
        gate.entered.acquire()
        assert gate.entered.acquire(timeout=30)  # a second while the first hangs
        at_once = 2
        while gate.entered.acquire(timeout=0.3):
            at_once += 1
        assert 2 <= at_once < 12
        gate.opened.set()
        until(lambda: pool.stats()["connections_idle"] == 12)
        assert len(gate.made) == 12


def test_a_fresh_connection_is_checked():
    made = []

    def connect():
        made.append(Connection())
        made[-1].bad = len(made) < 3
        return made[-1]

    def check(connection):
        if connection.bad:
            raise ConnectionError("not yet ready")

    with ConnectionPool(connect, settings(), check=check) as pool, pool.connection() as connection:
        assert connection is made[2]
        assert made[0].closed
        assert made[1].closed
        assert pool.stats()["connect_errors"] == 2


def test_one_caller_too_many_is_refused_at_once():
    with ConnectionPool(Connection, settings(), max_waiting=2) as pool:
        held = pool.getconn()
        served = []

        def wait(_):
            with pool.connection():
                served.append(1)

        threads = in_threads(2, wait)
        until(lambda: pool.stats()["requests_waiting"] == 2)
        with pytest.raises(TooManyWaitingError, match="max_waiting is 2"):
            pool.getconn()
        assert pool.stats()["callers_refused"] == 1
        pool.putconn(held)
        end(threads)
        assert len(served) == 2
        pool.putconn(pool.getconn())


def test_who_waits_for_a_connection_that_is_made_does_not_count():
    with ConnectionPool(Connection, settings(max_connections=4), max_waiting=0) as pool:
        held = [pool.getconn() for _ in range(4)]
        with pytest.raises(TooManyWaitingError):
            pool.getconn()
        for one in held:
            pool.putconn(one)
        stats = pool.stats()
        assert stats["requests"] == stats["checkouts"] + stats["callers_refused"] == 5


@pytest.mark.parametrize(("order", "expected"), [("lifo", [2, 2, 2]), ("fifo", [0, 1, 2])])
def test_the_order_of_idle_connections_is_as_set(order, expected):
    with ConnectionPool(Connection, settings(max_connections=3), order=order) as pool:
        held = [pool.getconn() for _ in range(3)]
        for one in held:
            pool.putconn(one)
        taken = []
        for _ in range(3):
            with pool.connection() as one:
                taken.append(held.index(one))
        assert taken == expected
        pool.apply(pool.settings.change(order="fifo"))
        with pool.connection() as one, pool.connection() as other:
            assert one is not other


def test_the_callback_is_called_once_an_outage():
    away, called = threading.Event(), []
    away.set()

    def connect():
        if away.is_set():
            raise ConnectionError("away")
        return Connection()

    pool = ConnectionPool(
        connect, settings(timeout=0.3), reconnect_failed=called.append, reconnect_seconds=0.1
    )
    for outage in (1, 2):
        away.set()
        for _ in range(2):
            with pytest.raises(PoolTimeoutError):
                pool.getconn()
        until(lambda outage=outage: len(called) == outage)
        away.clear()
        pool.discard(pool.getconn(60))
    assert called == [pool, pool]
    pool.close()


def test_a_callback_that_raises_harms_nothing(caplog):
    def away():
        raise ConnectionError("away")

    def failed(_):
        raise KeyError("mine")

    with ConnectionPool(
        away, settings(timeout=0.3), reconnect_failed=failed, reconnect_seconds=0.05
    ) as pool:
        for _ in range(2):
            with pytest.raises(PoolTimeoutError):
                pool.getconn()
    assert "reconnect_failed raised" in caplog.text


SHARED = Connection()


@pytest.mark.parametrize(
    ("connect", "message"),
    [
        (lambda: None, "returned None"),
        (lambda: SHARED, "that the pool has already"),
        (psycopg.AsyncConnection.connect, "synchronous"),
        (lambda: sqlite3.connect(":memory:"), "check_same_thread=False"),
    ],
    ids=["none", "the same twice", "awaitable", "sqlite of one thread"],
)
def test_what_cannot_be_lent_is_an_error_with_the_reason(connect, message):
    pool = ConnectionPool(connect, settings(max_connections=2, timeout=60))
    with pytest.raises(BadInputError, match=message):  # noqa: PT012  (the first may be served)
        for _ in range(2):
            pool.getconn()
    pool.close()


def test_a_connect_that_ends_its_thread_is_tried_again():
    tried = []

    def connect():
        tried.append(1)
        if len(tried) < 3:
            raise SystemExit
        return Connection()

    with ConnectionPool(connect, settings()) as pool, pool.connection():
        assert len(tried) == 3


def test_a_caller_that_waits_when_it_closes_is_told():
    gate = Gate()
    pool = ConnectionPool(gate, settings())
    told = []

    def wait(_):
        try:
            pool.getconn()
        except PoolClosedError:
            told.append(1)

    threads = in_threads(3, wait)
    until(lambda: pool.stats()["requests_waiting"] == 3)
    pool.close()
    end(threads)
    assert len(told) == 3
    gate.opened.set()


def test_events_of_a_caller_that_waits_are_told_in_order():
    kinds = []
    with ConnectionPool(
        Connection, settings(), hook=lambda event: kinds.append(event.kind)
    ) as pool:
        held = pool.getconn()
        threads = in_threads(1, lambda _: pool.putconn(pool.getconn()))
        until(lambda: EventKind.WAIT_STARTED in kinds)
        pool.putconn(held)
        end(threads)
    once = (EventKind.CHECKOUT, EventKind.CHECKIN)
    assert [one for one in kinds if one in once] == [*once, *once]
    assert kinds[0] == EventKind.CONNECTED
    assert kinds[-1] == EventKind.DISCARDED
