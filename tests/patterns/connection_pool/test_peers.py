"""What users of psycopg_pool and SQLAlchemy expect of a pool, held by ours and by theirs.

Each scenario runs on both pools, so that what is asked of ours is what the peer does.
"""

from __future__ import annotations

import threading
import time

import psycopg
import psycopg_pool
import pytest
from pools import sessions, settings, until
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import TimeoutError as QueueTimeout
from sqlalchemy.pool import QueuePool

from perflab.patterns.connection_pool import (
    ConnectionPool,
    PoolClosedError,
    PoolTimeoutError,
    TooManyWaitingError,
)
from perflab.servers.postgres.server import PostgresServer

TIMEOUTS = (PoolTimeoutError, psycopg_pool.PoolTimeout)
REFUSALS = (TooManyWaitingError, psycopg_pool.TooManyRequests)
CLOSED = (PoolClosedError, psycopg_pool.PoolClosed)


def ours(server, least=1, most=1, timeout=30.0, **words):
    values = {key: words.pop(key) for key in ("max_lifetime", "max_idle") if key in words}
    order = {"order": "fifo", **words}
    chosen = settings(min_connections=least, max_connections=most, timeout=timeout, **values)
    return ConnectionPool(lambda: psycopg.connect(server.conninfo), chosen, **order)


def theirs(server, least=1, most=1, timeout=30.0, **words):
    pool = psycopg_pool.ConnectionPool(
        server.conninfo, min_size=least, max_size=most, timeout=timeout, open=True, **words
    )
    pool.wait(60)
    return pool


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.fixture
def admin(server):
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        until(lambda: not sessions(connection))
        yield connection


@pytest.fixture(params=[ours, theirs], ids=["perflab", "psycopg_pool"])
def make(request, server, admin):
    made = []

    def open_pool(*numbers, **words):
        made.append(request.param(server, *numbers, **words))
        return made[-1]

    yield open_pool
    for pool in made:
        pool.close()


def pid_of(connection):
    # SQLAlchemy hands out a proxy of the connection.
    return getattr(connection, "dbapi_connection", connection).info.backend_pid


