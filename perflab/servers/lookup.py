"""What a miss asks: a real SQLite query, a constant delay, or a function of the user's."""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from perflab.errors import BadInputError
from perflab.servers.call_cap import CallCap, is_function, most_calls
from perflab.servers.keeper import Keeper, kept_folder
from perflab.servers.python_process import use_working_folders, working_folders
from perflab.settings import LoadSettings
from perflab.settings.folders import cache_folder
from perflab.workloads.datasets import data_path


class Lookup(Protocol):
    """Return the value of a key, as slowly as the real thing does."""

    def __call__(self, index: int, key: object) -> object:
        """Return the value of a key, whose number in the trace is `index`."""

    def close(self) -> None:
        """Let go of files and connections."""


class SqliteLookup:
    """An indexed query on the planes table of the bundled data, in a real SQLite file.

    A key that is a plane's tail number gets its row; any other key gets the row whose number is
    the key's number in the trace, modulo the table's length. One connection a thread. The file is
    made once and kept in the user's cache folder, or in a temporary one where that is not to be.
    """

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        names, rows = _planes()
        self._tails = [row[names.index("tailnum")] for row in rows]
        self._known = frozenset(self._tails)
        self._address = f"{self._file(names, rows).as_uri()}?mode=ro"

    def __call__(self, index: int, key: object) -> object:
        """Return the row of a plane, with a query of its own."""
        tail = key if key in self._known else self._tails[index % len(self._tails)]
        try:
            connection = self._local.connection
        except AttributeError:
            connection = self._local.connection = self._connect()
        return connection.execute("SELECT * FROM planes WHERE tailnum = ?", (tail,)).fetchone()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._opened:
            connection.close()
        if self._keeper is not None:
            self._keeper.release()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._address, uri=True, check_same_thread=False)
        self._opened.append(connection)
        return connection

    def _file(self, names: list[str], rows: list[list[str]]) -> Path:
        content = repr((names, rows)).encode()
        name = f"planes-{hashlib.blake2b(content, digest_size=6).hexdigest()}.sqlite"
        kept = cache_folder().absolute() / "data" / name
        try:
            if not kept.is_file():
                kept.parent.mkdir(parents=True, exist_ok=True)
                with kept_folder(f".{name}.", kept.parent) as fresh:
                    _write(fresh / name, names, rows)
                    (fresh / name).replace(kept)
        except (OSError, sqlite3.Error, BadInputError):
            self._keeper = Keeper.of_new_folder("perflab-lookup-")
            kept = self._keeper.folder / name
            _write(kept, names, rows)
        return kept


def _planes() -> tuple[list[str], list[list[str]]]:
    import csv

    with data_path("planes.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    return names, rows


def _write(path: Path, names: list[str], rows: list[list[str]]) -> None:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE planes ({', '.join(names)}, PRIMARY KEY (tailnum))")
        marks = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO planes VALUES ({marks})", rows)  # noqa: S608
    connection.close()


class FunctionLookup:
    """A function of one key, the user's own, which is called no more often than its cap allows."""

    def __init__(self, function: Callable[[object], object], cap: CallCap) -> None:
        self._function = function
        self.cap = cap

    def __call__(self, index: int, key: object) -> object:  # noqa: ARG002
        """Return what the function returns for the key."""
        self.cap.wait()
        return self._function(key)

    def close(self) -> None:
        """Hold nothing."""


class DelayedLookup:
    """A wait before another lookup, which can be changed while it is used.

    Attributes:
        seconds: The wait.
        held: Returns for how long this thread has waited for the cap on calls; none without one.
    """

    def __init__(self, lookup: Lookup | None, seconds: float) -> None:
        self._lookup = lookup
        self._cap = lookup.cap if isinstance(lookup, FunctionLookup) else None
        self.seconds = seconds
        self.held = None if self._cap is None else self._cap.held

    def __call__(self, index: int, key: object, seconds: float | None = None) -> object:
        """Wait, then return the value of the key.

        Args:
            index: The key's number in the trace.
            key: The key.
            seconds: The wait of this call; none for the usual one.
        """
        wait = self.seconds if seconds is None else seconds
        if wait > 0:
            time.sleep(wait)
        return index if self._lookup is None else self._lookup(index, key)

    def change(self, load: LoadSettings) -> None:
        """Take the wait and the cap on calls of other load settings."""
        self.seconds = load.backend_seconds
        if self._cap is not None:
            self._cap.rate = most_calls(load)

    def close(self) -> None:
        """Close the lookup behind."""
        if self._lookup is not None:
            self._lookup.close()


def open_lookup(load: LoadSettings) -> DelayedLookup:
    """Return the backend that the load settings name.

    Raises:
        BadInputError: If it names a module or function that cannot be imported.
    """
    if is_function(load):
        capped = FunctionLookup(users_function(load.backend), CallCap(most_calls(load)))
        return DelayedLookup(capped, load.backend_seconds)
    if load.backend == "sqlite":
        return DelayedLookup(SqliteLookup(), load.backend_seconds)
    return DelayedLookup(None, load.backend_seconds)


def users_function(backend: str | Callable[..., object]) -> Callable[..., object]:
    """Return a function of the user's; one that would end the program fails like any other.

    Raises:
        BadInputError: If it cannot be imported.
    """
    function = backend if callable(backend) else imported_function(backend)

    @functools.wraps(function)
    def contained(*arguments: object) -> object:
        try:
            return function(*arguments)
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            raise RuntimeError(f"{type(error).__name__} {error}".rstrip()) from None

    return contained


def imported_function(path: str) -> Callable[..., object]:
    """Return the function that ``module:function`` names.

    Modules of the working folder are found last, so that none takes the place of a library.

    Raises:
        BadInputError: If it cannot be imported, or is no function.
    """
    module, _, name = path.partition(":")
    if not name:
        raise BadInputError(
            f"{path!r} is not a backend; allowed: sqlite, delay, module:function", "backend"
        )
    use_working_folders()
    try:
        function = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a user's module may raise anything)
        _refuse_hidden(module, path)
        reason = f"{type(error).__name__}: {error}"
        raise BadInputError(f"{path!r} cannot be imported ({reason})", "backend") from None
    _refuse_hidden(module, path)
    if not callable(function):
        raise BadInputError(f"{path!r} is not a function", "backend")
    return function  # type: ignore[no-any-return]


def _refuse_hidden(module: str, path: str) -> None:
    """Refuse a name that a library and a file of the working folder share; either may be meant."""
    taken = getattr(sys.modules.get(module), "__file__", None) or ""
    for folder in working_folders():
        own = Path(folder, *module.split(".")).with_suffix(".py")
        hidden = own.is_file() and os.path.realpath(own) != os.path.realpath(taken)
        if hidden and module in sys.modules:
            raise BadInputError(
                f"{path!r} may be {own.name} of the working folder or the module {module} that is "
                "installed; rename the file",
                "backend",
            )
