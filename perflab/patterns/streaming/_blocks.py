"""Blocks of a CSV: so many records at a time, cut where records end."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from perflab.errors import BadInputError
from perflab.patterns.streaming._records import MOST_FIELD, MOST_RECORD, scan

if TYPE_CHECKING:
    from perflab.patterns.streaming._records import Ends
    from perflab.patterns.streaming._source import Source

_WINDOW_BYTES = 1 << 20
_FIRST_BYTES = 1 << 16
_BOM = b"\xef\xbb\xbf"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Some records of a file, one after the other.

    Attributes:
        data: Their bytes.
        ends: Offsets just behind each record, shape ``(records,)``.
        line: The line of the file that the first record begins on, from 1.
        regular: Whether an engine may have it as it is; see `Scan`.
    """

    data: bytes
    ends: Ends
    line: int
    regular: bool

    @property
    def records(self) -> int:
        """How many records it has, blank lines among them where it is not regular."""
        return len(self.ends)

    def line_of(self, record: int) -> int:
        """Return the line of the file that a record begins on."""
        start = int(self.ends[record - 1]) if record else 0
        return self.line + self.data.count(b"\n", 0, start)

    def pieces(self, records: int) -> Iterator[Block]:
        """Yield it in blocks of so many records."""
        start, line = 0, self.line
        for first in range(0, self.records, records):
            ends = self.ends[first : first + records]
            data = self.data[start : int(ends[-1])]
            yield Block(data, ends - start, line, self.regular)
            start, line = int(ends[-1]), line + data.count(b"\n")

    def looked_at(self, delimiter: str, columns: int) -> Block:
        """Return it as regular where it is so without what was around it."""
        found = scan(self.data, delimiter, columns, final=True)
        # Cut out of what was around it, it may be read in another way: then it stays as it was.
        same = len(found.ends) == len(self.ends) and bool((found.ends == self.ends).all())
        regular = same and found.regular and _short(self.ends)
        return dataclasses.replace(self, regular=regular)


@dataclasses.dataclass(slots=True)
class _Window:
    """A part of the file as it was scanned; `taken` of its records are already in blocks."""

    data: bytes
    ends: Ends
    regular: bool
    simple: bool
    taken: int = 0

    @property
    def left(self) -> int:
        return len(self.ends) - self.taken


