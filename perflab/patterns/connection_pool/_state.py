"""What state a connection is in: idle, in a transaction, busy, closed; and how to leave it."""

from __future__ import annotations

import enum
import sys
import threading
from collections.abc import Callable
from typing import Any


class State(enum.IntEnum):
    """The state of a connection. `IDLE` is 0, as in libpq."""

    IDLE = 0
    BUSY = 1
    OPEN = 2
    FAILED = 3
    CLOSED = 4
    UNKNOWN = 5


Connection = Any
"""A connection of any driver, known by what it can do."""
Reader = Callable[[Connection], int]
"""Returns the `State` of a connection; called on every return, so it never asks the server."""


def reader_for(connection: object) -> Reader:
    """Return the quickest function that knows the state of such a connection.

    psycopg, psycopg2, sqlite3 and drivers with an ``in_transaction`` know it themselves. Of others
    only "closed" is known, and the transaction, where they have ``commit`` and ``rollback``, is
    `State.UNKNOWN`.
    """
    if hasattr(getattr(connection, "pgconn", None), "transaction_status"):
        return _of_libpq
    if callable(getattr(connection, "get_transaction_status", None)):
        return _of_psycopg2
    if not ends_transactions(connection):
        return _without_transactions
    found = getattr(connection, "in_transaction", None)
    if isinstance(found, bool):
        return _of_attribute
    return _of_method if callable(found) else _of_others


def is_bound_to_thread(connection: object) -> bool:
    """Say whether a connection works only in the thread that made it, which is this one."""
    sqlite3 = sys.modules.get("sqlite3")
    if sqlite3 is None or not isinstance(connection, sqlite3.Connection):
        return False
    refused: list[BaseException] = []

    def use() -> None:
        try:
            connection.cursor().close()
        except sqlite3.ProgrammingError as error:
            refused.append(error)

    other = threading.Thread(target=use, name="perflab-pool-probe", daemon=True)
    other.start()
    other.join()
    return bool(refused)


def knows_libpq(reader: Reader) -> bool:
    """Say whether a reader is for psycopg or psycopg2, whose ``autocommit`` is set at no cost."""
    return reader in (_of_libpq, _of_psycopg2)


def ends_transactions(connection: object) -> bool:
    """Say whether a connection has what ends a transaction."""
    return all(callable(getattr(connection, name, None)) for name in ("commit", "rollback"))


def end_transaction(connection: Connection, state: int, *, commit: bool) -> None:
    """Commit or roll back a connection that is in a transaction, or may be.

    Raises what the driver raises.
    """
    if state == State.FAILED or not commit:
        connection.rollback()
    else:
        connection.commit()


def _of_libpq(connection: Connection) -> int:
    return connection.pgconn.transaction_status  # type: ignore[no-any-return]


def _of_psycopg2(connection: Connection) -> int:
    return State.CLOSED if connection.closed else int(connection.get_transaction_status())


def _of_attribute(connection: Connection) -> int:
    try:
        if connection.in_transaction:
            return State.OPEN
    except Exception:  # noqa: BLE001  (sqlite3's and other drivers' own error for a closed one)
        return State.CLOSED
    return _without_transactions(connection)


def _of_method(connection: Connection) -> int:
    try:
        if connection.in_transaction():
            return State.OPEN
    except Exception:  # noqa: BLE001  (a driver's own error for a closed connection)
        return State.CLOSED
    return _without_transactions(connection)


def _of_others(connection: object) -> int:
    return _without_transactions(connection) or State.UNKNOWN


def _without_transactions(connection: object) -> int:
    # `closed` is an attribute of most drivers and a method of some; pymysql has `open` instead.
    closed = getattr(connection, "closed", False)
    if callable(closed):
        closed = closed()
    if closed or getattr(connection, "open", True) is False:
        return State.CLOSED
    return State.IDLE
