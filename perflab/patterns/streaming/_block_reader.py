"""`BlockReader`: a CSV by blocks, so many records at a time, cut where records end."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from perflab.errors import BadInputError
from perflab.patterns.streaming._blocks import AnyBlock, Block, LikelyBlock
from perflab.patterns.streaming._records import MOST_RECORD, Form
from perflab.patterns.streaming._scratch import Scratch
from perflab.patterns.streaming._window import Part, Window
from perflab.primitives.csv_header import (
    BOM,
    DELIMITERS,
    end_of_record,
    likely_delimiter,
    read_names,
    said_separator,
)

if TYPE_CHECKING:
    from perflab.patterns.streaming._source import Source

_WINDOW_BYTES = 1 << 19
_FIRST_BYTES = 1 << 16
_MOST_IN_VAIN = 4
_SCANNED_NEXT = 64


class BlockReader:
    """Reads the header and then blocks of records.

    Attributes:
        names: The columns, as the header has them, and a name for each that has none there.
        delimiter: What stands between fields, one character.
        notes: What was found out about the header, in words.
        quick: Whether a quick look will do, since a strict engine reads the blocks.
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
        self._coming: Future[list[Window]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="perflab-read") if ahead else None
        self._windows: deque[Window] = deque()
        self._held = 0
        self._scratch = Scratch()
        self.quick = False
        self._in_vain = self._scan_next = 0
        self._carry = self._strip(source.read(_FIRST_BYTES))
        self._over = False
        self.rest: bytes | None = None
        header, count = self._cut_header()
        self.notes: list[str] = []
        said = said_separator(header) if self._carry else None
        if said is not None:
            self.notes.append(f"the first line says that {said!r} stands between fields")
            header, more = self._cut_header()
            count += more
        self.delimiter = DELIMITERS.get(delimiter) or said or likely_delimiter(header)
        self.names = self._names(header)
        self._form = Form(self.delimiter, len(self.names))
        self._line = 1 + count

    def read(self, rows: int) -> Block | None:
        """Return the next block of at most so many records; None at the end."""
        parts = self._take(rows)
        return self._block(parts) if parts else None

    def read_quickly(self, rows: int) -> AnyBlock | None:
        """Return what `read` does, after a quick look alone where that will do."""
        parts = self._take(rows)
        if not parts:
            return None
        if all(part.window.likely for part in parts):
            records = sum([part.records for part in parts])
            return LikelyBlock(_joined(parts), records, self._pass(records))
        return self._block(parts)

    def read_some(self) -> Block | None:
        """Return the next records, as many as are at hand; None at the end."""
        while not self._windows and self._fetch():
            pass
        return self.read(self._windows[0].left) if self._windows else None

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

    def watch(self, form: Form, *, quick: bool = False) -> None:
        """Look from now on at what a regular record is like, and once more at what was read.

        Nothing may have been taken or be read ahead.

        Args:
            form: What a regular record is like.
            quick: See `quick`.
        """
        self._form, self.quick = form, quick
        for window in self._windows:
            window.watch(form, quick=quick, scratch=self._scratch)

    def doubt(self) -> None:
        """Give what comes next full looks: a strict reader refused a likely block."""
        self._scan_next = _SCANNED_NEXT

    @property
    def nameless(self) -> tuple[int, ...]:
        """The places of the columns without a name in the header, from 0."""
        return self._nameless

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
        if self._coming is not None:
            coming, self._coming = self._coming, None
            windows = coming.result()
        elif self._over:
            return False
        else:
            windows = self._read_windows(1)
        self._windows += windows
        self._held += sum(window.left for window in windows)
        return True

    def _read_ahead(self, size: int) -> None:
        """Have as much read as the block of that size that was just cut took."""
        assert self._thread is not None  # noqa: S101  (the caller looked)
        wanted = 1 + size // _WINDOW_BYTES - len(self._windows)
        if wanted > 0 and self._coming is None and not self._over:
            self._coming = self._thread.submit(self._read_windows, wanted)

    def _read_windows(self, most: int) -> list[Window]:
        """Read the next windows, at most so many; fewer at the end."""
        windows = (self._read_window() for _ in range(most))
        return [window for window in windows if window is not None]

    def _read_window(self) -> Window | None:
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
        window = self._look(data, final=self._over)
        self._carry = window.rest
        # Read again, it need not be copied to the front of what follows.
        whole = len(fresh) == _WINDOW_BYTES and window.size
        if whole and self._source.put_back(len(self._carry)):
            self._carry = b""
        return window

    def _look(self, data: bytes, *, final: bool) -> Window:
        """Look at bytes, quickly where that is wanted and was not in vain of late."""
        if self._scan_next:
            self._scan_next -= 1
        elif self.quick:
            window = Window.quick(data, self._form, self._scratch)
            if window is not None:
                self._in_vain = 0
                return window
            self._in_vain += 1
            if self._in_vain == _MOST_IN_VAIN:
                self._in_vain, self._scan_next = 0, _SCANNED_NEXT
        return Window.scanned(data, self._form, final=final, scratch=self._scratch)

    def _take(self, rows: int) -> list[Part]:
        """Take the next records, at most so many; none at the end."""
        while self._held < rows and self._fetch():
            pass
        parts: list[Part] = []
        size = 0
        while rows and self._windows:
            window = self._windows[0]
            if window.left:
                part = window.take(rows)
                parts.append(part)
                rows -= part.records
                size += part.stop - part.start
            if window.taken == window.records:
                self._windows.popleft()
        self._held -= sum([part.records for part in parts])
        if parts and self._thread is not None:
            self._read_ahead(size)
        return parts

    def _block(self, parts: list[Part]) -> Block:
        for part in parts:
            part.window.scan(self._form)
        starts = accumulate((len(part.data) for part in parts), initial=0)
        ends = np.concatenate([part.ends + at for part, at in zip(parts, starts, strict=False)])
        line = self._pass(sum(part.lines for part in parts))
        regular = all(part.window.regular for part in parts)
        return Block(_joined(parts), ends, line, regular)

    def _pass(self, lines: int) -> int:
        """Return the line that the next record begins on, and go so many further."""
        line, self._line = self._line, self._line + lines
        return line

    def _cut_header(self) -> tuple[bytes, int]:
        """Take the first record that is not blank off what was read, with its number of lines."""
        skipped = 0
        while True:
            data = self._carry
            end = end_of_record(data)
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
        found = read_names(header, self.delimiter, place)
        names, self._nameless = found.names, found.nameless
        if not names:
            raise BadInputError("has no header, only blank lines", self._source.place)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise BadInputError(f"the column {twice!r} comes twice; rename one", place)
        return names

    @staticmethod
    def _strip(start: bytes) -> bytes:
        return start.removeprefix(BOM)


def _joined(parts: list[Part]) -> bytes:
    return b"".join([part.data for part in parts])
