"""Rows of a recording as columns of plain arrays: a service that records need not have NumPy."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, chain, compress, count
from operator import sub
from typing import Any, NamedTuple, TypeVar

from perflab.workloads.recording.keys import PLACE_SHIFT

MICROSECONDS = 1e6
UNKNOWN_SIZE = -1
MISS, HIT, UNKNOWN_HIT = 0, 1, 2
TYPE_CODES = "qIqBBqd"
"""How each of the `Columns` is held, as in `array`."""

# So many rows are added at a time: meanwhile no other thread of the service goes on.
_BATCH = 10_000
_HITS = {False: MISS, True: HIT, None: UNKNOWN_HIT}
Row = tuple[int, float, int, bool | None, int | None, float | None]
"""Key number, time in seconds, code, and hit, size and TTL or None."""

_N = TypeVar("_N", int, float)


class Columns(NamedTuple):
    """Rows as they are written into a part.

    Attributes:
        keys: The number of each key once, in the order in which they came.
        which: Of each row, which of the keys it is about.
        steps: The microseconds from the row before, and of the first row since 1970.
        code: What was done: of `Operation`, or of `perflab.workloads.recording.operations`.
        hit: `MISS`, `HIT` or `UNKNOWN_HIT`.
        size: The bytes of the value, or `UNKNOWN_SIZE`.
        ttl: The seconds that a value was written for, or NaN.
    """

    keys: array[int]
    which: array[int]
    steps: array[int]
    code: array[int]
    hit: array[int]
    size: array[int]
    ttl: array[float]


class GrowingColumns:
    """Columns that rows are added to.

    Args:
        columns: The rows that there are.
    """

    def __init__(self, columns: Columns | None = None) -> None:
        if columns is None:
            empty: list[array[Any]] = [array(code) for code in TYPE_CODES]
            columns = Columns(*empty)
        self._columns = columns
        # A key that is requested by a number that it has not yet gets the next one.
        self._numbers: defaultdict[int, int] = defaultdict(count(len(columns.keys)).__next__)
        self._numbers.update(zip(columns.keys, count()))
        self._last = sum(columns.steps)

    def __len__(self) -> int:
        return len(self._columns.which)

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows.

        Raises:
            Exception: If a value is not of its column's type.
        """
        for start in range(0, len(rows), _BATCH):
            numbers: list[int] = []
            moments: list[int] = []
            codes: list[int] = []
            hits: list[bool | None] = []
            sizes: list[int | None] = []
            ttls: list[float | None] = []
            # Quicker than `zip`, which makes an iterator of each row.
            for number, moment, code, hit, size, ttl in rows[start : start + _BATCH]:
                numbers.append(number)
                moments.append(int(moment * MICROSECONDS))
                codes.append(code)
                hits.append(hit)
                sizes.append(size)
                ttls.append(ttl)
            # An array is made of a list in half the time that it takes of what is gone through.
            columns = self._columns
            columns.which.extend(array("I", list(map(self._numbers.__getitem__, numbers))))
            steps = list(map(sub, moments, chain((self._last,), moments)))
            columns.steps.extend(array("q", steps))
            self._last = moments[-1]
            columns.code.extend(array("B", codes))
            columns.hit.extend(array("B", [_HITS[hit] for hit in hits]))
            columns.size.extend(array("q", _filled(sizes, UNKNOWN_SIZE)))
            columns.ttl.extend(array("d", _filled(ttls, math.nan)))

    def columns(self) -> Columns:
        """Return the columns of all rows; they are not to be changed."""
        return self._columns._replace(keys=array("q", self._numbers))


def below(columns: Columns, limit: int) -> Columns:
    """Return the rows of the keys whose place lies below a limit."""
    kept = bytes(map((limit << PLACE_SHIFT).__gt__, columns.keys))
    chosen = bytes(map(kept.__getitem__, columns.which))
    numbers = list(accumulate(kept, initial=0))
    moments = list(compress(accumulate(columns.steps), chosen))
    return Columns(
        array("q", list(compress(columns.keys, kept))),
        array("I", list(map(numbers.__getitem__, compress(columns.which, chosen)))),
        array("q", list(map(sub, moments, chain((0,), moments)))),
        *(_chosen(column, chosen) for column in columns[3:]),
    )


def _chosen(column: array[_N], chosen: bytes) -> array[_N]:
    """Return the values of the rows that are chosen."""
    data = column.tobytes()
    if data == data[: column.itemsize] * len(column):  # all alike, as where there is no TTL
        return column[: chosen.count(1)]
    return array(column.typecode, list(compress(column, chosen)))


def _filled(values: Sequence[Any], unknown: float) -> Sequence[Any]:
    """Return values with another in place of None."""
    missing = values.count(None)
    if missing == len(values):
        return (unknown,) * missing
    return [unknown if one is None else one for one in values] if missing else values
