"""The pool as a layer of a running service, and the database that its workers share."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from perflab.bench.living import Behind, LayerRefusedError, LayerTimeoutError, NoteQuery
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.patterns.connection_pool._connection_pool import PoolTimeoutError, TooManyWaitingError
from perflab.patterns.connection_pool._drivers import open_pool
from perflab.patterns.connection_pool.queries import PoolQuery, tables_of
from perflab.patterns.connection_pool.settings import QUERIES, ConnectionPoolSettings
from perflab.servers.postgres.run import PostgresRun
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name

_WEIGHT = 0.1
"""Of the newest in the running mean of what a delay takes beside."""


class PoolBacking:
    """A database of perflab's own with the tables of the bench's queries.

    Raises:
        BadInputError: If the query is the user's own, or no database comes up.
    """

    def __init__(self, settings: ConnectionPoolSettings, processes: int) -> None:
        if settings.query not in QUERIES:
            text = f"is your own statement; a service runs one of {', '.join(QUERIES)}"
            raise BadInputError(text, "connection_pool.query")
        self._server = PostgresServer.start()
        try:
            connections = settings.max_connections * processes
            self._run = PostgresRun(self._server, new_run_name(), connections)
            self._tails = self._run.make_tables(tables_of(settings.query))
        except BaseException:
            self._server.close()
            raise

    @property
    def address(self) -> Mapping[str, Any]:
        """Where the database is, and what is in its tables."""
        run = self._run
        return {"conninfo": run.conninfo, "name": run.name, "tails": self._tails}

    @property
    def about(self) -> str:
        """The server's version."""
        return f"{self._server.version}, {self._server.source}"

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._server.pid is not None

    def down(self) -> None:
        """End all connections, as a database does that is started again."""
        self._server.kill_connections()

    def up(self) -> None:
        """Do nothing: it takes connections again at once."""

    def close(self) -> None:
        """Remove the tables and end the server."""
        try:
            self._run.close()
        finally:
            self._server.close()


class _Tables:
    """The tables that another process has made."""

    def __init__(self, address: Mapping[str, Any]) -> None:
        self.name = str(address["name"])
        self._tails = list(address["tails"])

    def make_tables(self, _tables: Collection[str]) -> list[str]:
        return self._tails


class PoolLayer:
    """The pool of one worker process: each request is a query."""

    def __init__(
        self, settings: ConnectionPoolSettings, address: Mapping[str, Any], note: NoteQuery
    ) -> None:
        self._note = note
        conninfo = str(address["conninfo"])
        self._query = PoolQuery(settings.query, _Tables(address))
        self._asked = itertools.count()
        self._times, self._trip = 1.0, 0.0
        self._pool = open_pool(
            settings.driver,
            lambda: psycopg.connect(conninfo, autocommit=True),
            settings,
            conninfo,
        )

    def answer(self, key: str, behind: Behind, _ttl: float | None = None) -> object:
        """Return a key after a connection was there and the database has answered.

        Raises:
            LayerTimeoutError: If no connection came free in time.
            LayerRefusedError: If too many wait for one.
        """
        asked = time.monotonic()
        try:
            connection = self._pool.getconn()
        except PoolTimeoutError as error:
            raise LayerTimeoutError(str(error)) from None
        except TooManyWaitingError as error:
            raise LayerRefusedError(str(error)) from None
        began = time.monotonic()
        try:
            behind()
            asking = time.monotonic()
            self._query.ask(connection, next(self._asked))
            if self._times > 1:
                self._delay(connection, (time.monotonic() - asking) * (self._times - 1))
        finally:
            self._pool.putconn(connection)
            self._note(began - asked, began, time.monotonic() - began)
        return key

    def write(self, operation: Operation, key: str, _ttl: float | None) -> None:
        """Send a query for a write of the data; what concerns caches alone needs none.

        Raises:
            LayerTimeoutError: If no connection came free in time.
            LayerRefusedError: If too many wait for one.
        """
        if operation == Operation.WRITE:
            self.answer(key, lambda: None)

    def slow(self, times: float) -> None:
        """Let the database take so many times as long: it sleeps after each query.

        The connection is in use meanwhile, as it is while a query is slow.
        """
        self._times = times

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    def _delay(self, connection: Any, seconds: float) -> None:
        """Let the database sleep, less what asking for that takes by itself."""
        began = time.monotonic()
        asked = max(0.0, seconds - self._trip)
        connection.execute("SELECT pg_sleep(%s)", (asked,)).fetchall()
        over = time.monotonic() - began - asked
        self._trip += _WEIGHT * (over - self._trip)
