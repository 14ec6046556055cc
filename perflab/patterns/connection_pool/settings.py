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
        "How many connections are kept open though nobody uses them.",
        low=0,
        high=10_000,
        span=(0, 64),
    )
    max_connections: int = setting(
        10,
        "The most connections that are open at the same time.",
        low=1,
        high=10_000,
        span=(1, 128),
        scale="log",
    )
    timeout: float = setting(
        5.0,
        "How long a caller waits for a connection before it is told that there is none.",
        unit="seconds",
        low=0.001,
        high=3600.0,
        span=(0.01, 60.0),
        scale="log",
    )
    max_lifetime: float | None = setting(
        3600.0,
        "How old a connection gets before another takes its place, up to a tenth less at random; "
        "none for as old as it may.",
        unit="seconds",
        low=0.01,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    max_idle: float | None = setting(
        600.0,
        "How long a connection beyond the minimum stays open unused; none for ever.",
        unit="seconds",
        low=0.01,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    check: bool = setting(True, "Ask a connection whether it is alive before it is handed out.")
    order: str = setting(
        "lifo",
        "Which idle connection to hand out: lifo, the last one returned (the others can age out); "
        "fifo, the one unused for longest (all are used evenly).",
        choices=ORDERS,
    )
    max_waiting: int | None = setting(
        None,
        "Callers that may queue for a connection in use; the next one is refused at once; "
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
    driver: str = setting("perflab", "Which pool is run with these settings.", choices=POOL_DRIVERS)
    query: str = setting(
        "point",
        "What a caller asks the database: point, aggregate, write, mixed, or a statement in SQL.",
    )
