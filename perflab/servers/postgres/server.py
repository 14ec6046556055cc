"""A real PostgreSQL: one that perflab starts and ends, or the user's own."""

from __future__ import annotations

import os
import signal
from typing import Self

import psycopg

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.servers.consent import contact
from perflab.servers.postgres.address import PostgresAddress
from perflab.servers.postgres.program import PostgresProgram
from perflab.servers.postgres.programs import find_programs
from perflab.servers.postgres.words import ASK_SECONDS, VARIABLE, explain, shown_conninfo

_LONGEST_VERSION = 40


class PostgresServer:
    """A server and, where it is ours, its processes.

    Attributes:
        conninfo: What ``psycopg.connect`` and other clients take; it may hold a password.
        own_conninfo: The same for connections of perflab's own: where the server is ours, no
            variable of libpq's leads them elsewhere.
        version: Such as ``PostgreSQL 18.1``.
        source: The variable that named it, or how the programs that perflab started were found.
        ours: Whether perflab started it; only then is it restarted or are connections killed.
    """

    def __init__(self, conninfo: str, source: str, own_conninfo: str | None = None) -> None:
        self.conninfo = conninfo
        self.own_conninfo = own_conninfo or conninfo
        self.source = source
        self.ours = False
        self.version = _ask_version(self.own_conninfo, source)

    @classmethod
    def start(cls) -> PostgresServer:
        """Start a server of our own on a unix socket, with a data folder of its own.

        Commits are durable, as by default. It ends with this process, even when that is killed.

        Raises:
            BadInputError: If it does not come up.
        """
        return _OwnPostgres()

    @property
    def pid(self) -> int | None:
        """The number of the server's first process, where it is ours."""
        return None

    def kill_connections(self) -> int:
        """End all other connections on the server's side; return how many there were."""
        raise self._not_ours()

    def restart(self) -> None:
        """Stop it at once and start it again; what was committed is still there."""
        raise self._not_ours()

    def close(self) -> None:
        """End it, where it is ours."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _not_ours(self) -> BadInputError:
        shown = shown_conninfo(self.conninfo)
        return BadInputError("is not perflab's server, so it is left alone", shown)


class _OwnPostgres(PostgresServer):
    def __init__(self) -> None:
        program = self._program = PostgresProgram()
        try:
            super().__init__(program.conninfo, program.source, program.own_conninfo)
        except BaseException:
            self._program.close()
            raise
        self.ours = True

    @property
    def pid(self) -> int | None:
        return self._program.pid

    def kill_connections(self) -> int:
        with psycopg.connect(self.own_conninfo, autocommit=True) as connection:
            found = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchone()
        return 0 if found is None else int(found[0])

    def restart(self) -> None:
        self._program.stop(signal.SIGINT)
        self._program.start()

    def close(self) -> None:
        self._program.close()


def server_program() -> tuple[str, str]:
    """Return the program of the server that perflab would start, and how it was found.

    Raises:
        BadInputError: If there is none for this machine.
    """
    programs = find_programs()
    return str(programs.folder / "postgres"), programs.source


def find_postgres() -> PostgresServer:
    """Return the server that ``PERFLAB_POSTGRES_URL`` names, or one of our own.

    Raises:
        BadInputError: If it cannot be reached, refuses us, or is no PostgreSQL.
    """
    conninfo = named_postgres()
    return PostgresServer.start() if conninfo is None else PostgresServer(conninfo, VARIABLE)


def named_postgres() -> str | None:
    """Return the address of the server that ``PERFLAB_POSTGRES_URL`` names, for a connection.

    Raises:
        BadInputError: If it is not valid, or not that of a server that was agreed to.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return None
    address = PostgresAddress.of(url)
    contact(address.text)
    return address.pin(url)


def _ask_version(conninfo: str, source: str) -> str:
    """Return the version of the server at an address."""
    shown = shown_conninfo(conninfo)
    try:
        # It is told while connecting, for which there is a timeout; a query would have none.
        with psycopg.connect(conninfo, connect_timeout=ASK_SECONDS) as connection:
            version = connection.info.parameter_status("server_version")
    except psycopg.ProgrammingError:
        # Its text may hold the password.
        raise BadInputError(
            "is not an address of a PostgreSQL server; write "
            "postgresql://user:PASSWORD@host:5432/database",
            shown,
        ) from None
    except (psycopg.Error, ValueError) as error:
        raise BadInputError(explain(error, source), shown) from None
    words = (version or "").split()
    return f"PostgreSQL {foreign_text(words[0], _LONGEST_VERSION)}" if words else "PostgreSQL"
