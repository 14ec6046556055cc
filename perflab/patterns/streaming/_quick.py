"""A quick look at bytes of a CSV, which leaves the fields of each record to a strict reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perflab.patterns.streaming._records import (
    MOST_FIELD,
    Form,
    has_lone_returns,
    has_odd_bytes,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.patterns.streaming._scratch import Scratch

    Flags = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]

_LF, _CR, _MINUS, _POINT, _ZERO, _ONE, _NINE, _LOWER, _X, _QUOTE = map(np.uint8, b'\n\r-.019 x"')
_BYTES_PER_HIT = 16
_SEARCHED = 1 << 15


class Likely(NamedTuple):
    """Records that may well be regular; what they are like is up to who reads them.

    Attributes:
        records: How many they are; a line feed ends each.
        size: How many bytes they have.
    """

    records: int
    size: int


def quick_look(data: bytes, form: Form, scratch: Scratch) -> Likely | None:
    """Return the whole records at the start of some bytes where nothing odd is to be seen.

    It costs a third of `scan`, since it does not look up where fields end. Three things are left
    to who reads them: whether each record has as many fields as it should; whether what stands in
    a column of numbers is one, and whole where it should be; and whether a number in a column of
    fractions has more than 15 digits, which is then at least `TOO_LARGE`. All else that makes a
    record irregular makes the look give up, and it may give up where nothing is irregular.

    Args:
        data: The bytes, which begin with a record.
        form: What a regular record is like; its ``finite`` is left to the reader too.
        scratch: Memory to work in.

    Returns:
        None where something may be odd: see `scan` then.
    """
    size = data.rfind(b"\n") + 1
    if not size or form.columns == 1 or form.empty or not _short_lines(data, size):
        return None
    values = np.frombuffer(data, np.uint8, size)
    feeds, between = scratch.flags(size)
    np.equal(values, _LF, out=feeds)
    np.equal(values, ord(form.delimiter), out=between)
    records = int(np.count_nonzero(feeds))
    between |= feeds
    if _has_odd_bytes(data, values, form, records, scratch):
        return None
    if form.numbers and not _starts_are_plain(values, between, form.delimiter, scratch):
        return None
    return Likely(records, size)


def end_of_line(data: memoryview, lines: int) -> int:
    """Return where the last of so many lines at the start of some bytes ends."""
    feeds = np.frombuffer(data, np.uint8) == _LF
    start, stop, left = 0, len(feeds), lines
    while stop - start > _SEARCHED:
        middle = (start + stop) // 2
        found = int(np.count_nonzero(feeds[start:middle]))
        if found >= left:
            stop = middle
        else:
            start, left = middle, left - found
    return start + int(np.flatnonzero(feeds[start:stop])[left - 1]) + 1


def _has_odd_bytes(data: bytes, values: Bytes, form: Form, feeds: int, scratch: Scratch) -> bool:
    """Say whether there is a quote, a control character or a carriage return that is odd."""
    low = np.less_equal(values, _QUOTE, out=scratch.flags(len(values))[0])
    if int(np.count_nonzero(low)) == feeds:
        return False
    return (
        b'"' in data
        or has_odd_bytes(data, values, form, feeds, scratch)
        or has_lone_returns(data, values, None)
    )


def _short_lines(data: bytes, size: int) -> bool:
    """Say whether no line is longer than a field may be."""
    place = 0
    while size - place > MOST_FIELD:
        place = data.rfind(b"\n", place, place + MOST_FIELD) + 1
        if not place:
            return False
    return len(data) - size <= MOST_FIELD


def _starts_are_plain(values: Bytes, between: Flags, delimiter: str, scratch: Scratch) -> bool:
    """Say whether each field begins as a text or a number that comes out as it stands there.

    The first byte tells it of nearly all. It knows no columns, so that a text that begins with a
    blank, a zero or a sign is in doubt as well.

    Args:
        values: Bytes of whole records.
        between: Which of them end a field; it is worked in.
        delimiter: One character.
        scratch: Memory to work in, of which `between` is the second array of flags.
    """
    low = np.less_equal(values, _ZERO, out=scratch.flags(len(values))[0])
    hits = np.logical_and(between[:-1], low[1:], out=between[:-1])
    places = np.flatnonzero(hits) + 1
    if low[0]:
        places = np.append(places, 0)
    if len(places) > len(values) // _BYTES_PER_HIT:
        return False
    last = len(values) - 1
    first = values[places]
    second, third = (values[np.minimum(places + step, last)] for step in (1, 2))
    empty = (first == ord(delimiter)) | (first == _LF) | (first == _CR)
    digit = (second - _ZERO) <= _NINE - _ZERO
    zero = (first == _ZERO) & ~digit & ((second | _LOWER) != _X)
    fraction = (second == _ZERO) & (third == _POINT)
    minus = (first == _MINUS) & (((second - _ONE) <= _NINE - _ONE) | fraction)
    return bool((empty | zero | minus).all())
