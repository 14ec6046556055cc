"""How many connections are free on a PostgreSQL, and whether a run fits beside the others."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import psycopg

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.servers.postgres.lease import understood

LEAST_FREE = 3
_SHARE_FREE = 0.1
_ASK = """
WITH others AS (
    SELECT usename, datname FROM pg_catalog.pg_stat_activity
    WHERE usesysid IS NOT NULL AND datid IS NOT NULL
    AND coalesce(backend_type, 'client backend') = 'client backend'
    AND application_name IS DISTINCT FROM %s AND pid <> pg_backend_pid()
)
SELECT
    current_setting('max_connections')::int,
    current_setting('superuser_reserved_connections')::int
        + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int,
    (SELECT count(*) FROM others),
    session_user::text,
    r.rolconnlimit,
    (SELECT count(*) FROM others WHERE usename = session_user),
    d.datname::text,
    d.datconnlimit,
    (SELECT count(*) FROM others WHERE datname = d.datname),
    pg_backend_pid()
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
WHERE r.rolname = session_user AND d.datname = current_database()
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """One of the bounds on connections.

    Attributes:
        where: What it bounds, in words.
        allowed: How many connections there may be, without those that are reserved.
        used: How many of them others have.
        note: What else to know of it, in brackets.
    """

    where: str
    allowed: int
    used: int
    note: str = ""

    @property
    def free(self) -> int:
        """How many are left for all of a run's connections."""
        return self.allowed - self.used


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What is free on a server for the connections of one run, its own ones not counted.

    Attributes:
        limits: The server's bound, and those of the role and of the database where they have one.
        backend: The number of the server's process that answered.
    """

    limits: tuple[Limit, ...]
    backend: int

    @property
    def tightest(self) -> Limit:
        """The bound that leaves least."""
        return min(self.limits, key=lambda limit: limit.free)

    def left_beside(self, connections: int) -> int:
        """Return how many stay free for others when a run has all of its connections."""
        return self.tightest.free - connections


def ask_room(connection: psycopg.Connection, run_name: str) -> Room:
    """Ask a server for its room.

    Args:
        connection: The run's own connection.
        run_name: The name that the run's connections bear; they are not counted.

    Raises:
        psycopg.Error: If the server is down, or answers as no PostgreSQL does.
    """
    with understood():
        return _room(connection.execute(_ASK, (run_name,)).fetchone())


def _room(found: Any) -> Room:
    most, reserved, used, role, role_most, role_used, base, base_most, base_used, backend = found
    counts = map(int, (most, reserved, used, role_most, role_used, base_most, base_used, backend))
    most, reserved, used, role_most, role_used, base_most, base_used, backend = counts
    limits = [Limit("the server", most - reserved, used, f" ({reserved} more are reserved)")]
    if role_most >= 0:
        limits.append(Limit(f"the role {foreign_text(role)}", role_most, role_used))
    if base_most >= 0:
        limits.append(Limit(f"the database {foreign_text(base)}", base_most, base_used))
    return Room(tuple(limits), backend)


def largest_pool(room: Room, own: int) -> int:
    """Return how many connections fit beside those of others; it may be below 1.

    Args:
        room: What is free.
        own: How many the run has besides.
    """
    return room.tightest.free - _kept_free(room) - own


def _kept_free(room: Room) -> int:
    return max(LEAST_FREE, math.ceil(_SHARE_FREE * room.tightest.free))


def require_room(room: Room, connections: int, own: int) -> None:
    """Refuse a pool that does not fit beside the connections that others have.

    Args:
        room: What is free.
        connections: How many the pool may open.
        own: How many the run has besides.

    Raises:
        BadInputError: With the numbers and what to do.
    """
    limit, kept, most = room.tightest, _kept_free(room), largest_pool(room, own)
    if connections <= most:
        return
    todo = f"set it to at most {most}" if most > 0 else "close some, or use another server"
    raise BadInputError(
        f"{connections} connections plus {own} for the run itself do not fit: {limit.where} allows "
        f"{limit.allowed}{limit.note}, {limit.used} are in use, and {kept} must stay free for "
        f"others; {todo}",
        "max_connections",
    )
