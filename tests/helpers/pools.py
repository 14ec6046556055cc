"""What tests of the connection pool share: settings, waiting, and what a server sees."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from perflab.patterns.connection_pool.settings import ConnectionPoolSettings


def settings(**values: object) -> ConnectionPoolSettings:
    return ConnectionPoolSettings.read(
        {"min_connections": 0, "max_connections": 1, "timeout": 30, **values}
    )


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.005)


def sessions(admin: psycopg.Connection) -> list[str]:
    """Return the states of all other clients of the server."""
    rows = admin.execute(
        "SELECT state FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    return [state for (state,) in rows]
