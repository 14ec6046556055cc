"""What one run is on a PostgreSQL: a connection of its own, a lease, and a schema."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.servers.postgres.flights_tables import TABLES
from perflab.servers.postgres.lease import (
    CONNECT_SECONDS,
    POOLED,
    VISITOR,
    backend_of,
    connect,
    end_sessions,
    take_lease,
    understood,
)
from perflab.servers.postgres.room import Room, ask_room, largest_pool, require_room
from perflab.servers.postgres.run_schema import is_ours, make_schema, remove_schema
from perflab.servers.postgres.words import explain, shown_conninfo

if TYPE_CHECKING:
    from perflab.servers.postgres.server import PostgresServer

OWN_CONNECTIONS = 1
_PATIENCE = 5.0


class PostgresRun:
    """A run on a server, ours or the user's.

    Attributes:
        conninfo: The address for the run's connections, which bear its name on the server.
        name: The run's name.

    Args:
        server: The server.
        name: The run's name.
        connections: How many connections its pool may open.

    Raises:
        BadInputError: If they do not fit beside those of others, or the address is that of a
            pooler which lends a connection for a transaction only.
    """

    def __init__(self, server: PostgresServer, name: str, connections: int) -> None:
        self.name = name
        self._server = server
        self._made = False
        self._lock = threading.Lock()
        try:
            with understood():
                self._control = connect(server.own_conninfo, name)
                self.conninfo = _pinned(server.own_conninfo, self._control, name)
                room = ask_room(self._control, name)
        except psycopg.Error as error:
            raise self._refused(error) from None
        self._backend = room.backend
        try:
            require_room(room, connections, OWN_CONNECTIONS)
        except BadInputError:
            self._control.close()
            raise

    def make_tables(self, tables: Collection[str] = TABLES) -> list[str]:
        """Take the lease and make the schema with tables; return the planes' tail numbers.

        Raises:
            BadInputError: If the server does not allow it; it names the right to grant.
        """
        try:
            with understood():
                if not take_lease(self._control, self.name):
                    raise BadInputError("is the name of a run that is alive", self.name)
                self._made = True
                return make_schema(self._control, self.name, tables)
        except psycopg.Error as error:
            raise self._refused(error) from None

    def require(self, connections: int) -> None:
        """Refuse another size of the pool that does not fit.

        Raises:
            BadInputError: With the numbers and what to do.
        """
        with contextlib.suppress(psycopg.Error):
            require_room(self.look(), connections, OWN_CONNECTIONS)

    def look(self) -> Room:
        """Ask for the room that there is now.

        Raises:
            BadInputError: If the run's own connection is not the one it was.
            psycopg.Error: If the server is down.
        """
        with self._lock:
            room = ask_room(self._control, self.name)
        if room.backend != self._backend:
            raise BadInputError(POOLED, shown_conninfo(self._server.conninfo))
        return room

    def renew(self) -> bool:
        """Reconnect after the connection was lost; return whether the lease is still the run's.

        Raises:
            psycopg.Error: If the server is down.
        """
        with self._lock, understood():
            self._control.close()
            self._control = connect(self.conninfo, self.name)
            self._backend = ask_room(self._control, self.name).backend
            if not self._made:
                return True
            return take_lease(self._control, self.name) and is_ours(self._control, self.name)

    def close(self) -> None:
        """Remove what the run made on a server that stays, and let go of the lease.

        Raises:
            BadInputError: If something could not be removed.
        """
        try:
            with understood():
                if self._made and not self._server.ours and self._leased():
                    end_sessions(self._control, self.name)
                    remove_schema(self._control, self.name)
                    self._made = False
        except psycopg.Error as error:
            raise self._refused(error) from None
        finally:
            self._control.close()

    def _leased(self) -> bool:
        """Say whether the lease is the run's, for which it connects anew where it must."""
        with contextlib.suppress(psycopg.Error):
            if backend_of(self._control) == self._backend:
                return True
        return self.renew()

    def _refused(self, error: psycopg.Error) -> BadInputError:
        return refusal(error, self._server.conninfo)


def most_connections(conninfo: str) -> int:
    """Return how many connections a run's pool may open on a server; it may be below 1.

    Raises:
        BadInputError: If the server is down, or a pooler is in between.
    """
    try:
        with understood(), connect(conninfo) as connection:
            return largest_pool(ask_room(connection, VISITOR), OWN_CONNECTIONS)
    except psycopg.Error as error:
        raise refusal(error, conninfo) from None


def remove_run(conninfo: str, name: str) -> None:
    """Remove what a run has left whose process is over; wait until the server has noticed that.

    Raises:
        BadInputError: If the run is alive, the server is down, or something could not be removed.
    """
    try:
        with understood(), connect(conninfo) as connection:
            until = time.monotonic() + _PATIENCE
            while not take_lease(connection, name):
                if time.monotonic() > until:
                    raise BadInputError("is alive: another connection holds its lease", name)
                time.sleep(0.05)
            end_sessions(connection, name)
            remove_schema(connection, name)
    except psycopg.Error as error:
        raise refusal(error, conninfo) from None


def refusal(error: psycopg.Error, conninfo: str) -> BadInputError:
    """Return in words why a server does not let a run do what it needs."""
    shown = shown_conninfo(conninfo)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        given = _given(conninfo)
        return BadInputError(
            f"does not let the run create its schema; its owner can grant that: {given}", shown
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return BadInputError(
            "accepts no writes: it is a standby, or default_transaction_read_only is on; name the "
            "primary, or set query to a SELECT of your own",
            shown,
        )
    if isinstance(error, psycopg.errors.DiskFull):
        return BadInputError(
            "has no free space on its disk; nothing of the run is left there", shown
        )
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return BadInputError("answers, but not as a PostgreSQL does; is the port right?", shown)
    if error.sqlstate is None:
        return BadInputError(explain(error), shown)
    state = f"{type(error).__name__}, SQLSTATE {foreign_text(error.sqlstate)}"
    return BadInputError(
        f"does not let the run create its tables ({state}); the server's log says why",
        shown,
    )


def _given(conninfo: str) -> str:
    found: dict[str, object] = {}
    with contextlib.suppress(psycopg.Error), understood(), connect(conninfo) as connection:
        asked = connection.execute(
            "SELECT pg_catalog.quote_ident(current_database()) AS base, "
            "pg_catalog.quote_ident(current_user) AS role"
        ).fetchone()
        if asked is not None:
            found = {"base": foreign_text(asked[0]), "role": foreign_text(asked[1])}
    return f"GRANT CREATE ON DATABASE {found.get('base', '...')} TO {found.get('role', '...')};"


def _pinned(conninfo: str, connection: psycopg.Connection, name: str) -> str:
    """Return the address of the one server that a connection has reached, out of several."""
    said = conninfo_to_dict(conninfo, application_name=name)
    if "PGCONNECT_TIMEOUT" not in os.environ:
        said.setdefault("connect_timeout", str(CONNECT_SECONDS))
    if "," in f"{said.get('host', '')}{said.get('hostaddr', '')}":
        info = connection.info
        said |= {"host": info.host, "port": info.port}
        if said.get("hostaddr"):
            said["hostaddr"] = info.hostaddr
    return make_conninfo("", **said)
