"""`Window`: a part of a file as it was read and looked at, out of which blocks are cut."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from perflab.patterns.streaming._quick import end_of_line, quick_look
from perflab.patterns.streaming._records import Form, are_short, scan

if TYPE_CHECKING:
    from perflab.patterns.streaming._records import Ends
    from perflab.patterns.streaming._scratch import Scratch

_LF = 10


@dataclasses.dataclass(slots=True)
class Window:
    """Some bytes of a file, which begin with a record.

    Behind the last record may be the start of one that is whole in the next window.

    Attributes:
        data: The bytes.
        records: How many records are whole.
        size: How many bytes those have.
        likely: Whether it had only a quick look; see `quick_look`.
        regular: What a full look found; see `Scan`.
        simple: Whether each record is a line.
        taken: How many records are already in blocks.
        offset: How many bytes those have.
    """

    data: bytes
    records: int
    size: int
    likely: bool
    regular: bool
    simple: bool
    taken: int = 0
    offset: int = 0
    _ends: Ends | None = None

    @classmethod
    def quick(cls, data: bytes, form: Form, scratch: Scratch) -> Self | None:
        """Return a window after a quick look; none where it takes a full one."""
        found = quick_look(data, form, scratch)
        if found is None:
            return None
        return cls(data, *found, likely=True, regular=False, simple=True)

    @classmethod
    def scanned(
        cls, data: bytes, form: Form, *, final: bool, scratch: Scratch | None = None
    ) -> Self:
        """Return a window after a full look.

        Args:
            data: The bytes.
            form: What a regular record is like.
            final: Whether nothing follows.
            scratch: Memory to work in.
        """
        found = scan(data, form, final=final, scratch=scratch)
        ends = found.ends
        size = int(ends[-1]) if len(ends) else 0
        simple = found.lines == len(ends)
        regular = found.regular and are_short(ends)
        return cls(data, len(ends), size, likely=False, regular=regular, simple=simple, _ends=ends)

    @property
    def left(self) -> int:
        """How many records are in no block yet."""
        return self.records - self.taken

    @property
    def rest(self) -> bytes:
        """What stands behind the last record."""
        return self.data[self.size :]

    @property
    def ends(self) -> Ends:
        """Offsets just behind each record, shape ``(records,)``."""
        if self._ends is None:
            self._ends = np.flatnonzero(np.frombuffer(self.data, np.uint8, self.size) == _LF) + 1
        return self._ends

    def scan(self, form: Form) -> None:
        """Give a likely window a full look."""
        if self.likely:
            found = self.scanned(self.data[: self.size], form, final=True)
            self.likely, self.regular, self._ends = False, found.regular, found.ends

    def watch(self, form: Form, *, quick: bool, scratch: Scratch) -> None:
        """Look once more, at what a regular record is now like; its records stay."""
        records = self.data[: self.size]
        found = quick_look(records, form, scratch) if quick else None
        self.likely = found is not None and found.records == self.records
        if not self.likely:
            self.regular = self.regular and scan(records, form, final=True).regular

    def take(self, most: int) -> Part:
        """Take the next records, at most so many, of which there must be one."""
        first, start = self.taken, self.offset
        if most >= self.left:
            self.taken, self.offset = self.records, self.size
        elif self._ends is not None:
            self.taken += most
            self.offset = int(self._ends[self.taken - 1])
        else:
            self.taken += most
            self.offset += end_of_line(memoryview(self.data)[start : self.size], most)
        return Part(self, first, self.taken, start, self.offset)


class Part(NamedTuple):
    """Some records of a window, from one number to before another, and their bytes."""

    window: Window
    first: int
    last: int
    start: int
    stop: int

    @property
    def records(self) -> int:
        """How many they are."""
        return self.last - self.first

    @property
    def data(self) -> memoryview:
        """Their bytes."""
        return memoryview(self.window.data)[self.start : self.stop]

    @property
    def ends(self) -> Ends:
        """Offsets just behind each of them, from the first one's begin on."""
        return self.window.ends[self.first : self.last] - self.start

    @property
    def lines(self) -> int:
        """How many line feeds they have."""
        return self.records if self.window.simple else bytes(self.data).count(b"\n")
