"""A table of SQLite as a store: rows in the order of their rowid."""

from __future__ import annotations

import os
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._store import FileGuard, StoreError
from perflab.units import counted, grouped, in_words

LOCK_SECONDS = 5.0
_NOTHING_SEEN = -1


class SqliteStore:
    """Rows of a table as tuples, numbered by rowid from 0; opened for reading only.

    Where rowids have gaps, all of them are read once and kept (8 bytes each), so that a chunk is
    always one range of the table's tree. Rows may be updated while the store is open; a change of
    columns or of length is an error.

    Args:
        path: The database.
        table: Its table; may be left out where there is only one.
        timeout: Seconds to wait for a writer's lock.

    Raises:
        BadInputError: If there is no such file or table, or it has no rowid.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        table: str | None = None,
        *,
        timeout: float = LOCK_SECONDS,
    ) -> None:
        self._guard = FileGuard(path)
        self._timeout = timeout
        self._idle: list[_Reader] = []
        try:
            self.table = self._choose(table)
            self._open()
        except StoreError as error:
            raise BadInputError(error.message, error.place) from None

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> list[tuple[object, ...]]:
        """Return rows as tuples.

        Raises:
            StoreError: If the database is locked or gone, or the table's columns or length changed.
        """
        self._guard.check_place()
        with self._reader() as reader:
            rows = self._select(reader.connection, start, stop)
            version = reader.data_version()
            # Another program wrote: what matters is whether these are still the same rows.
            if version != reader.version:
                self._check_shape(reader.connection)
                reader.version = version
        return rows

    def stored_bytes(self, start: int, stop: int) -> int:
        """Return the rows' share of the database's file."""
        return round(self._row_bytes * (stop - start))

    def refresh(self) -> None:
        """Take up a change of columns or length.

        Raises:
            StoreError: If the database is locked or gone, or has no such table any more.
        """
        self._guard.refresh()
        self.close()
        self._open()

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().connection.close()

    def _open(self) -> None:
        with self._reader() as reader:
            connection = reader.connection
            reader.version = reader.data_version()
            self.columns = self._columns(connection)
            if not self.columns:
                raise StoreError(self._guard.place, f"has no table {self.table!r}")
            self._extent = self._measure(connection)
            count, first, last = self._extent
            gaps = count > 0 and last - first + 1 != count
            self._ids = self._rowids(connection) if gaps else None
        self._rows = count
        self._row_bytes = self._guard.size_bytes / max(count, 1)

    def _select(
        self, connection: sqlite3.Connection, start: int, stop: int
    ) -> list[tuple[object, ...]]:
        if self._ids is None:
            first, last = self._extent[1] + start, self._extent[1] + stop - 1
        else:
            first, last = self._ids[start], self._ids[stop - 1]
        rows: list[tuple[object, ...]] = connection.execute(
            f"SELECT * FROM {self._name} WHERE rowid BETWEEN ? AND ? ORDER BY rowid",  # noqa: S608
            (first, last),
        ).fetchall()
        return rows

    def _check_shape(self, connection: sqlite3.Connection) -> None:
        columns, extent = self._columns(connection), self._measure(connection)
        if columns != self.columns:
            text = f"table {self.table} had the columns {', '.join(self.columns)} and has "
            text += f"{', '.join(columns) or 'none'} now; refresh() takes them up"
            raise StoreError(self._guard.place, text)
        if extent != self._extent:
            had = counted(self._rows, "row")
            text = f"table {self.table} had {had} and has {grouped(extent[0])} now"
            raise StoreError(self._guard.place, f"{text}, or others; refresh() takes them up")

    def _columns(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        return tuple(row[1] for row in connection.execute(f"PRAGMA table_info({self._name})"))

    def _measure(self, connection: sqlite3.Connection) -> tuple[int, int, int]:
        sql = f"SELECT count(*), min(rowid), max(rowid) FROM {self._name}"  # noqa: S608
        count, first, last = connection.execute(sql).fetchone()
        return int(count), int(first or 0), int(last or 0)

    def _rowids(self, connection: sqlite3.Connection) -> array[int]:
        sql = f"SELECT rowid FROM {self._name} ORDER BY rowid"  # noqa: S608
        return array("q", (row[0] for row in connection.execute(sql)))

    @property
    def _name(self) -> str:
        return '"' + self.table.replace('"', '""') + '"'

    def _choose(self, table: str | None) -> str:
        with self._reader() as reader:
            sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            tables = [row[0] for row in reader.connection.execute(sql)]
        known = ", ".join(tables) or "none"
        if table is None and len(tables) != 1:
            text = f"has {len(tables)} tables: {known}; name one, like FILE:TABLE"
            raise BadInputError(text, self._guard.place)
        if table is not None and table not in tables:
            raise BadInputError(f"has no table {table!r}; its tables: {known}", self._guard.place)
        return table or str(tables[0])

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        """Lend a connection of its own to each caller, and read errors of SQLite as ours."""
        try:
            try:
                reader = self._idle.pop()
            except IndexError:
                reader = _Reader(self._guard.path, self._timeout)
            try:
                yield reader
            finally:
                self._idle.append(reader)
        except sqlite3.Error as error:
            raise StoreError(self._guard.place, _explain(error, self._timeout)) from error
        except UnicodeDecodeError:
            # A damaged schema's own words, which the module cannot even pass on.
            raise StoreError(self._guard.place, "is damaged, or holds texts not in UTF-8") from None


class _Reader:
    """A connection for reading, and the state of the database that it has seen."""

    def __init__(self, path: Path, timeout: float) -> None:
        self.connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self.version = _NOTHING_SEEN

    def data_version(self) -> int:
        """Return a number that is another when another connection has written."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])


def _explain(error: sqlite3.Error, timeout: float) -> str:
    """Return in words what SQLite's error means and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        waited = in_words(timeout, "seconds")
        return f"is locked by a writer; waited {waited}; read again when it is done"
    if code == sqlite3.SQLITE_NOTADB:
        return "is not an SQLite database"
    if code == sqlite3.SQLITE_CANTOPEN:
        return "cannot be opened; check that it is there and may be read"
    if "no such column: rowid" in str(error):
        return "has no rowid (a view, or WITHOUT ROWID), so its rows have no numbers"
    return f"cannot be read ({error}); refresh() takes up a change"
