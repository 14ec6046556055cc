"""Blocks of a CSV: some records, one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from perflab.patterns.streaming._records import Form, are_short, scan

if TYPE_CHECKING:
    from perflab.patterns.streaming._records import Ends


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
    likely = False

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

    def looked_at(self, form: Form) -> Block:
        """Return it as regular where it is so without what was around it."""
        found = scan(self.data, form, final=True)
        # Cut out of what was around it, it may be read in another way: then it stays as it was.
        same = len(found.ends) == len(self.ends) and bool((found.ends == self.ends).all())
        regular = same and found.regular and are_short(self.ends)
        return dataclasses.replace(self, regular=regular)


@dataclasses.dataclass(frozen=True, slots=True)
class LikelyBlock:
    """Some records of which a strict reader may find out that they are not regular.

    Attributes:
        data: Their bytes.
        records: How many they are; see `quick_look`.
        line: The line of the file that the first record begins on, from 1.
    """

    data: bytes
    records: int
    line: int
    likely = True

    def line_of(self, record: int) -> int:
        """Return the line of the file that a record begins on."""
        return self.line + record

    def scanned(self, form: Form) -> Block:
        """Return it with a full look at what it is like."""
        found = scan(self.data, form, final=True)
        return Block(self.data, found.ends, self.line, found.regular and are_short(found.ends))


AnyBlock: TypeAlias = Block | LikelyBlock