class BlockReader:
    """Reads the header and then blocks of records.

    Attributes:
        names: The columns, as the header has them.
        delimiter: What stands between fields, one character.
        rest: The start of a record that the archive was cut off in; none where it was not.

    Args:
        source: The file.
        delimiter: ``comma``, ``semicolon``, ``tab``, ``pipe`` or ``auto``.
        ahead: Read and scan the next block in a thread while this one is being worked on.

    Raises:
        BadInputError: If the header is missing, is not text, or names a column twice.
    """

    def __init__(self, source: Source, delimiter: str = "auto", *, ahead: bool = False) -> None:
        self._source = source
        self._coming: deque[Future[_Window | None]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="perflab-read") if ahead else None
        self._windows: deque[_Window] = deque()
        self._held = 0
        self._carry = self._strip(source.read(_FIRST_BYTES))
        self._over = False
        self.rest: bytes | None = None
        header, count = self._cut_header()
        self.delimiter = DELIMITERS.get(delimiter) or _likely(header)
        self.names = self._names(header)
        self._line = 1 + count

    def read(self, rows: int) -> Block | None:
        """Return the next block of at most so many records; None at the end."""
        while self._held < rows and self._fetch():
            pass
        if not self._held:
            return None
        parts: list[bytes] = []
        ends: list[Ends] = []
        size, lines, regular = 0, 0, True
        while rows and self._windows:
            window = self._windows[0]
            take = min(rows, window.left)
            start = int(window.ends[window.taken - 1]) if window.taken else 0
            last = window.taken + take
            if not take:
                self._windows.popleft()
                continue
            part = window.data[start : int(window.ends[last - 1])]
            ends.append(window.ends[window.taken : last] + (size - start))
            lines += take if window.simple else part.count(b"\n")
            regular &= window.regular
            parts.append(part)
            size += len(part)
            rows -= take
            self._held -= take
            window.taken = last
            if not window.left:
                self._windows.popleft()
        if self._thread is not None:
            self._read_ahead(size)
        line, self._line = self._line, self._line + lines
        together = ends[0] if len(ends) == 1 else np.concatenate(ends)
        return Block(parts[0] if len(parts) == 1 else b"".join(parts), together, line, regular)

    def peek(self, rows: int) -> Block:
        """Return the first records of the file, at most so many, without taking them."""
        if not self._windows:
            self._fetch()
        if not self._windows:
            return Block(b"", np.empty(0, np.int64), self._line, regular=False)
        window = self._windows[0]
        ends = window.ends[:rows]
        data = window.data[: int(ends[-1])] if len(ends) else b""
        return Block(data, ends, self._line, window.regular)

    @property
    def line(self) -> int:
        """The line of the file that the next record begins on."""
        return self._line

    def close(self) -> None:
        """Wait for what is being read ahead, and read no more."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def _fetch(self) -> bool:
        """Take one more window of the file; say whether there was one to take."""
        if self._coming:
            window = self._coming.popleft().result()
        elif self._over:
            return False
        else:
            window = self._read_window()
        if window is not None:
            self._windows.append(window)
            self._held += window.left
        return True

    def _read_ahead(self, size: int) -> None:
        """Have as much read as the block of that size that was just cut took."""
        assert self._thread is not None  # noqa: S101  (the caller looked)
        wanted = 1 + size // _WINDOW_BYTES - len(self._windows) - len(self._coming)
        for _ in range(wanted if not self._over else 0):
            self._coming.append(self._thread.submit(self._read_window))

    def _read_window(self) -> _Window | None:
        if self._over:
            return None
        fresh = self._source.read(_WINDOW_BYTES)
        data = self._carry + fresh
        self._over = not fresh
        if self._over and self._source.cut_off is not None:
            cut = data.rfind(b"\n") + 1
            data, self.rest = data[:cut], data[cut:]
        if self._over and data and not data.endswith(b"\n"):
            data += b"\n"
        if not data:
            self._carry = b""
            return None
        found = scan(data, self.delimiter, len(self.names), final=self._over)
        last = int(found.ends[-1]) if len(found.ends) else 0
        self._carry = data[last:]
        simple = found.lines == len(found.ends)
        return _Window(data[:last], found.ends, found.regular and _short(found.ends), simple)

    def _cut_header(self) -> tuple[bytes, int]:
        """Take the first record that is not blank off what was read, with its number of lines."""
        skipped = 0
        while True:
            data = self._carry
            end = _end_of_record(data)
            if end is None:
                more = self._source.read(_WINDOW_BYTES) if len(data) <= MOST_RECORD else b""
                self._carry += more
                if more:
                    continue
                end = data.find(b"\n") + 1 or len(data)
            header, self._carry = data[:end], data[end:]
            if header.strip(b"\r\n") or not self._carry:
                return header, skipped + max(1, header.count(b"\n"))
            skipped += 1

    def _names(self, header: bytes) -> tuple[str, ...]:
        place = f"{self._source.place}:1"
        if not header and self._source.cut_off is not None:
            raise BadInputError(f"{self._source.cut_off}, before the header ends", place)
        try:
            text = header.decode("utf-8")
            names = next(csv.reader(io.StringIO(text, newline="\n"), delimiter=self.delimiter), [])
        except UnicodeDecodeError:
            raise BadInputError("the header is not UTF-8; save the file as UTF-8", place) from None
        except csv.Error as error:
            raise BadInputError(f"the header cannot be read ({error})", place) from None
        if "\0" in text:
            raise BadInputError("the header holds NUL; this is not text", place)
        if not names:
            raise BadInputError("has no header, only blank lines", self._source.place)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise BadInputError(f"the column {twice!r} comes twice; rename one", place)
        return tuple(names)

    @staticmethod
    def _strip(start: bytes) -> bytes:
        return start.removeprefix(_BOM)


def _short(ends: Ends) -> bool:
    """Say whether no record can have a field that is over-long."""
    return not len(ends) or int(np.diff(ends, prepend=0).max()) <= MOST_FIELD


def _end_of_record(data: bytes) -> int | None:
    """Return where the first record ends; none if that is not in the data."""
    end = data.find(b"\n")
    while end >= 0 and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end + 1)
    return None if end < 0 else end + 1


def _likely(header: bytes) -> str:
    """Return the delimiter that the header has most of, outside of quotes; else the comma."""
    outside = b"".join(header.split(b'"')[0::2])
    return max(DELIMITERS.values(), key=lambda one: outside.count(one.encode()))
