"""Settings of the connection pool."""

from __future__ import annotations

from perflab.settings.base import Settings, setting

POOL_DRIVERS = ("perflab", "psycopg_pool", "sqlalchemy")
QUERIES = ("point", "aggregate", "write", "mixed")
ORDERS = ("lifo", "fifo")
TRANSACTIONS = ("commit", "rollback", "leave")


class ConnectionPoolSettings(Settings):
    """Number of connections, wait for one, their age, and the state in which they return."""

    min_connections: int = setting(
        2,
        "Minimum number of connections kept open, idle or not.",
        low=0,
        high=10_000,
        span=(0, 64),
    )
    max_connections: int = setting(
        10,
        "Maximum number of open connections.",
        low=1,
        high=10_000,
        span=(1, 128),
        scale="log",
    )
    timeout: float = setting(
        5.0,
        "Maximum wait for a connection; after it the caller gets a timeout error.",
        unit="seconds",
        low=0.001,
        high=3600.0,
        span=(0.01, 60.0),
        scale="log",
    )
    max_lifetime: float | None = setting(
        3600.0,
        "Maximum age of a connection before it is replaced (minus up to 10 % jitter); none = no "
        "limit.",
        unit="seconds",
        low=0.01,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    max_idle: float | None = setting(
        600.0,
        "Maximum idle time of a connection beyond the minimum; none = no limit.",
        unit="seconds",
        low=0.01,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    check: bool = setting(True, "Check that a connection is alive before handing it out.")
    order: str = setting(
        "lifo",
        "Which idle connection to hand out: lifo, the last one returned (the others can age out); "
        "fifo, the one unused for longest (all are used evenly).",
        choices=ORDERS,
    )
    max_waiting: int | None = setting(
        None,
        "Maximum number of callers waiting for a connection; further ones are refused at once; "
        "none = no limit.",
        unit="callers",
        low=0,
        high=1_000_000,
        span=(0, 1000),
    )
    transactions: str = setting(
        "commit",
        "How a transaction still open at the end of a block ends: commit (rollback after an "
        "error), rollback, or leave it open. Runs use autocommit, so it does not affect them.",
        choices=TRANSACTIONS,
    )
    driver: str = setting("perflab", "Pool implementation to run.", choices=POOL_DRIVERS)
    query: str = setting(
        "point",
        "Query per checkout: point, aggregate, write, mixed, or an SQL statement.",
    )
