"""`RejectedFile`: the list of a stream's rejected rows, beside its output."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.files import csv_cell, expanded, place_of
from perflab.files.whole import keep_mode

if TYPE_CHECKING:
    from perflab.patterns.streaming._rows import Rejected

REJECTED_SUFFIX = ".rejected.csv"
_HEADER = ("line", "reason", "record")
_MARK = re.compile(rb"line,reason,record\r\n(?:\d+,|\Z)")
_MARK_BYTES = 64


def rejected_path(output: str | os.PathLike[str]) -> Path | None:
    """Return where the rejected rows of an output stand; None beside a device or a pipe."""
    if place_of(output).is_stream:
        return None
    path = expanded(output)
    return path.with_name(path.name + REJECTED_SUFFIX)


class RejectedFile:
    """A CSV of rejected rows: line, reason, and how the record begins; made with the first one.

    A file that is there is known for one of an earlier run by its first lines: the three columns
    and a line's number. Any other is the user's and stays: rows are not rejected into it, and it
    is not taken away where no row was.

    Args:
        path: Where it is written first.
        target: Its place at the end; None where it is not kept.
    """

    def __init__(self, path: Path, target: Path | None) -> None:
        self._path, self._target = path, target
        self._file: IO[str] | None = None

    def write(self, rows: Sequence[Rejected]) -> None:
        """Add rows.

        Raises:
            BadInputError: If somebody else's file stands in its place.
        """
        if not rows or self._target is None:
            return
        if self._file is None:
            self._refuse_foreign(self._target)
            self._file = self._path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(_HEADER)
        csv.writer(self._file).writerows(
            (row.line, csv_cell(row.reason), csv_cell(row.record)) for row in rows
        )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def settle(self) -> None:
        """Put it into its place; where there is none, one of an earlier run goes.

        Raises:
            BadInputError: If somebody else's file has come into its place.
        """
        if self._target is None:
            return
        if self._file is None:
            remove_rejected(self._target)
            return
        self._refuse_foreign(self._target)
        keep_mode(place_of(self._target), self._path)
        self._path.replace(self._target)

    @staticmethod
    def _refuse_foreign(target: Path) -> None:
        if os.path.lexists(target) and not _is_ours(target):
            text = (
                "exists and was not written by perflab, but rows were rejected, which are listed "
                "under this name; move it, or name another output; nothing was written"
            )
            raise BadInputError(text, str(target))


def remove_rejected(target: Path | None) -> None:
    """Remove the list of an earlier run, and no other file."""
    if target is not None and _is_ours(target):
        target.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            return bool(_MARK.match(file.read(_MARK_BYTES)))
    except OSError:
        return False
