"""A CSV file as a store: where its rows begin is found once and kept in the cache folder."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.files import whole_path
from perflab.patterns.lazy_loading import _rows as rows_of_csv
from perflab.patterns.lazy_loading._store import FileGuard, StoreError
from perflab.settings.folders import cache_folder
from perflab.units import grouped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_PACKED = (b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"BZh")


class CsvStore:
    """Rows of a CSV file as tuples of texts; quoted fields may hold separators and line ends.

    Args:
        path: The file, in UTF-8, its first line the names of the columns.
        separator: Between two fields.

    Raises:
        BadInputError: If there is no such file, it is compressed, or has no line.
    """

    def __init__(self, path: str | os.PathLike[str], *, separator: str = ",") -> None:
        self._guard = FileGuard(path)
        self._separator = separator
        self._open()

    def __len__(self) -> int:
        return self._rows

    def read(self, start: int, stop: int) -> list[tuple[str, ...]]:
        """Return rows as tuples of texts.

        Raises:
            StoreError: If the file is gone or another one by now, or a row has other columns.
        """
        self._guard.check()
        begin, end = self._span(start, stop)
        try:
            with self._guard.path.open("rb") as file:
                file.seek(begin)
                text = file.read(end - begin).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(self._guard.place, f"cannot be read ({error})") from None
        # Not by lines: a quoted field may hold one.
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=self._separator)
        skipped = start % rows_of_csv.STEP
        try:
            rows = [tuple(row) for row in lines if row][skipped : skipped + stop - start]
        except csv.Error as error:
            reason = rows_of_csv.reason_of(error)
            text = f"rows {grouped(start)} to {grouped(stop - 1)} cannot be read as CSV ({reason})"
            raise StoreError(self._guard.place, text) from None
        width = len(self.columns)
        for number, row in enumerate(rows, start):
            if len(row) != width:
                message = f"row {grouped(number)} has {len(row)} fields, and the header {width}"
                raise StoreError(self._guard.place, message)
        return rows

    def stored_bytes(self, start: int, stop: int) -> int:
        """Return the bytes that are read and parsed for these rows."""
        begin, end = self._span(start, stop)
        return end - begin

    def refresh(self) -> None:
        """Look for the rows of the file that is there now.

        Raises:
            StoreError: If there is none, or it is not a CSV file file.
        """
        self._guard.refresh()
        try:
            self._open()
        except BadInputError as error:
            raise StoreError(self._guard.place, error.message) from None

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _span(self, start: int, stop: int) -> tuple[int, int]:
        return int(self._marks[start // rows_of_csv.STEP]), int(
            self._marks[-(-stop // rows_of_csv.STEP)]
        )

    def _open(self) -> None:
        with self._guard.path.open("rb") as file:
            if file.read(8).startswith(_PACKED):
                text = "is compressed, so that no row can be read by itself; decompress it first"
                raise BadInputError(text, self._guard.place)
            file.seek(0)
            header = file.readline().decode("utf-8-sig")
        try:
            self.columns = tuple(next(csv.reader([header], delimiter=self._separator), ()))
        except csv.Error as error:
            text = f"its first line cannot be read as CSV ({rows_of_csv.reason_of(error)})"
            raise BadInputError(text, self._guard.place) from None
        if not self.columns:
            raise BadInputError("has no line with the names of its columns", self._guard.place)
        self._rows, self._marks = _index(self._guard, self._separator)


def _index(guard: FileGuard, separator: str) -> tuple[int, npt.NDArray[np.int64]]:
    """Return the number of rows, and where marks stand; the last mark is the end."""
    with naming_extra("files"):
        import numpy as np

    seen = repr(
        (os.fspath(guard.path.absolute()), guard.seen, rows_of_csv.STEP, separator, 2)
    ).encode()
    kept = cache_folder() / "indexes" / f"{hashlib.blake2b(seen, digest_size=12).hexdigest()}.npy"
    try:
        found = np.load(kept)
    except (OSError, ValueError, EOFError):
        found = rows_of_csv.find_rows(guard, separator)
        with whole_path(kept) as scratch, scratch.open("wb") as file:
            np.save(file, found)
    return int(found[0]), found[1:]
