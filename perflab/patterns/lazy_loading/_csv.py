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
from perflab.primitives.csv_header import (
    BOM,
    end_of_record,
    likely_delimiter,
    read_names,
    said_separator,
)
from perflab.settings.folders import cache_folder
from perflab.units import counted, grouped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_HEAD_BYTES = 1 << 20
_PACKED = (b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"BZh")


class CsvStore:
    """Rows of a CSV file as tuples of texts; quoted fields may hold separators and line ends.

    Args:
        path: The file, in UTF-8, its first row the names of the columns; Excel's ``sep=;`` may
            stand before it.
        separator: Between two fields; none = as the file says, else the most frequent one in the
            header.

    Raises:
        BadInputError: If there is no such file, it is compressed, or has no line.
    """

    def __init__(self, path: str | os.PathLike[str], *, separator: str | None = None) -> None:
        self._guard = FileGuard(path)
        self._wanted = separator
        self._open()

    def __len__(self) -> int:
        return self._rows

    @property
    def separator(self) -> str:
        """What stands between two fields, as it was given or found."""
        return self._separator

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
        skipped = start % rows_of_csv.STEP
        first = start - skipped
        # Not by lines: a quoted field may hold one.
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=self._separator)
        rows: list[tuple[str, ...]] = []
        try:
            rows.extend(tuple(row) for row in lines if row)
        except csv.Error as error:
            row = f"row {grouped(first + len(rows))}"
            reason = f"{row} cannot be read as CSV ({rows_of_csv.reason_of(error)})"
            raise StoreError(self._guard.place, reason) from None
        rows = rows[skipped : skipped + stop - start]
        width = len(self.columns)
        for number, fields in enumerate(rows, start):
            if len(fields) != width:
                message = f"row {grouped(number)} has {counted(len(fields), 'field')}, "
                message += f"and the header {width}, with {self._separator!r} between them"
                raise StoreError(self._guard.place, f"{message}; set delimiter if it is another")
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
            head = file.read(_HEAD_BYTES)
        if head.startswith(_PACKED):
            text = "is compressed, so that no row can be read by itself; decompress it first"
            raise BadInputError(text, self._guard.place)
        start = len(BOM) if head.startswith(BOM) else 0
        header, said = b"", None
        while start < len(head):
            end = end_of_record(head, start) or len(head)
            header = head[start:end]
            found = None if said else said_separator(header)
            if found is None and header.strip(b"\r\n"):
                break
            start, said = end, said or found
        self._separator = self._wanted or said or likely_delimiter(header)
        self.columns = read_names(header, self._separator, self._guard.place).names
        if not self.columns:
            raise BadInputError("has no line with the names of its columns", self._guard.place)
        self._rows, self._marks = _index(self._guard, self._separator, start)


def _index(guard: FileGuard, separator: str, start: int) -> tuple[int, npt.NDArray[np.int64]]:
    """Return the number of rows behind the header, which begins there, and where marks stand.

    The last mark is the end.
    """
    with naming_extra("files"):
        import numpy as np

    which = (os.fspath(guard.path.absolute()), guard.seen)
    seen = repr((*which, rows_of_csv.STEP, separator, start, 3)).encode()
    kept = cache_folder() / "indexes" / f"{hashlib.blake2b(seen, digest_size=12).hexdigest()}.npy"
    try:
        found = np.load(kept)
    except (OSError, ValueError, EOFError):
        found = rows_of_csv.find_rows(guard, separator, start)
        with whole_path(kept) as scratch, scratch.open("wb") as file:
            np.save(file, found)
    return int(found[0]), found[1:]
