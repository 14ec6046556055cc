"""The pool as a layer of a running service, and the database that its workers share."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from perflab.bench.living import Behind, LayerRefusedError, LayerTimeoutError, NoteQuery
from perflab.errors import BadInputError
from perflab.patterns.connection_pool._connection_pool import PoolTimeoutError, TooManyWaitingError
from perflab.patterns.connection_pool._drivers import open_pool
from perflab.patterns.connection_pool.queries import PoolQuery, tables_of
from perflab.patterns.connection_pool.settings import QUERIES, ConnectionPoolSettings
from perflab.servers.postgres.run import PostgresRun
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name


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
        self._pool = open_pool(
            settings.driver,
            lambda: psycopg.connect(conninfo, autocommit=True),
            settings,
            conninfo,
        )

    def answer(self, key: str, behind: Behind) -> object:
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
            self._query.ask(connection, next(self._asked))
        finally:
            self._pool.putconn(connection)
            self._note(began - asked, began, time.monotonic() - began)
        return key

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()
