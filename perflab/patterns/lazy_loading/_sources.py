"""`open_store`: what a ``data_source`` names, and any function as a store."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.patterns.lazy_loading._csv import CsvStore
from perflab.patterns.lazy_loading._files import NpyStore, ParquetStore
from perflab.patterns.lazy_loading._sqlite import SqliteStore
from perflab.patterns.lazy_loading._store import Rows, Store
from perflab.primitives.csv_header import DELIMITERS

FLIGHTS = "flights"
DATABASES = (".sqlite", ".sqlite3", ".db")
SUFFIXES: dict[str, Callable[[str], Store]] = {
    **dict.fromkeys(DATABASES, SqliteStore),
    ".parquet": ParquetStore,
    ".pq": ParquetStore,
    ".csv": CsvStore,
    ".tsv": CsvStore,
    ".npy": NpyStore,
}
TEXTS = {".csv": None, ".tsv": "\t"}
"""Endings of tables in text, with the delimiter that is theirs."""


class FunctionStore:
    """Any function ``(start, stop) -> rows`` as a store.

    Args:
        function: Returns the rows from `start` up to `stop`, fewer only where they end.
        rows: How many there are; found out by single rows, doubling and halving, if not given.
    """

    def __init__(self, function: Callable[[int, int], Rows], rows: int | None = None) -> None:
        self._function = function
        self._rows = self._find() if rows is None else rows

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> Rows:
        """Return what the function returns."""
        return self._function(start, stop)

    def _find(self) -> int:
        there, beyond = 0, 1
        while self._is_row(beyond - 1):
            there, beyond = beyond, beyond * 2
        while beyond - there > 1:
            middle = (there + beyond) // 2
            if self._is_row(middle - 1):
                there = middle
            else:
                beyond = middle
        return there

    def _is_row(self, number: int) -> bool:
        return len(self._function(number, number + 1)) > 0


@naming_extra("files")
def open_store(source: str, delimiter: str = "auto") -> Store:
    """Open what a ``data_source`` names.

    Args:
        source: ``flights``, or ``flights:FORM`` for one of its other forms; a file; FILE:TABLE for
            SQLite; or ``module:name`` of a function ``(start, stop) -> rows``, or of a store.
        delimiter: Between the fields of a CSV, as the setting says it: ``auto``, ``comma`` ...

    Raises:
        BadInputError: If there is no such thing, or it cannot be opened.
    """
    name, _, rest = source.partition(":")
    if name == FLIGHTS and not Path(source).exists():
        from perflab.workloads.flights_store import flights_store

        form = rest or "sqlite"
        path = flights_store(form)
        return SUFFIXES[path.suffix](str(path))
    suffix = Path(source).suffix.lower()
    if suffix in TEXTS:
        return CsvStore(source, separator=DELIMITERS.get(delimiter, TEXTS[suffix]))
    if suffix in SUFFIXES:
        return SUFFIXES[suffix](source)
    file, colon, table = source.rpartition(":")
    if colon and Path(file).suffix.lower() in DATABASES:
        return SqliteStore(file, table)
    if is_own_function(source):
        return _from_module(file, table, source)
    if Path(source).expanduser().is_file():
        known = ", ".join(SUFFIXES)
        raise BadInputError(f"cannot tell the kind of file by its ending; known: {known}", source)
    hint = nearest(name, (FLIGHTS, *SUFFIXES))
    raise BadInputError(f"{source!r} is neither a store nor module:function{hint}", "data_source")


def is_own_function(source: str) -> bool:
    """Say whether `open_store` would take a source for a function, or a store, of a module."""
    name, colon, _ = source.partition(":")
    if not colon or (name == FLIGHTS and not Path(source).exists()):
        return False
    if Path(source).suffix.lower() in SUFFIXES:
        return False
    file, _, table = source.rpartition(":")
    is_database = Path(file).suffix.lower() in DATABASES
    return not is_database and all(part.isidentifier() for part in (*file.split("."), table))


def _from_module(module: str, name: str, source: str) -> Store:
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a user's module may raise anything)
        reason = f"{type(error).__name__}: {error}"
        text = f"{source!r} cannot be imported ({reason}); write module:function"
        raise BadInputError(text, "data_source") from None
    if hasattr(found, "read") and hasattr(found, "__len__"):
        return found  # type: ignore[no-any-return]
    if not callable(found):
        text = f"{source!r} is neither a function (start, stop) -> rows nor a store"
        raise BadInputError(text, "data_source")
    return FunctionStore(found)