def in_threads(number, call):
    threads = [threading.Thread(target=call, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    return threads


def waiting(pool):
    if isinstance(pool, ConnectionPool):
        return pool.stats()["requests_waiting"]
    return pool.get_stats().get("requests_waiting", 0)


def test_one_connection_is_used_again(make):
    pool = make()
    pids = set()
    for _ in range(5):
        with pool.connection() as connection:
            pids.add(pid_of(connection))
    assert len(pids) == 1


def test_an_error_in_a_block_does_not_lose_the_connection(make):
    pool = make()
    with pool.connection() as connection:
        pid = pid_of(connection)
    with pytest.raises(KeyError), pool.connection():
        raise KeyError
    with pool.connection() as connection:
        assert pid_of(connection) == pid


def test_a_queue_is_served_in_order_and_within_the_maximum(make):
    pool, order, at_once = make(1, 2), [], []

    def work(number):
        with pool.connection() as connection:
            order.append(number)
            at_once.append(pid_of(connection))
            connection.execute("SELECT pg_sleep(0.02)")

    held = [pool.getconn(), pool.getconn()]
    threads = []
    for number in range(6):
        threads += in_threads(1, lambda _, number=number: work(number))
        until(lambda number=number: waiting(pool) == number + 1)
    for one in held:
        pool.putconn(one)
    for thread in threads:
        thread.join(60)
    assert sorted(order) == list(range(6))
    assert order[:2] in ([0, 1], [1, 0])
    assert len(set(at_once)) <= 2


def test_a_queue_of_its_longest_refuses_the_next(make):
    pool, results = make(max_waiting=3), []
    held = pool.getconn()

    def work(_):
        with pool.connection():
            results.append("served")

    threads = in_threads(3, work)
    until(lambda: waiting(pool) == 3)
    for _ in range(2):
        with pytest.raises(REFUSALS):
            pool.getconn()
    pool.putconn(held)
    for thread in threads:
        thread.join(60)
    assert results == ["served"] * 3


def test_a_client_that_gave_up_does_not_get_a_connection(make):
    pool = make(timeout=0.1)
    held = pool.getconn()
    with pytest.raises(TIMEOUTS):
        pool.getconn()
    pool.putconn(held)
    with pool.connection() as connection:
        assert connection.execute("SELECT 7").fetchone() == (7,)
    assert waiting(pool) == 0


def test_the_timeout_of_a_call_goes_before_that_of_the_pool(make):
    pool = make(timeout=60)
    with pool.connection(), pytest.raises(TIMEOUTS):
        pool.getconn(timeout=0.05)


def test_a_dead_connection_that_comes_back_is_replaced(make, admin):
    pool = make()
    connection = pool.getconn()
    pid = pid_of(connection)
    admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    pool.putconn(connection)
    with pool.connection() as other:
        assert pid_of(other) != pid


@pytest.mark.parametrize(
    ("statement", "same"),
    [("SELECT 1", True), ("SELECT nope", True)],
    ids=["in a transaction", "failed"],
)
def test_what_comes_back_open_is_rolled_back_and_kept(statement, same, make):
    pool = make()
    connection = pool.getconn()
    pid = pid_of(connection)
    try:
        connection.execute(statement)
    except psycopg.Error:
        assert statement == "SELECT nope"
    pool.putconn(connection)
    with pool.connection() as other:
        assert other.pgconn.transaction_status == TransactionStatus.IDLE
        assert (pid_of(other) == pid) is same


def test_what_comes_back_busy_is_closed(make):
    pool = make()
    connection = pool.getconn()
    pid = pid_of(connection)
    connection.pgconn.send_query(b"SELECT pg_sleep(0.5)")
    assert connection.pgconn.transaction_status == TransactionStatus.ACTIVE
    pool.putconn(connection)
    with pool.connection() as other:
        assert pid_of(other) != pid


def test_a_reset_is_called_at_each_return_and_its_error_closes(make):
    calls = []

    def reset(connection):
        calls.append(pid_of(connection))
        if len(calls) == 2:
            raise ValueError("no longer")

    pool = make(reset=reset)
    pids = []
    for _ in range(3):
        with pool.connection() as connection:
            pids.append(pid_of(connection))
    until(lambda: len(calls) == 3)
    assert pids[0] == pids[1] != pids[2]


def test_a_check_that_fails_replaces_the_connection(make, admin):
    def check(connection):
        connection.execute("SELECT 1")

    pool = make(check=check)
    with pool.connection() as connection:
        pid = pid_of(connection)
    admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pool.connection() as other:
        assert pid_of(other) != pid
        assert other.execute("SELECT 7").fetchone() == (7,)


def test_a_connection_of_another_pool_is_refused(make):
    one, other = make(), make()
    connection = one.getconn()
    with pytest.raises(ValueError, match="pool"):
        other.putconn(connection)
    one.putconn(connection)


def test_a_closed_pool_serves_nobody_and_closes_what_returns(make, admin):
    pool = make()
    connection = pool.getconn()
    told = []

    def wait(_):
        try:
            pool.getconn()
        except CLOSED:
            told.append(1)

    threads = in_threads(1, wait)
    until(lambda: waiting(pool) == 1)
    pool.close()
    pool.close()  # twice is once
    for thread in threads:
        thread.join(60)
    assert told == [1]
    with pytest.raises(CLOSED):
        pool.getconn()
    assert connection.execute("SELECT 7").fetchone() == (7,)
    pool.putconn(connection)
    assert connection.closed
    until(lambda: not sessions(admin))


def test_it_grows_to_its_maximum_and_shrinks_to_its_minimum(make, admin):
    pool = make(1, 3, max_idle=0.2)
    held = [pool.getconn() for _ in range(3)]
    assert len({pid_of(one) for one in held}) == 3
    for one in held:
        pool.putconn(one)
    until(lambda: len(sessions(admin)) == 1)


def test_connections_are_used_evenly(make):
    pool = make(3, 3)
    until(lambda: len(sessions_of(pool)) == 3)
    used = []
    for _ in range(9):
        with pool.connection() as connection:
            used.append(pid_of(connection))
    assert {used.count(pid) for pid in used} == {3}


def sessions_of(pool):
    if isinstance(pool, ConnectionPool):
        return pool._idle
    return pool._pool


def test_an_old_connection_is_replaced_when_it_returns(make):
    pool = make(max_lifetime=0.2)
    connection = pool.getconn()
    pid = pid_of(connection)
    time.sleep(0.3)
    pool.putconn(connection)
    with pool.connection() as other:
        assert pid_of(other) != pid


def test_a_drained_pool_replaces_what_is_idle_and_what_returns(make):
    pool = make(2, 2)
    until(lambda: len(sessions_of(pool)) == 2)
    held = pool.getconn()
    before = {pid_of(held)}
    pool.drain()
    pool.putconn(held)
    assert held.closed
    for _ in range(4):
        with pool.connection() as connection:
            assert pid_of(connection) not in before


def test_a_spike_is_served_by_no_more_than_the_maximum(make):
    pool, pids = make(1, 4), []

    def work(_):
        with pool.connection() as connection:
            pids.append(pid_of(connection))
            connection.execute("SELECT pg_sleep(0.005)")

    for thread in in_threads(24, work):
        thread.join(60)
    assert len(pids) == 24
    assert len(set(pids)) <= 4


def queue_pool(server, **words):
    return QueuePool(
        lambda: psycopg.connect(server.conninfo),
        max_overflow=0,
        dialect=PGDialect_psycopg(dbapi=psycopg),
        **words,
    )


def test_both_time_out_as_queue_pool_does(server, admin):
    queue = queue_pool(server, pool_size=1, timeout=0.1)
    held = queue.connect()
    with pytest.raises(QueueTimeout):
        queue.connect()
    held.close()
    queue.dispose()
    with ours(server, timeout=0.1) as pool, pool.connection(), pytest.raises(PoolTimeoutError):
        pool.getconn()


@pytest.mark.parametrize("lifo", [True, False])
def test_idle_connections_are_chosen_as_in_queue_pool(lifo, server, admin):
    queue = queue_pool(server, pool_size=3, use_lifo=lifo)
    held = [queue.connect() for _ in range(3)]
    order = [pid_of(one) for one in held]
    for one in held:
        one.close()
    expected = []
    for _ in range(3):
        one = queue.connect()
        expected.append(order.index(pid_of(one)))
        one.close()
    queue.dispose()
    with ours(server, 0, 3, order="lifo" if lifo else "fifo") as pool:
        held = [pool.getconn() for _ in range(3)]
        order = [pid_of(one) for one in held]
        for one in held:
            pool.putconn(one)
        found = []
        for _ in range(3):
            with pool.connection() as one:
                found.append(order.index(pid_of(one)))
    assert found == expected


def test_a_discard_is_an_invalidate(server, admin):
    queue = queue_pool(server, pool_size=1)
    one = queue.connect()
    pid = pid_of(one)
    one.invalidate()
    one = queue.connect()
    assert pid_of(one) != pid
    one.close()
    queue.dispose()
    with ours(server, 0) as pool:
        connection = pool.getconn()
        pid = pid_of(connection)
        pool.discard(connection)
        with pool.connection() as other:
            assert pid_of(other) != pid
