"""The connection pool.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.connection_pool._connection_pool import ConnectionPool
    from perflab.patterns.connection_pool._parts import (
        Leak,
        PoolClosedError,
        PoolError,
        PoolTimeoutError,
        TooManyWaitingError,
    )
    from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

__all__ = [
    "ConnectionPool",
    "ConnectionPoolSettings",
    "Leak",
    "PoolClosedError",
    "PoolError",
    "PoolTimeoutError",
    "TooManyWaitingError",
]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "ConnectionPool": "perflab.patterns.connection_pool._connection_pool",
        "ConnectionPoolSettings": "perflab.patterns.connection_pool.settings",
        "Leak": "perflab.patterns.connection_pool._parts",
        "PoolClosedError": "perflab.patterns.connection_pool._parts",
        "PoolError": "perflab.patterns.connection_pool._parts",
        "PoolTimeoutError": "perflab.patterns.connection_pool._parts",
        "TooManyWaitingError": "perflab.patterns.connection_pool._parts",
    },
)
