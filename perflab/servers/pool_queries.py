"""What the pool's callers ask the database: queries on the bundled data, or the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perflab.servers.flights_tables import drop_flights, load_flights
from perflab.settings import QUERIES, BadInputError
from perflab.settings.foreign_text import foreign_text

if TYPE_CHECKING:
    from perflab.servers.postgres_server import PostgresServer

SCHEMA = "perflab"

POINT = f"SELECT * FROM {SCHEMA}.planes WHERE tailnum = %s"  # noqa: S608  (our own name)
AGGREGATE = (
    f"SELECT p.manufacturer, count(*) FROM {SCHEMA}.flights f "  # noqa: S608  (our own name)
    f"JOIN {SCHEMA}.planes p USING (tailnum) WHERE f.at >= %s AND f.at < %s "
    "GROUP BY p.manufacturer ORDER BY 2 DESC"
)
WRITE = f"INSERT INTO {SCHEMA}.visits (tailnum) VALUES (%s)"  # noqa: S608  (our own name)
_FIRST_DAY = 1_357_035_300.0
_DAY = 86_400.0
_DAYS = 28
_LAST_START = 330
_OF_TEN = ("point",) * 7 + ("aggregate",) * 2 + ("write",)


class PoolQuery:
    """One kind of query, with a parameter that goes from request to request.

    ``point`` reads one plane by its primary key, ``aggregate`` counts the
    flights of four weeks by manufacturer, ``write`` inserts a row and commits, ``mixed`` is seven,
    two and one of ten of these.
    """

    def __init__(self, kind: str, server: PostgresServer) -> None:
        self._kind = kind
        self._server = server
        self._tails = load_flights(server.conninfo, SCHEMA)

    def ask(self, connection: Any, index: int) -> None:
        """Ask once and read the answer."""
        kind = _OF_TEN[(index * 7) % 10] if self._kind == "mixed" else self._kind
        tail = self._tails[(index * 7919) % len(self._tails)]
        if kind == "point":
            connection.execute(POINT, (tail,)).fetchall()
        elif kind == "aggregate":
            start = _FIRST_DAY + (index * 37 % _LAST_START) * _DAY
            connection.execute(AGGREGATE, (start, start + _DAYS * _DAY)).fetchall()
        else:
            connection.execute(WRITE, (tail,))

    def close(self) -> None:
        """Remove our tables from a server that stays."""
        if not self._server.ours:
            drop_flights(self._server.conninfo, SCHEMA)


class OwnQuery:
    """A statement of the user's own, sent as it is."""

    def __init__(self, statement: str) -> None:
        self._statement = statement

    def ask(self, connection: Any, index: int) -> None:  # noqa: ARG002
        """Send it and read the answer, if it has one."""
        cursor = connection.execute(self._statement)
        if cursor.description is not None:
            cursor.fetchall()

    def close(self) -> None:
        """Hold nothing."""


def open_query(query: str, server: PostgresServer) -> PoolQuery | OwnQuery:
    """Return the query that a setting names, or the user's statement after it was tried once.

    Raises:
        BadInputError: If the statement fails.
    """
    if query in QUERIES:
        return PoolQuery(query, server)
    import psycopg

    own = OwnQuery(query)
    try:
        with psycopg.connect(server.conninfo, autocommit=True) as connection:
            own.ask(connection, 0)
    except psycopg.Error as error:
        raise BadInputError(
            f"{query!r} is none of {', '.join(QUERIES)}, and as a statement it fails: "
            f"{foreign_text(error)}",
            "query",
        ) from None
    return own
