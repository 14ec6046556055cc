"""Where the records of a CSV end: found in arrays of bytes, with quotes respected."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ends = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]

MOST_FIELD = 131_072
"""The longest field in characters, which is the limit of Python's csv module too."""
MOST_RECORD = 1 << 20
"""A record longer than this many bytes is taken for one whose quote was never closed."""

_LF, _CR, _QUOTE, _NUL = 10, 13, 34, 0


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """The records at the start of some bytes.

    Attributes:
        ends: Offsets just behind each record's line end, shape ``(records,)``, rising.
        regular: Whether each record has as many fields as there are columns, and nothing that
            engines read in different ways: blank lines, NUL, lone carriage returns, stray quotes.
        lines: How many line feeds the records have; more than records where quotes hold some.
    """

    ends: Ends
    regular: bool
    lines: int


def scan(data: bytes, delimiter: str, columns: int, *, final: bool) -> Scan:
    """Find the records that are whole in some bytes, which begin with a record.

    Quotes are those of RFC 4180: a line feed ends a record where the number of quotes before it is
    even. Where a quote opens or closes elsewhere than at a field's edge, records are found one by
    one as Python's csv module reads them, and a line that it cannot read is a record of its own.

    Args:
        data: The bytes; where they are the last ones, the last line has its line feed.
        delimiter: One character.
        columns: How many fields a record has.
        final: Whether nothing follows.
    """
    values = np.frombuffer(data, np.uint8)
    quoted = b'"' in data
    outside = _outside(values, ord(delimiter)) if quoted else None
    if quoted and outside is None:
        return _walked(data, delimiter, final=final)
    feeds = values == _LF
    if outside is not None:
        feeds &= outside
    ends = np.flatnonzero(feeds) + 1
    last = int(ends[-1]) if len(ends) else 0
    if (final and last < len(data)) or len(data) - last > MOST_RECORD:
        return _walked(data, delimiter, final=final)
    inner, outer = values[:last], None if outside is None else outside[:last]
    regular = (
        b"\0" not in data
        and not _blank(inner, ends)
        and not _lone_returns(inner, outer)
        and _fields_match(inner, outer, ends, ord(delimiter), columns)
    )
    lines = len(ends) if outside is None else int(np.count_nonzero(inner == _LF))
    return Scan(ends, regular, lines)


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


def _lone_returns(values: Bytes, outside: Flags | None) -> bool:
    returns = values == _CR
    if outside is not None:
        returns &= outside
    places = np.flatnonzero(returns)
    return bool(len(places)) and not bool((values[places + 1] == _LF).all())


def _fields_match(
    values: Bytes, outside: Flags | None, ends: Ends, delimiter: int, columns: int
) -> bool:
    between = values == delimiter
    if outside is not None:
        between &= outside
    each = columns - 1
    places = np.flatnonzero(between)
    if len(places) != each * len(ends):
        return False
    if not each or not len(ends):
        return True
    starts = ends[:-1]
    return bool((places[each::each] >= starts).all() and (places[each - 1 :: each] < ends).all())


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

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> str:
        if self.place >= len(self._data):
            self.over = True
            raise StopIteration
        if self.place - self.start > MOST_RECORD:
            raise _TooLongError
        first, self.place = self.place, self._data.find(b"\n", self.place) + 1 or len(self._data)
        return self._data[first : self.place].decode("latin-1")
