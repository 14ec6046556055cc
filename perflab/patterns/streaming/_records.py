"""Where the records of a CSV end: found in arrays of bytes, with quotes respected."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import numpy as np

from perflab.patterns.streaming._numbers import Fields, Watched, any_huge, are_plain
from perflab.patterns.streaming._scratch import Scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    Ends = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]

MOST_FIELD = 131_072
"""The longest field in characters, which is the limit of Python's csv module too."""
MOST_RECORD = 1 << 20
"""A record longer than this many bytes is taken for one whose quote was never closed."""

_TAB, _LF, _CR, _BLANK, _QUOTE = 9, 10, 13, 32, 34
_ODD_BLANKS = (b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
"""What some engines read over beside a number, and others do not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """The records at the start of some bytes.

    Attributes:
        ends: Offsets just behind each record's line end, shape ``(records,)``, rising.
        regular: Whether each record has as many fields as there are columns, and nothing that
            engines read in different ways: blank lines, NUL, lone carriage returns, stray quotes,
            and in columns of numbers what would come out otherwise than it stands there.
        lines: How many line feeds the records have; more than records where quotes hold some.
    """

    ends: Ends
    regular: bool
    lines: int


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """What a regular record is like.

    Attributes:
        delimiter: Between its fields, one character.
        columns: How many fields it has.
        numbers: Which of them hold numbers, as far as that is known.
        empty: How many of the last ones have to be empty.
        finite: Whether numbers have to be finite.
    """

    delimiter: str
    columns: int
    numbers: tuple[Watched, ...] = ()
    empty: int = 0
    finite: bool = False


def scan(data: bytes, form: Form, *, final: bool, scratch: Scratch | None = None) -> Scan:
    """Find the records that are whole in some bytes, which begin with a record.

    Quotes are those of RFC 4180: a line feed ends a record where the number of quotes before it is
    even. Where a quote opens or closes elsewhere than at a field's edge, records are found one by
    one as Python's csv module reads them, and a line that it cannot read is a record of its own.

    Args:
        data: The bytes; where they are the last ones, the last line has its line feed.
        form: What a regular record is like.
        final: Whether nothing follows.
        scratch: Memory to work in, for who scans again and again in one thread.
    """
    scratch = scratch or Scratch()
    delimiter = form.delimiter
    values = np.frombuffer(data, np.uint8)
    quoted = b'"' in data
    outside = _outside(values, ord(delimiter)) if quoted else None
    if quoted and outside is None:
        return _walked(data, delimiter, final=final)
    feeds, between = scratch.flags(len(values))
    np.equal(values, _LF, out=feeds)
    np.equal(values, ord(delimiter), out=between)
    if outside is not None:
        feeds &= outside
        between &= outside
    between |= feeds
    marks = np.flatnonzero(between)
    ends, even = _ends(feeds, marks, form.columns)
    last = int(ends[-1]) if len(ends) else 0
    if (final and last < len(data)) or len(data) - last > MOST_RECORD:
        return _walked(data, delimiter, final=final)
    inner, outer = values[:last], None if outside is None else outside[:last]
    lines = len(ends) if outside is None else int(np.count_nonzero(inner == _LF))
    regular = (
        even
        and not has_odd_bytes(data, inner, form, lines, scratch)
        and not (form.columns == 1 and _blank(inner, ends))
        and not has_lone_returns(data, inner, outer)
        and _fields_match(inner, marks[: len(ends) * form.columns], form, scratch)
    )
    return Scan(ends, regular, lines)


def are_short(ends: Ends) -> bool:
    """Say whether no record is so long that a field may be over-long."""
    return not len(ends) or int(np.diff(ends, prepend=0).max()) <= MOST_FIELD


def _ends(feeds: Flags, marks: Ends, columns: int) -> tuple[Ends, bool]:
    """Return where records end, and whether each of them has as many fields as there are columns.

    Args:
        feeds: Which bytes are the line feed of a record.
        marks: Where fields end, at a delimiter or at such a line feed.
        columns: How many fields a record should have.
    """
    records = int(np.count_nonzero(feeds))
    ends = marks[columns - 1 : records * columns : columns]
    if len(ends) == records and bool(feeds[ends].all()):
        return ends + 1, True
    return np.flatnonzero(feeds) + 1, False


def has_odd_bytes(data: bytes, values: Bytes, form: Form, feeds: int, scratch: Scratch) -> bool:
    """Say whether there is a NUL, or beside numbers a blank that only some engines read over."""
    low = np.less(values, _BLANK, out=scratch.flags(len(values))[0])
    controls = int(np.count_nonzero(low)) - feeds
    if controls and controls == int(np.count_nonzero((values == _CR) | (values == _TAB))):
        return False
    return controls > 0 and (
        b"\0" in data or bool(form.numbers and any(blank in data for blank in _ODD_BLANKS))
    )


def _outside(values: Bytes, delimiter: int) -> Flags | None:
    """Return which bytes are outside of quotes; none where a quote is not at a field's edge."""
    quotes = values == _QUOTE
    places = np.flatnonzero(quotes)
    opening, closing = places[0::2], places[1::2]
    before = values[opening[opening > 0] - 1]
    after = values[closing[closing < len(values) - 1] + 1]
    edges = (before == delimiter) | (before == _LF) | (before == _QUOTE)
    others = (after == delimiter) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    if not (edges.all() and others.all()):
        return None
    outside: Flags = (np.cumsum(quotes, dtype=np.uint8) & 1) == 0
    return outside


def _blank(values: Bytes, ends: Ends) -> bool:
    lengths = np.diff(ends, prepend=0)
    if not len(lengths) or int(lengths.min()) > 2:
        return False
    if (lengths == 1).any():
        return True
    return bool((values[ends[lengths == 2] - 2] == _CR).any())


def has_lone_returns(data: bytes, values: Bytes, outside: Flags | None) -> bool:
    """Say whether outside of quotes there is a carriage return without a line feed behind it."""
    if b"\r" not in data:
        return False
    returns = values == _CR
    if outside is not None:
        returns &= outside
    followed = returns[:-1] & (values[1:] == _LF)
    return int(np.count_nonzero(returns)) != int(np.count_nonzero(followed))


def _fields_match(values: Bytes, marks: Ends, form: Form, scratch: Scratch) -> bool:
    """Say whether the fields that have to be empty are, and numbers come out as they stand there.

    Args:
        values: Bytes of whole records.
        marks: Where their fields end, shape ``(records * columns,)``.
        form: What a regular record is like.
        scratch: Memory to work in.
    """
    if not len(marks):
        return True
    starts, sizes = scratch.places(len(marks))
    starts[0] = 0
    np.add(marks[:-1], 1, out=starts[1:])
    np.subtract(marks, starts, out=sizes)
    fields = Fields(*(each.reshape(-1, form.columns) for each in (starts, marks, sizes)))
    for place in range(form.columns - form.empty, form.columns):
        left = fields.sizes[:, place]
        if place == form.columns - 1:
            left = left - (values[np.maximum(fields.stops[:, place] - 1, 0)] == _CR)
        if bool((left > 0).any()):
            return False
    if form.finite and any_huge(values, fields.stops, form.numbers, scratch):
        return False
    return are_plain(values, fields, form.numbers, finite=form.finite)


def _walked(data: bytes, delimiter: str, *, final: bool) -> Scan:
    ends = np.fromiter(_walk(data, delimiter, final=final), np.int64)
    last = int(ends[-1]) if len(ends) else 0
    return Scan(ends, regular=False, lines=data.count(b"\n", 0, last))


def _walk(data: bytes, delimiter: str, *, final: bool) -> Iterator[int]:
    """Yield where each record ends, as Python's csv module reads them."""
    start = 0
    while start < len(data):
        lines = _Lines(data, start)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            try:
                next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLongError):
                if lines.over and not final and len(data) - start <= MOST_RECORD:
                    return
                start = data.find(b"\n", start) + 1 or len(data)
                if start == len(data) and not final and not data.endswith(b"\n"):
                    return
                yield start
                break
            if lines.place == len(data) and not final and not data.endswith(b"\n"):
                return
            start = lines.start = lines.place
            yield start


class _TooLongError(Exception):
    """A record goes on and on."""


class _Lines:
    """The lines of some bytes, one character a byte; knows how far they were read."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self.start = self.place = start
        self.over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self.place >= len(self._data):
            self.over = True
            raise StopIteration
        if self.place - self.start > MOST_RECORD:
            raise _TooLongError
        first, self.place = self.place, self._data.find(b"\n", self.place) + 1 or len(self._data)
        return self._data[first : self.place].decode("latin-1")
