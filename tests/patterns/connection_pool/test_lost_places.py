"""No place is lost: to an interruption, a caller that forgets, or a pool that is let go of."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sqlite3
import threading
import time
import weakref

import psycopg
import pytest
from pools import sessions, settings, until

from perflab.instrumentation.events import EventKind
from perflab.patterns.connection_pool import ConnectionPool, PoolError, PoolTimeoutError
from perflab.servers.postgres.server import PostgresServer


class Connection:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def lite():
    return sqlite3.connect(":memory:", check_same_thread=False)


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interruption_in_reset_frees_the_place(error):
    def reset(_):
        if armed:
            raise error

    armed = [1]
    with ConnectionPool(Connection, settings(), reset=reset) as pool:
        one = pool.getconn()
        if issubclass(error, Exception):
            pool.putconn(one)
        else:
            with pytest.raises(error):
                pool.putconn(one)
        assert one.closed
        armed.clear()
        with pool.connection() as other:
            assert other is not one


CLOSING = {
    "discard": lambda pool, one: pool.discard(one),
    "too old": lambda pool, one: (pool.drain(), pool.putconn(one)),
    "check": lambda pool, one: (pool.putconn(one), pool.check()),
    "drain": lambda pool, one: (pool.putconn(one), pool.drain()),
}


@pytest.mark.parametrize("way", CLOSING)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_in_closing_frees_the_place(way, error):
    def close(_):
        if armed:
            raise error

    def check(_):
        if armed:
            raise ConnectionError

    armed = []
    with ConnectionPool(Connection, settings(), close=close, check=check) as pool:
        one = pool.getconn()
        armed.append(1)
        with pytest.raises(error):
            CLOSING[way](pool, one)
        armed.clear()
        with pool.connection() as other:
            assert other is not one
        assert pool.stats()["connections_open"] <= 1


def run_a_block(pool, error):
    with contextlib.suppress(KeyError), pool.connection():
        if error is not None:
            raise error


@pytest.mark.parametrize("method", ["commit", "rollback"])
def test_an_interruption_in_the_end_of_a_transaction_frees_the_place(method):
    class Interrupted(Connection):
        def commit(self) -> None: ...

        def rollback(self) -> None: ...

    def interrupt(_):
        raise KeyboardInterrupt

    with ConnectionPool(Interrupted, settings()) as pool:
        setattr(Interrupted, method, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_a_block(pool, KeyError if method == "rollback" else None)
        setattr(Interrupted, method, lambda _: None)
        with pool.connection():
            pass
        assert pool.stats()["connections_open"] == 1


def test_an_interruption_in_the_check_frees_the_place():
    def check(connection):
        if connection in armed:
            raise KeyboardInterrupt

    armed = []
    with ConnectionPool(Connection, settings(), check=check) as pool:
        with pool.connection() as one:
            armed.append(one)
        with pytest.raises(KeyboardInterrupt):
            pool.getconn()
        with pool.connection() as other:
            assert other is not one


@pytest.mark.parametrize("kind", [EventKind.CHECKOUT, EventKind.CHECKIN, EventKind.WAIT_FINISHED])
def test_a_hook_that_raises_loses_no_place(kind):
    def hook(event):
        if event.kind is kind and armed:
            armed.clear()
            raise KeyError("mine")

    armed = []
    with ConnectionPool(Connection, settings(), hook=hook) as pool:
        held = pool.getconn()
        failed = []

        def wait():
            try:
                with pool.connection():
                    pass
            except KeyError:
                failed.append(1)

        thread = threading.Thread(target=wait)
        thread.start()
        until(lambda: pool.stats()["requests_waiting"] == 1)
        armed.append(1)
        if kind is EventKind.CHECKIN:
            with pytest.raises(KeyError):
                pool.putconn(held)
            failed.append(1)
        else:
            pool.putconn(held)
        thread.join(30)
        assert failed == [1]
        with pool.connection():
            pass
        assert pool.stats()["connections_in_use"] == 0


class StruckError(BaseException):
    """What strikes a thread from outside, as Ctrl-C strikes the main thread."""


def use_until(pool, stop):
    # Struck between two uses, too, it goes on: a thread that ended would leave its number to one
    # of the pool's own, and that would be struck.
    while not stop.is_set():
        with contextlib.suppress(StruckError):
            use_until_struck(pool, stop)


def use_until_struck(pool, stop):
    while not stop.is_set():
        # ValueError: struck in `putconn` after the connection had gone back.
        with contextlib.suppress(StruckError, ValueError):
            while not stop.is_set():
                pool.putconn(pool.getconn())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_interruptions_at_any_step_lose_no_place():
    with ConnectionPool(Connection, settings(max_connections=3)) as pool:
        stop = threading.Event()
        threads = [threading.Thread(target=use_until, args=(pool, stop)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(1200):
            time.sleep(0.001)
            struck = threads[turn % 4]
            if struck.is_alive():  # the number of one that has ended may be one of the pool's own
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(struck.ident), ctypes.py_object(StruckError)
                )
        time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join(60)
        threads.clear()
        del thread
        gc.collect()
        until(lambda: pool.stats()["connections_in_use"] == 0)
        assert pool.stats()["requests_waiting"] == 0
        held = [pool.getconn() for _ in range(3)]
        assert len({id(one) for one in held}) == 3
        with pytest.raises(PoolTimeoutError):
            pool.getconn(0.01)
        for one in held:
            pool.putconn(one)


@pytest.mark.parametrize("connect", [Connection, lite], ids=["any", "sqlite3"])
def test_a_forgotten_connection_is_an_error_with_the_place(connect, caplog):
    events = []
    with ConnectionPool(connect, settings(), hook=events.append) as pool:
        pool.getconn()
        with pool.connection():
            pass
        stats = pool.stats()
        assert stats["forgotten"] == 1
        assert stats["connections_open"] == 1
        (leak,) = [event for event in events if event.kind is EventKind.LEAK]
        assert "test_lost_places.py" in str(leak.detail)
    (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "forgot a connection" in record.getMessage()


def test_a_connection_forgotten_in_a_cycle_is_found(server):
    class Owner:
        def __init__(self, pool):
            self.connection, self.me = pool.getconn(), self

    with (
        psycopg.connect(server.conninfo, autocommit=True) as admin,
        ConnectionPool(lambda: psycopg.connect(server.conninfo), settings()) as pool,
    ):
        Owner(pool)
        gc.collect()
        until(lambda: pool.stats()["forgotten"] == 1)
        until(lambda: not sessions(admin))
        with pool.connection() as connection:
            assert connection.execute("SELECT 7").fetchone() == (7,)


def test_a_connection_that_is_held_is_not_forgotten():
    with ConnectionPool(lite, settings(max_connections=2)) as pool:
        held = [pool.getconn()]
        cursor = pool.getconn().execute("SELECT 7")  # refers to its connection
        pool._upkeep.look_by(0.0)
        pool._bell.ring()
        time.sleep(0.3)
        assert pool.stats()["forgotten"] == 0
        assert cursor.fetchone() == (7,)
        pool.putconn(held.pop())
        pool.putconn(cursor.connection)


def test_a_timeout_says_where_a_connection_is_held():
    with ConnectionPool(Connection, settings()) as pool, pool.connection():
        with pytest.raises(PoolTimeoutError, match=r"taken at .*lost_places\.py:\d+") as raised:
            pool.getconn(0.01)
        line = int(str(raised.value).rsplit(":", 1)[1])
        assert line == test_a_timeout_says_where_a_connection_is_held.__code__.co_firstlineno + 1


def test_a_block_entered_twice_is_an_error_with_the_place():
    with ConnectionPool(Connection, settings(max_connections=2)) as pool:
        block = pool.connection()
        with block:
            with pytest.raises(PoolError, match=r"entered already, taken at .*lost_places\.py"):
                block.__enter__()
            assert pool.stats()["connections_in_use"] == 1
        assert pool.stats()["connections_in_use"] == 0
        with block:  # one after the other is two blocks
            pass


def test_what_was_given_back_inside_of_its_block_is_an_error():
    with ConnectionPool(Connection, settings()) as pool:
        other = []

        def block():
            with pool.connection() as one:
                pool.putconn(one)
                other.append(pool.getconn())

        with pytest.raises(ValueError, match="inside of its block"):
            block()
        # The end of the block has not given back what another holds by now.
        with pytest.raises(PoolTimeoutError):
            pool.getconn(0.01)
        pool.putconn(other[0])


def opened_and_let_go(server):
    pool = ConnectionPool(
        lambda: psycopg.connect(server.conninfo), settings(min_connections=2, max_connections=3)
    )
    until(lambda: pool.stats()["connections_idle"] == 2)
    return weakref.ref(pool)


def test_a_pool_that_is_let_go_of_closes_its_connections(server):
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        gone = opened_and_let_go(server)
        until(lambda: gone() is None)
        until(lambda: not sessions(admin))
    until(lambda: not any(one.name.startswith("perflab-pool-") for one in threading.enumerate()))


def test_a_pool_that_is_let_go_of_while_it_connects_closes_that_too():
    entered, opened, made = threading.Event(), threading.Event(), []

    def connect():
        entered.set()
        opened.wait(60)
        made.append(Connection())
        return made[-1]

    pool = ConnectionPool(connect, settings(min_connections=1))
    assert entered.wait(60)
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    until(lambda: gone() is None)
    opened.set()
    until(lambda: made and made[0].closed)


def test_a_finalizer_may_give_a_connection_back():
    class Owner:
        def __init__(self):
            self.connection, self.me = pool.getconn(), self

        def __del__(self):
            pool.putconn(self.connection)

    with ConnectionPool(Connection, settings()) as pool:
        for _ in range(5):
            Owner()
            gc.collect()
        assert pool.stats()["checkouts"] == 5
        assert pool.stats()["forgotten"] == 0
        with pool.connection():
            pass
