"""What every caller of the pool may lean on, with connections whose holders are counted."""

from __future__ import annotations

import ctypes
import random
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from perflab.instrumentation.events import EventKind
from perflab.patterns.connection_pool import ConnectionPool, PoolClosedError, PoolTimeoutError
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings


class Database:
    """Makes connections, counts how many are open at the same time, and can be away."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open = self.most = self.made = 0
        self.away = False

    def connect(self) -> Connection:
        if self.away:
            raise ConnectionError("the database is down")
        with self.lock:
            self.open += 1
            self.made += 1
            self.most = max(self.most, self.open)
        return Connection(self)


class Connection:
    """A real SQLite connection that refuses a second holder."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.real = sqlite3.connect(":memory:", check_same_thread=False)
        self.closed = False
        self.dead = False
        self.holder = threading.Lock()

    def use(self) -> int:
        assert self.holder.acquire(blocking=False), "two holders"
        try:
            if self.dead:
                raise ConnectionError("dead")
            return self.real.execute("SELECT 7").fetchone()[0]
        finally:
            self.holder.release()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.real.close()
            with self.database.lock:
                self.database.open -= 1


def make(database: Database, **values: object) -> ConnectionPool[Connection]:
    events = values.pop("events", None)
    leak = values.pop("leak_seconds", None)
    plain = {"min_connections": 0, "max_connections": 3, "timeout": 5, **values}
    return ConnectionPool(
        database.connect,
        ConnectionPoolSettings.read(plain),
        check=Connection.use,
        hook=None if events is None else events.append,
        leak_seconds=leak,
    )


def until(condition, patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.005)


@pytest.fixture
def database() -> Database:
    return Database()


def test_the_minimum_is_opened_before_anybody_asks(database):
    with make(database, min_connections=2) as pool:
        until(lambda: pool.stats()["connections_idle"] == 2)
        assert database.open == 2


def test_it_grows_at_once_while_under_the_maximum(database):
    with make(database, min_connections=1, timeout=0.5) as pool:
        held = [pool.getconn() for _ in range(3)]
        assert len({id(one) for one in held}) == 3
        assert pool.stats()["timeouts"] == 0
        for one in held:
            pool.putconn(one)


def test_a_caller_beyond_the_maximum_times_out_and_leaves_the_queue(database):
    with make(database, max_connections=1) as pool:
        held = pool.getconn()
        with pytest.raises(PoolTimeoutError, match="1 of at most 1 are open"):
            pool.getconn(timeout=0.05)
        assert pool.stats()["requests_waiting"] == 0
        assert pool.stats()["timeouts"] == 1
        pool.putconn(held)
        pool.putconn(pool.getconn(timeout=0.05))


def test_callers_are_served_first_come_first_served(database):
    with make(database, max_connections=1) as pool:
        held = pool.getconn()
        order: list[int] = []

        def wait(number: int) -> None:
            with pool.connection():
                order.append(number)

        threads = []
        for number in range(6):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            until(lambda number=number: pool.stats()["requests_waiting"] == number + 1)
        pool.putconn(held)
        for thread in threads:
            thread.join()
        assert order == list(range(6))


def test_a_dead_connection_is_replaced_at_checkout(database):
    with make(database, max_connections=1) as pool:
        with pool.connection() as one:
            one.dead = True
        with pool.connection() as other:
            assert other is not one
            assert other.use() == 7
        assert one.closed
        assert pool.stats()["connections_lost"] == 1


def test_without_a_check_a_dead_connection_is_handed_out(database):
    with make(database, max_connections=1, check=False) as pool:
        with pool.connection() as one:
            one.dead = True
        with pool.connection() as other:
            assert other is one


def test_a_connection_that_comes_back_closed_is_replaced(database):
    with make(database, max_connections=1, check=False) as pool:
        with pool.connection() as one:
            one.close()
        with pool.connection() as other:
            assert other is not one


def test_an_old_connection_is_replaced(database):
    with make(database, max_connections=1, max_lifetime=0.05) as pool:
        with pool.connection() as one:
            time.sleep(0.06)
        assert one.closed
        with pool.connection() as other:
            assert other is not one
        assert database.most == 1


def test_idle_connections_beyond_the_minimum_are_closed(database):
    with make(database, min_connections=1, max_idle=0.1) as pool:
        held = [pool.getconn() for _ in range(3)]
        for one in held:
            pool.putconn(one)
        until(lambda: pool.stats()["connections_open"] == 1)
        assert database.open == 1


def test_a_larger_maximum_serves_those_who_wait_at_once(database):
    with make(database, max_connections=1) as pool:
        held = pool.getconn()
        got: list[Connection] = []
        thread = threading.Thread(target=lambda: got.append(pool.getconn()))
        thread.start()
        until(lambda: pool.stats()["requests_waiting"] == 1)
        pool.apply(pool.settings.change(max_connections=2))
        thread.join(30)
        assert got
        assert got[0] is not held


def test_a_smaller_maximum_closes_what_is_too_many(database):
    with make(database, max_connections=3) as pool:
        held = [pool.getconn() for _ in range(3)]
        pool.apply(pool.settings.change(max_connections=1))
        for one in held:
            pool.putconn(one)
        assert pool.stats()["connections_open"] == 1
        assert database.open == 1


