"""Rows of a recording as columns of plain arrays: a service that records need not have NumPy."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, compress, count
from operator import sub
from typing import Any, NamedTuple

from perflab.workloads.recording_keys import PLACE_SHIFT

MICROSECONDS = 1e6
UNKNOWN_SIZE = -1
MISS, HIT, UNKNOWN_HIT = 0, 1, 2
TYPE_CODES = "qIqBBqd"
"""How each of the `Columns` is held, as in `array`."""

# So many rows are added at a time: meanwhile no other thread of the service goes on.
_BATCH = 10_000
_HITS = {False: MISS, True: HIT, None: UNKNOWN_HIT}


class Columns(NamedTuple):
    """Rows as they are written into a part.

    Attributes:
        keys: The number of each key once, in the order in which they came.
        which: Of each row, which of the keys it is about.
        steps: The microseconds from the row before, and of the first row since 1970.
        read: 1 where the value was asked for, 0 where it was written.
        hit: `MISS`, `HIT` or `UNKNOWN_HIT`.
        size: The bytes of the value, or `UNKNOWN_SIZE`.
        ttl: The seconds that a value was written for, or NaN.
    """

    keys: array[int]
    which: array[int]
    steps: array[int]
    read: array[int]
    hit: array[int]
    size: array[int]
    ttl: array[float]


class GrowingColumns:
    """Columns that rows are added to."""

    def __init__(self) -> None:
        # A key that is asked for by a number that it has not yet gets the next one.
        self._numbers: defaultdict[int, int] = defaultdict(count().__next__)
        self._last = 0
        columns: list[array[Any]] = [array(code) for code in TYPE_CODES]
        self._columns = Columns(*columns)

    def __len__(self) -> int:
        return len(self._columns.which)

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows: key number, time in seconds, and read, hit, size, ttl, the last ones or None.

        Raises:
            Exception: If a value is not of its column's type.
        """
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            numbers, times, read, hit, size, ttl = zip(*batch, strict=True)
            self.extend(
                numbers,
                [int(moment * MICROSECONDS) for moment in times],
                read,
                map(_HITS.__getitem__, hit),
                [UNKNOWN_SIZE if one is None else one for one in size],
                [math.nan if one is None else one for one in ttl],
            )

    def extend(
        self,
        numbers: Iterable[int],
        moments: Sequence[int],
        read: Iterable[int],
        hit: Iterable[int],
        size: Iterable[int],
        ttl: Iterable[float],
    ) -> None:
        """Add rows by columns, the times in microseconds since 1970.

        Each step is a loop inside of the interpreter, ten times as fast as one in Python.
        """
        if not moments:
            return
        columns = self._columns
        columns.which.extend(map(self._numbers.__getitem__, numbers))
        columns.steps.extend(map(sub, moments, chain((self._last,), moments)))
        self._last = moments[-1]
        columns.read.extend(read)
        columns.hit.extend(hit)
        columns.size.extend(size)
        columns.ttl.extend(ttl)

    def columns(self) -> Columns:
        """Return the columns of all rows; they are not to be changed."""
        return self._columns._replace(keys=array("q", self._numbers))


def below(columns: Columns, limit: int) -> GrowingColumns:
    """Return the rows of the keys whose place lies below a limit."""
    numbers = array("q", map(columns.keys.__getitem__, columns.which))
    chosen = bytes(map((limit << PLACE_SHIFT).__gt__, numbers))
    kept = GrowingColumns()
    moments = array("q", compress(accumulate(columns.steps), chosen))
    rest: list[Iterable[Any]] = [compress(column, chosen) for column in columns[3:]]
    kept.extend(compress(numbers, chosen), moments, *rest)
    return kept
