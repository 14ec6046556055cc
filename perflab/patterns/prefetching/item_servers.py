"""`open_items`: the source that a load names; SQLite, PostgreSQL and an HTTP server, all real."""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Callable, Iterable
from typing import cast
from urllib.parse import urlsplit

from perflab.patterns.prefetching.item_sources import (
    Fetch,
    FileSource,
    FunctionSource,
    ItemSource,
    NumberSource,
    ThreadConnections,
    check_items,
    own_files,
)
from perflab.patterns.prefetching.items import Items
from perflab.servers.call_cap import CallCap, is_function, most_calls
from perflab.servers.http.server import HttpServer
from perflab.servers.lookup import users_function
from perflab.settings import LoadSettings
from perflab.workloads.flights_store import TABLE, flights_store

_SCHEMA = "perflab_items"
_ROWS = f"SELECT * FROM {TABLE} WHERE rowid > ? AND rowid <= ?"  # noqa: S608  (our own name)
_POSTGRES_ROWS = 50_000
_TIMEOUT = 120.0
_OK = 200


class SqliteSource(ItemSource):
    """Rows of the bundled flights in a SQLite file, by ranges of their primary key."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._address = f"{flights_store('sqlite').absolute().as_uri()}?mode=ro"
        self._connections = ThreadConnections(self._connect)
        counted = self._connections.get().execute(f"SELECT max(rowid) FROM {TABLE}")  # noqa: S608
        self.length = int(counted.fetchone()[0])

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Ask for the rows."""
        found: list[object] = self._connections.get().execute(_ROWS, (start, stop)).fetchall()
        return found

    def about(self) -> dict[str, str]:
        """Return the library's version."""
        return {"SQLite": f"{sqlite3.sqlite_version}, part of Python"}

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._address, uri=True, check_same_thread=False)


class PostgresSource(ItemSource):
    """Fifty thousand of the bundled flights in a PostgreSQL of our own, by ranges of their key."""

    def __init__(self, seconds: float) -> None:
        import psycopg

        from perflab.servers.postgres.server import PostgresServer

        super().__init__(seconds)
        self._server = PostgresServer.start()
        self._connections = ThreadConnections(
            lambda: psycopg.connect(self._server.own_conninfo, autocommit=True)
        )
        try:
            self.length = self._load()
        except BaseException:
            self.close()
            raise

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Ask for the rows."""
        statement = f"SELECT * FROM {_SCHEMA}.{TABLE} WHERE id > %s AND id <= %s ORDER BY id"  # noqa: S608  (our own names)
        connection = self._connections.get()
        try:
            return connection.execute(statement, (start, stop)).fetchall()
        except Exception:
            connection.close()
            self._connections.drop()
            raise

    def about(self) -> dict[str, str]:
        """Return the server's version."""
        return {"PostgreSQL": f"{self._server.version}, {self._server.source}"}

    def server_up(self) -> bool | None:
        """Say whether the server's process lives."""
        return self._server.pid is not None

    def restart(self) -> None:
        """Kill the server and start it again; the rows are still there."""
        self._server.restart()

    def close(self) -> None:
        """Close all connections and end the server."""
        self._connections.close()
        self._server.close()

    def _load(self) -> int:
        from perflab.workloads.datasets import flights

        trace = flights().prefix(_POSTGRES_ROWS)
        assert trace.times is not None  # noqa: S101  (the flights have them)
        names = [str(trace.key_of(key)) for key in range(trace.n_keys)]
        lines = "".join(
            f"{number}\t{names[key]}\t{time}\n"
            for number, (key, time) in enumerate(
                zip(trace.ids.tolist(), trace.times.tolist(), strict=True), 1
            )
        )
        connection = self._connections.get()
        connection.execute(f"CREATE SCHEMA {_SCHEMA}")
        connection.execute(
            f"CREATE TABLE {_SCHEMA}.{TABLE} "
            "(id integer PRIMARY KEY, tailnum text, at double precision)"
        )
        copying = f"COPY {_SCHEMA}.{TABLE} FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copying) as copy:
            copy.write(lines)
        connection.execute(f"ANALYZE {_SCHEMA}.{TABLE}")
        return len(trace)


class HttpSource(ItemSource):
    """Items of perflab's HTTP server, in a process of its own, with one connection a thread.

    The wait is the server's: it answers so much later.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(0.0)
        self._server = HttpServer.start(latency_seconds=seconds)
        self._connections = ThreadConnections(self._connect)

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Ask for the items and read the JSON."""
        import orjson

        connection = self._connections.get()
        try:
            connection.request("GET", f"/items?start={start}&count={stop - start}")
            answer = connection.getresponse()
            body = answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            self._connections.drop()
            raise
        if answer.status != _OK:
            raise http.client.HTTPException(f"status {answer.status} {answer.reason}")
        found: list[object] = orjson.loads(body)
        return found

    def change(self, load: LoadSettings) -> None:
        """Let the server answer so much later."""
        if load.backend_seconds != self._server.settings.latency_seconds:
            self._server.set(latency_seconds=load.backend_seconds)

    def about(self) -> dict[str, str]:
        """Return what the server is."""
        return {"HTTP server": f"{self._server.version}, perflab's own on loopback"}

    def server_up(self) -> bool | None:
        """Say whether the server's process lives."""
        return self._server.pid is not None

    def restart(self) -> None:
        """Kill the server and start it again at the same address."""
        self._server.restart()

    def close(self) -> None:
        """Close all connections and end the server."""
        self._connections.close()
        self._server.close()

    def _connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self._server.url)
        return http.client.HTTPConnection(address.netloc, timeout=_TIMEOUT)


_SERVERS: dict[str, Callable[[float], ItemSource]] = {
    "sqlite": SqliteSource,
    "postgres": PostgresSource,
    "http": HttpSource,
}


def open_items(load: LoadSettings, items: Items) -> ItemSource:
    """Return the source that the load settings name.

    Raises:
        BadInputError: If it names a function that cannot be imported, the items are files and it
            is something else, or its server does not come up.
    """
    check_items(load, items)
    seconds = load.backend_seconds
    if is_function(load):
        function = cast("Fetch", users_function(load.backend))
        return FunctionSource(function, seconds, CallCap(most_calls(load)))
    if load.backend == "delay":
        return NumberSource(seconds)
    if load.backend == "files":
        return FileSource(items.paths or own_files(), seconds)
    return _SERVERS[str(load.backend)](seconds)
