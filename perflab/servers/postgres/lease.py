"""A run's own connection to a PostgreSQL, and the lease on its name that it holds there.

The lease is an advisory lock of the session: the server lets go of it when the connection ends,
however that came. Its number is made of the run's name alone (the first eight bytes of BLAKE2b
over it), so that everybody who knows the name can ask whether the run is alive.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator

import psycopg

from perflab.errors import BadInputError
from perflab.servers.postgres.answers import AnsweredConnection
from perflab.servers.postgres.words import shown_conninfo

VISITOR = "perflab"
CONNECT_SECONDS = 10
_LOOKS = 3
POOLED = (
    "is a pooler that lends a connection for one transaction; a run keeps one connection to itself "
    "for its lease, so name the server's own address, or a pool in session mode"
)
_SETTINGS = {
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "lock_timeout": "5s",
    "default_transaction_isolation": "read committed",
    "search_path": "pg_catalog",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_SET = (
    "SELECT pg_catalog.set_config(name, %s::json ->> name, false) "
    "FROM pg_catalog.pg_settings WHERE name = ANY (%s)"
)
_HELD = (
    "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted "
    "AND objsubid = 1 AND classid::bigint = %s AND objid::bigint = %s "
    "AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
)


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Turn what comes of an answer that no PostgreSQL gives into an error of the database.

    Raises:
        psycopg.DataError: If there was one; its text says nothing of what was answered.
    """
    try:
        yield
    except BadInputError:
        raise
    except (ValueError, TypeError, LookupError):
        raise psycopg.DataError from None


def connect(conninfo: str, name: str = VISITOR) -> psycopg.Connection:
    """Return a connection for perflab's own statements, which no setting of the user's disturbs.

    Args:
        conninfo: The server's address.
        name: What the server shows of it as ``application_name``.

    Raises:
        BadInputError: If a pooler is at the address that lends a connection for a transaction.
        psycopg.Error: If it cannot be made, or the server does not answer on it.
    """
    connection = AnsweredConnection.connect(
        conninfo,
        autocommit=True,
        application_name=name,
        client_encoding="UTF8",
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=CONNECT_SECONDS * 1000,
        prepare_threshold=None,
    )
    try:
        # Before anything is set: it would be set for whoever is lent the connection next.
        _require_session(connection, conninfo)
        # Alone and first: a short timeout of the user's may be over before all of them are set.
        connection.execute("SET statement_timeout = 0")
        connection.execute(_SET, (json.dumps(_SETTINGS), list(_SETTINGS)))
    except BaseException:
        connection.close()
        raise
    return connection


def _require_session(connection: psycopg.Connection, conninfo: str) -> None:
    """Refuse a pooler that lends a connection for one transaction only.

    A pooler names processes of its own making when one connects to it. Whether it lends by
    session or by transaction shows when another connection holds a transaction open.
    """
    mine = backend_of(connection)
    if mine == connection.info.backend_pid:
        return
    for _ in range(_LOOKS):
        with AnsweredConnection.connect(conninfo, connect_timeout=CONNECT_SECONDS) as other:
            if backend_of(other) == mine or backend_of(connection) != mine:
                raise BadInputError(POOLED, shown_conninfo(conninfo))


def backend_of(connection: psycopg.Connection) -> int:
    """Return the number of the server's process that answers."""
    found = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    return int(found[0]) if found else 0


def lock_key(run_name: str) -> int:
    """Return the number of a run's advisory lock, a signed integer of 64 bits."""
    return int.from_bytes(
        hashlib.blake2b(run_name.encode(), digest_size=8).digest(), "big", signed=True
    )


def take_lease(connection: psycopg.Connection, run_name: str) -> bool:
    """Take a run's lease for a connection; return whether nobody else holds it."""
    found = connection.execute(
        "SELECT pg_catalog.pg_try_advisory_lock(%s)", (lock_key(run_name),)
    ).fetchone()
    return found is not None and bool(found[0])


def is_leased(connection: psycopg.Connection, run_name: str) -> bool:
    """Say whether anybody holds a run's lease, without taking it."""
    high, low = divmod(lock_key(run_name) % 2**64, 2**32)
    found = connection.execute(_HELD, (high, low)).fetchone()
    return found is not None and bool(found[0])


def end_sessions(connection: psycopg.Connection, run_name: str) -> None:
    """End what still goes on in other connections of a run, which bear its name."""
    connection.execute(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
        "WHERE application_name = %s AND usename = session_user AND pid <> pg_backend_pid()",
        (run_name,),
    )
