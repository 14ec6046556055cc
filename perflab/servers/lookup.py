"""What a miss asks: a real SQLite query, a constant delay, or a function of the user's."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from perflab.settings import BadInputError, LoadSettings
from perflab.workloads.datasets import data_path


class Lookup(Protocol):
    """Return the value of a key, as slowly as the real thing does."""

    def __call__(self, index: int, key: Any) -> Any:
        """Return the value of a key, whose number in the trace is `index`."""

    def close(self) -> None:
        """Let go of files and connections."""


class SqliteLookup:
    """An indexed query on the planes table of the bundled data, in a real SQLite file.

    A key that is a plane's tail number gets its row; any other key gets the row whose number is
    the key's number in the trace, modulo the table's length. One connection a thread.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="perflab-")
        self._path = str(Path(self._folder.name) / "planes.sqlite")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._tails = self._build()
        self._known = frozenset(self._tails)

    def __call__(self, index: int, key: Any) -> Any:
        """Return the row of a plane, with a query of its own."""
        tail = key if key in self._known else self._tails[index % len(self._tails)]
        try:
            connection = self._local.connection
        except AttributeError:
            connection = self._local.connection = self._connect()
        return connection.execute("SELECT * FROM planes WHERE tailnum = ?", (tail,)).fetchone()

    def close(self) -> None:
        """Close all connections and remove the file."""
        for connection in self._opened:
            connection.close()
        self._folder.cleanup()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False)
        self._opened.append(connection)
        return connection

    def _build(self) -> list[str]:
        import csv

        with data_path("planes.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        names, rows = rows[0], rows[1:]
        with sqlite3.connect(self._path) as connection:
            columns = ", ".join(names)
            connection.execute(f"CREATE TABLE planes ({columns}, PRIMARY KEY (tailnum))")
            marks = ", ".join("?" * len(names))
            connection.executemany(f"INSERT INTO planes VALUES ({marks})", rows)  # noqa: S608
        connection.close()
        return [row[names.index("tailnum")] for row in rows]


class FunctionLookup:
    """A function of one key, the user's own."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, index: int, key: Any) -> Any:  # noqa: ARG002
        """Return what the function returns for the key."""
        return self._function(key)

    def close(self) -> None:
        """Hold nothing."""


class DelayedLookup:
    """A wait before another lookup, which can be changed while it is used."""

    def __init__(self, lookup: Lookup | None, seconds: float) -> None:
        self._lookup = lookup
        self.seconds = seconds

    def __call__(self, index: int, key: Any) -> Any:
        """Wait, then return the value of the key."""
        if self.seconds > 0:
            time.sleep(self.seconds)
        return index if self._lookup is None else self._lookup(index, key)

    def close(self) -> None:
        """Close the lookup behind."""
        if self._lookup is not None:
            self._lookup.close()


def open_lookup(load: LoadSettings) -> DelayedLookup:
    """Return the backend that the load settings name.

    Raises:
        BadInputError: If it names a module or function that cannot be imported.
    """
    if callable(load.backend):
        return DelayedLookup(FunctionLookup(load.backend), load.backend_seconds)
    if load.backend == "sqlite":
        return DelayedLookup(SqliteLookup(), load.backend_seconds)
    if load.backend == "delay":
        return DelayedLookup(None, load.backend_seconds)
    return DelayedLookup(FunctionLookup(_imported(load.backend)), load.backend_seconds)


def _imported(path: str) -> Callable[[Any], Any]:
    module, _, name = path.partition(":")
    if not name:
        raise BadInputError(
            f"{path!r} is no backend; allowed: sqlite, delay, module:function", "backend"
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001  (a user's module may raise anything)
        reason = f"{type(error).__name__}: {error}"
        raise BadInputError(f"{path!r} cannot be imported ({reason})", "backend") from None
    if not callable(function):
        raise BadInputError(f"{path!r} is not a function", "backend")
    return function  # type: ignore[no-any-return]