def test_a_client_that_is_interrupted_leaves_the_queue(database):
    code = (
        "import os, signal, threading\n"
        "from perflab.patterns.connection_pool import ConnectionPool\n"
        "from perflab.patterns.connection_pool import ConnectionPoolSettings\n"
        "import sqlite3\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "pool = ConnectionPool(lambda: sqlite3.connect(':memory:', check_same_thread=False),\n"
        "    ConnectionPoolSettings(min_connections=0, max_connections=1))\n"
        "held = pool.getconn()\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    pool.getconn(timeout=30)\n"
        "except KeyboardInterrupt:\n    pass\n"
        "assert pool.stats()['requests_waiting'] == 0\n"
        "pool.putconn(held)\n"
        "pool.putconn(pool.getconn(timeout=1))\n"
        "pool.close()\nprint('well')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "well", done.stderr


def test_a_database_that_is_away_for_a_moment_is_waited_for(database):
    with make(database, max_connections=1) as pool:
        database.away = True
        threading.Timer(0.15, lambda: setattr(database, "away", False)).start()
        with pool.connection() as one:
            assert one.use() == 7
        assert pool.stats()["connect_errors"] >= 1


def test_a_database_that_stays_away_is_named_in_the_timeout(database):
    database.away = True
    with make(database, max_connections=1) as pool:
        with pytest.raises(PoolTimeoutError, match="the database is down"):
            pool.getconn(timeout=0.1)
        assert pool.stats()["connections_open"] == 0


def test_a_connection_given_back_twice_is_refused(database):
    with make(database) as pool:
        one = pool.getconn()
        pool.putconn(one)
        with pytest.raises(ValueError, match="not checked out"):
            pool.putconn(one)


def test_a_closed_pool_lets_nobody_wait(database):
    pool = make(database, max_connections=1)
    held = pool.getconn()
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            pool.getconn()
        except PoolClosedError as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: pool.stats()["requests_waiting"] == 1)
    pool.close()
    thread.join(30)
    assert len(failed) == 1
    with pytest.raises(PoolClosedError):
        pool.getconn()
    pool.putconn(held)
    assert database.open == 0


def test_a_leak_names_who_holds_the_connection_and_where_it_was_taken(database):
    events: list = []
    with make(database, events=events, leak_seconds=0.05) as pool:
        pool.getconn()
        until(lambda: any(event.kind is EventKind.LEAK for event in events))
        (leak,) = [event for event in events if event.kind is EventKind.LEAK]
        assert "MainThread" in str(leak.detail)
        assert "test_connection_pool.py" in str(leak.detail)
        (held,) = pool.leaks()
        assert held.thread == "MainThread"
        assert held.seconds >= 0.05
        time.sleep(0.1)
        assert pool.stats()["leaks"] == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_killed_while_it_waits_leaves_its_turn_to_the_next(database):
    with make(database, max_connections=1) as pool:
        held = pool.getconn()
        got: list[Connection] = []

        def wait() -> None:
            with pool.connection() as one:
                got.append(one)

        threads = [threading.Thread(target=wait) for _ in range(2)]
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda number=number: pool.stats()["requests_waiting"] == number + 1)
        # The exception strikes when the first of the queue wakes with the connection in its hand.
        killed = ctypes.c_ulong(threads[0].ident)
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(killed, ctypes.py_object(SystemExit)) == 1
        pool.putconn(held)
        for thread in threads:
            thread.join(30)
        assert got == [held]
        assert pool.stats()["connections_in_use"] == pool.stats()["requests_waiting"] == 0


def test_who_finds_a_dead_connection_keeps_its_turn(database):
    with make(database, max_connections=1) as pool:
        held = pool.getconn()
        order: list[int] = []

        def wait(number: int) -> None:
            with pool.connection():
                order.append(number)

        threads = []
        for number in range(3):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            until(lambda number=number: pool.stats()["requests_waiting"] == number + 1)
        held.dead = True
        pool.putconn(held)
        for thread in threads:
            thread.join(30)
        assert order == [0, 1, 2]
        assert database.most == 1


def test_importing_the_pool_loads_nothing_heavy():
    code = (
        "import sys, perflab.patterns.connection_pool; "
        "heavy = {'psycopg', 'sqlalchemy', 'numba', 'pandas', 'IPython', 'numpy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_events_tell_of_connect_checkout_and_return(database):
    events: list = []
    with make(database, events=events) as pool, pool.connection():
        pass
    kinds = [event.kind for event in events]
    assert kinds[:3] == [EventKind.CONNECTED, EventKind.CHECKOUT, EventKind.CHECKIN]


def test_64_threads_and_random_deaths_never_exceed_the_maximum_nor_share_a_connection(database):
    checkouts, most = 200_000, 8
    pool = make(database, min_connections=2, max_connections=most, timeout=60, check=True)
    served = [0] * 64
    failures: list[BaseException] = []

    def work(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(checkouts // 64):
                with pool.connection() as one:
                    one.use()
                    if chance.random() < 0.002:
                        one.dead = True
                served[number] += 1
        except Exception as error:  # noqa: BLE001  (told below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for size in (4, 12, 2, most):
        time.sleep(0.3)
        pool.apply(pool.settings.change(max_connections=size))
    for thread in threads:
        thread.join()
    stats = pool.stats()
    assert not failures
    assert sum(served) == 64 * (checkouts // 64)
    assert stats["checkouts"] == sum(served)
    assert stats["connections_lost"] > 100
    assert database.most <= 12
    assert stats["requests_waiting"] == stats["connections_in_use"] == 0
    pool.close()
    # One that is being made is closed once it is.
    until(lambda: database.open == 0)
