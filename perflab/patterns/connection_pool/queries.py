"""What the pool's callers ask the database: queries on the bundled data, or the user's own."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from psycopg.pq import TransactionStatus

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.patterns.connection_pool._state import Connection
from perflab.patterns.connection_pool.settings import QUERIES
from perflab.servers.postgres.flights_tables import MOST_VISITS

if TYPE_CHECKING:
    from perflab.servers.postgres.run import PostgresRun

_POINT = "SELECT * FROM {}.planes WHERE tailnum = %s"
_AGGREGATE = (
    "SELECT p.manufacturer, count(*) FROM {0}.flights f "
    "JOIN {0}.planes p USING (tailnum) WHERE f.at >= %s AND f.at < %s "
    "GROUP BY p.manufacturer ORDER BY 2 DESC"
)
_WRITE = "INSERT INTO {}.visits (tailnum) VALUES (%s)"
_TABLES = {
    "point": ("planes",),
    "aggregate": ("flights", "planes"),
    "write": ("visits",),
    "mixed": ("visits", "flights", "planes"),
}
_FIRST_DAY = 1_357_035_300.0
_DAY = 86_400.0
_DAYS = 28
_LAST_START = 330
_OF_TEN = ("point",) * 7 + ("aggregate",) * 2 + ("write",)


class AllWrittenError(Exception):
    """A run has inserted as many rows as it may."""


class RunTables(Protocol):
    """Where the tables of a run are, and what makes them."""

    name: str

    def make_tables(self, tables: Collection[str]) -> list[str]:
        """Return the tail numbers in the tables, made where they are not there yet."""


def tables_of(kind: str) -> tuple[str, ...]:
    """Return the tables that a kind of query needs."""
    return _TABLES[kind]


class PoolQuery:
    """One kind of query, with a parameter that goes from request to request.

    ``point`` reads one plane by its primary key, ``aggregate`` counts the
    flights of four weeks by manufacturer, ``write`` inserts a row and commits, ``mixed`` is seven,
    two and one of ten of these. The tables that it needs are in the run's schema.
    """

    def __init__(self, kind: str, run: RunTables) -> None:
        self._kind = kind
        self._tails = run.make_tables(_TABLES[kind])
        self._point, self._aggregate, self._write = (
            statement.format(run.name) for statement in (_POINT, _AGGREGATE, _WRITE)
        )
        self._writes = itertools.count()

    def ask(self, connection: Connection, index: int) -> None:
        """Ask once and read the answer.

        Raises:
            AllWrittenError: If it would insert one row more than a run may.
        """
        kind = _OF_TEN[(index * 7) % 10] if self._kind == "mixed" else self._kind
        tail = self._tails[(index * 7919) % len(self._tails)]
        if kind == "point":
            connection.execute(self._point, (tail,)).fetchall()
        elif kind == "aggregate":
            start = _FIRST_DAY + (index * 37 % _LAST_START) * _DAY
            connection.execute(self._aggregate, (start, start + _DAYS * _DAY)).fetchall()
        elif next(self._writes) < MOST_VISITS:
            connection.execute(self._write, (tail,))
        else:
            raise AllWrittenError


class OwnQuery:
    """A statement of the user's own, sent as it is."""

    def __init__(self, statement: str) -> None:
        self._statement = statement

    def ask(self, connection: Connection, index: int) -> None:  # noqa: ARG002
        """Send it and read the answer, if it has one.

        Raises:
            BadInputError: If it leaves a transaction open; that is rolled back.
        """
        # SQLAlchemy's pool lends a proxy, whose `info` is another thing.
        real: Connection = getattr(connection, "dbapi_connection", connection)
        try:
            cursor = real.execute(self._statement)
            if cursor.description is not None:
                cursor.fetchall()
        finally:
            left = real.info.transaction_status
            if left in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                real.rollback()
        if left == TransactionStatus.INTRANS:
            raise BadInputError(
                "leaves a transaction open, which would hold its locks; end it by COMMIT", "query"
            )


def open_query(query: str, run: PostgresRun) -> PoolQuery | OwnQuery:
    """Return the query that a setting names, or the user's statement after it was tried once.

    Raises:
        BadInputError: If the statement fails, or the server does not allow the run's tables.
    """
    if query in QUERIES:
        return PoolQuery(query, run)
    import psycopg

    from perflab.servers.postgres.answers import AnsweredConnection, SilentServerError

    own = OwnQuery(query)
    try:
        with AnsweredConnection.connect(run.conninfo, autocommit=True) as connection:
            own.ask(connection, 0)
    except psycopg.Error as error:
        silent = isinstance(error, SilentServerError)
        said = error.diag.message_primary or (str(error) if silent else "the server is down")
        raise BadInputError(
            f"{query!r} is none of {', '.join(QUERIES)}, and as a statement it fails: "
            f"{foreign_text(said)}",
            "query",
        ) from None
    return own
