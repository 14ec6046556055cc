"""`Store`: what a lazy loader reads from; the error of one that cannot be read; a file's guard."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from perflab.errors import BadInputError
from perflab.primitives.regular_file import refuse_special

Row = Any
"""A row, as its store gives it: a tuple, a dict, an element of an array ..."""
Rows = Sequence[Row]


class Store(Protocol):
    """Rows by number; the two methods may be called from several threads."""

    def __len__(self) -> int:
        """Return how many rows there are; asked when a loader opens it, and on `refresh`."""

    def read(self, start: int, stop: int) -> Rows:
        """Return the rows from `start` up to `stop`, as a list or an array of its own.

        Raises:
            StoreError: If it cannot now, or is another than when it was opened.
        """


@runtime_checkable
class MeasuredStore(Protocol):
    """A store that knows how many bytes it reads for rows, such as whole row groups."""

    def stored_bytes(self, start: int, stop: int) -> int:
        """Return the bytes that are read for the rows from `start` up to `stop`."""


@runtime_checkable
class ReopenedStore(Protocol):
    """A store that looks again at what it reads from, and lets go of it."""

    def refresh(self) -> None:
        """Take up what changed: length, columns, the file itself.

        Raises:
            StoreError: If it cannot be opened now.
        """

    def close(self) -> None:
        """Let go of what is open; reading opens it again."""


class StoreError(RuntimeError):
    """A store cannot be read now: locked, missing, or changed; its loader stays usable.

    Args:
        place: The store.
        message: What is wrong and what to do about it.
    """

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, str]]:
        """Keep place and message apart when the error crosses a process boundary."""
        return type(self), (self.place, self.message)


class FileGuard:
    """Tells whether a file is still the one that was opened, by inode, size and time of change.

    Args:
        path: The file.

    Raises:
        BadInputError: If there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.place = os.fspath(path)
        self.path = Path(path).expanduser()
        if self.path.is_dir():
            raise BadInputError("is a folder; name a file in it", self.place)
        refuse_special(self.path, self.place)
        try:
            self._seen = self._look()
        except OSError as error:
            text = f"cannot be opened ({error.strerror}); check the spelling"
            raise BadInputError(text, self.place) from None

    @property
    def size_bytes(self) -> int:
        """The file's size when it was looked at."""
        return self._seen[2]

    @property
    def seen(self) -> tuple[int, ...]:
        """Device, inode, size in bytes and time of change in nanoseconds, when looked at."""
        return self._seen

    def check(self) -> None:
        """Refuse a file that is gone, or another one by now.

        Raises:
            StoreError: If so.
        """
        if self._there() != self._seen:
            text = "was rewritten since it was opened; refresh() reads it again"
            raise StoreError(self.place, text)

    def check_place(self) -> None:
        """Refuse a file that is gone, or that another one has replaced; it may have been changed.

        Raises:
            StoreError: If so.
        """
        if self._there()[:2] != self._seen[:2]:
            text = "was replaced since it was opened; refresh() opens it again"
            raise StoreError(self.place, text)

    def refresh(self) -> None:
        """Take the file as it is now.

        Raises:
            StoreError: If it is gone.
        """
        self._seen = self._there()

    def _there(self) -> tuple[int, ...]:
        try:
            return self._look()
        except OSError as error:
            text = f"is missing ({error.strerror}); put it back and read again"
            raise StoreError(self.place, text) from None

    def _look(self) -> tuple[int, ...]:
        found = self.path.stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
