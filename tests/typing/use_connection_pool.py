"""What type checkers make of `ConnectionPool`; checked and never run."""

from __future__ import annotations

import sqlite3
from typing import assert_type

from perflab.patterns.connection_pool import (
    ConnectionPool,
    ConnectionPoolSettings,
    Leak,
    PoolClosedError,
    PoolError,
    PoolTimeoutError,
    TooManyWaitingError,
)


def connect() -> sqlite3.Connection:
    return sqlite3.connect("shop.db", check_same_thread=False)


pool = ConnectionPool(connect, ConnectionPoolSettings(max_connections=5))
other = ConnectionPool(
    connect, check=lambda connection: connection.execute("select 1"), order="fifo"
)


def checkouts() -> None:
    assert_type(pool, ConnectionPool[sqlite3.Connection])
    with pool.connection(timeout=1) as connection:
        assert_type(connection, sqlite3.Connection)
    taken = pool.getconn()
    assert_type(taken, sqlite3.Connection)
    pool.putconn(taken)
    pool.discard(taken)


def upkeep() -> None:
    assert_type(pool.settings, ConnectionPoolSettings)
    assert_type(pool.check(), int)
    assert_type(pool.leaks(), list[Leak])
    assert_type(pool.stats(), dict[str, float])
    pool.apply(ConnectionPoolSettings())
    pool.drain()
    pool.close()
    with ConnectionPool(connect) as inner:
        assert_type(inner, ConnectionPool[sqlite3.Connection])


def errors(error: PoolTimeoutError | PoolClosedError | TooManyWaitingError) -> PoolError:
    return error


def wrong() -> None:
    pool.putconn("connection")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ConnectionPool("url")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pool.apply(max_connections=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
