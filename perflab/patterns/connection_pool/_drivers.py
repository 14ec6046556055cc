"""Pools of other packages behind the few calls of ours, with the same settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.patterns.connection_pool._connection_pool import (
    ConnectionPool,
    PoolTimeoutError,
    TooManyWaitingError,
)
from perflab.patterns.connection_pool._state import Connection
from perflab.patterns.connection_pool.settings import POOL_DRIVERS, ConnectionPoolSettings

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

_NEVER = 100 * 365 * 86_400.0
"""What stands for no limit in psycopg_pool, which has no word for it: a century."""


class Pool(Protocol):
    """What the bench needs of any pool."""

    def getconn(self) -> Connection:
        """Return a connection; `PoolTimeoutError` where none is free in time."""

    def putconn(self, connection: Connection) -> None:
        """Give a connection back."""

    def apply(self, settings: ConnectionPoolSettings) -> None:
        """Change the limits while it is used."""

    def stats(self) -> dict[str, float]:
        """Return flat statistics, by the names that `ConnectionPool.stats` uses."""

    def close(self) -> None:
        """Close it."""


@naming_extra("lab")
def open_pool(
    driver: str,
    connect: Callable[[], Connection],
    settings: ConnectionPoolSettings,
    conninfo: str = "",
) -> Pool:
    """Return a pool of PostgreSQL connections.

    Args:
        driver: ``perflab``, ``psycopg_pool`` or ``sqlalchemy``.
        connect: Returns a new psycopg connection in autocommit mode.
        settings: Bounds and timeouts.
        conninfo: Where psycopg_pool connects to; it makes its connections itself.

    Raises:
        BadInputError: If there is no such driver.
    """
    if driver == "perflab":
        return ConnectionPool(connect, settings, check=lambda connection: connection.execute(""))
    if driver == "psycopg_pool":
        return PsycopgPool(conninfo, settings)
    if driver == "sqlalchemy":
        return SqlalchemyPool(connect, settings)
    raise BadInputError(f"unknown pool {driver!r}; known: {', '.join(POOL_DRIVERS)}", "driver")


class PsycopgPool:
    """`psycopg_pool.ConnectionPool`; its own resize changes the limits.

    It hands out the connection unused for longest, whatever ``order`` is, and a ``max_waiting`` of
    0 is no limit there.
    """

    def __init__(self, conninfo: str, settings: ConnectionPoolSettings) -> None:
        import psycopg_pool

        self._timeout_error = psycopg_pool.PoolTimeout
        self._refusal = psycopg_pool.TooManyRequests
        self._ask: Callable[[Connection], None] = psycopg_pool.ConnectionPool.check_connection
        self._checking = settings.check
        self._pool = psycopg_pool.ConnectionPool(
            conninfo,
            kwargs={"autocommit": True},
            min_size=min(settings.min_connections, settings.max_connections),
            max_size=settings.max_connections,
            timeout=settings.timeout,
            max_waiting=settings.max_waiting or 0,
            max_lifetime=settings.max_lifetime or _NEVER,
            max_idle=settings.max_idle or _NEVER,
            check=self._check,
            open=True,
        )

    def getconn(self) -> Connection:
        """Return a connection."""
        try:
            return self._pool.getconn()
        except self._refusal as error:
            raise TooManyWaitingError(str(error)) from error
        except self._timeout_error as error:
            raise PoolTimeoutError(str(error)) from error

    def putconn(self, connection: Connection) -> None:
        """Give a connection back."""
        self._pool.putconn(connection)

    def apply(self, settings: ConnectionPoolSettings) -> None:
        """Resize the pool and set its limits."""
        most = settings.max_connections
        self._pool.resize(min(settings.min_connections, most), most)
        self._pool.timeout = settings.timeout
        self._pool.max_waiting = settings.max_waiting or 0
        self._pool.max_lifetime = settings.max_lifetime or _NEVER
        self._pool.max_idle = settings.max_idle or _NEVER
        self._checking = settings.check

    def stats(self) -> dict[str, float]:
        """Return its statistics by our names."""
        found = self._pool.get_stats()
        size, idle = found.get("pool_size", 0), found.get("pool_available", 0)
        return {
            "requests": found.get("requests_num", 0),
            "requests_waiting": found.get("requests_waiting", 0),
            "waits": found.get("requests_queued", 0),
            "wait_seconds_total": found.get("requests_wait_ms", 0) / 1000,
            "timeouts": found.get("requests_errors", 0),
            "connections_open": size,
            "connections_idle": idle,
            "connections_in_use": size - idle,
            "connects": found.get("connections_num", 0),
            "connect_errors": found.get("connections_errors", 0),
            "connect_seconds_total": found.get("connections_ms", 0) / 1000,
            "connections_lost": found.get("connections_lost", 0),
            "usage_seconds_total": found.get("usage_ms", 0) / 1000,
        }

    def close(self) -> None:
        """Close it."""
        self._pool.close()

    def _check(self, connection: Connection) -> None:
        # A function of ours, since psycopg_pool takes one at its start only.
        if self._checking:
            self._ask(connection)


class SqlalchemyPool:
    """SQLAlchemy's `QueuePool` on its own.

    It cannot be resized: other limits make a new pool, and what is checked out of the old one is
    closed when it comes back, so that for a moment more connections may be open than the maximum.
    It opens none ahead and closes none that is idle: ``min_connections`` and ``max_idle`` have no
    effect, nor has ``max_waiting``; ``pool_size`` is ``max_connections``, as connections of its
    overflow live for one use.
    """

    def __init__(self, connect: Callable[[], Connection], settings: ConnectionPoolSettings) -> None:
        from sqlalchemy.exc import TimeoutError as PoolTimeout

        self._timeout_error = PoolTimeout
        self._connect = connect
        self._connects = self._timeouts = 0
        self._pool = self._make(settings)

    def getconn(self) -> PoolProxiedConnection:
        """Return a connection; it passes on all that a psycopg connection does."""
        try:
            return self._pool.connect()
        except self._timeout_error as error:
            self._timeouts += 1
            raise PoolTimeoutError(str(error)) from error

    def putconn(self, connection: PoolProxiedConnection) -> None:
        """Give a connection back; one that is broken is closed."""
        real = connection.dbapi_connection
        if real is not None and real.closed:
            connection.invalidate()
        connection.close()

    def apply(self, settings: ConnectionPoolSettings) -> None:
        """Put another pool in its place; who waits at the old one is still served there."""
        from sqlalchemy import event

        old, self._pool = self._pool, self._make(settings)
        event.listen(old, "checkin", _end)
        old.dispose()

    def stats(self) -> dict[str, float]:
        """Return what it tells of itself, by our names."""
        idle, used = self._pool.checkedin(), self._pool.checkedout()
        return {
            "connections_open": idle + used,
            "connections_idle": idle,
            "connections_in_use": used,
            "connects": self._connects,
            "timeouts": self._timeouts,
        }

    def close(self) -> None:
        """Close it."""
        self._pool.dispose()

    def _make(self, settings: ConnectionPoolSettings) -> QueuePool:
        import psycopg
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
        from sqlalchemy.pool import QueuePool

        return QueuePool(
            self._creator,
            pool_size=settings.max_connections,
            max_overflow=0,
            timeout=settings.timeout,
            recycle=-1 if settings.max_lifetime is None else max(1, round(settings.max_lifetime)),
            use_lifo=settings.order == "lifo",
            reset_on_return=None,
            pre_ping=settings.check,
            dialect=PGDialect_psycopg(dbapi=psycopg),  # type: ignore[no-untyped-call]
        )

    def _creator(self) -> Connection:
        self._connects += 1
        return self._connect()


def _end(connection: object, record: ConnectionPoolEntry) -> None:
    """Close a connection that comes back to a pool which another has replaced."""
    if connection is not None:
        record.invalidate()
