"""A latency histogram of fixed buckets: cheap to record, to merge and to send."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate
from math import frexp
from typing import TYPE_CHECKING, Any, Self

from perflab.units import in_words

if TYPE_CHECKING:
    import numpy.typing as npt

LOWEST_SECONDS = 1e-7
HIGHEST_SECONDS = 1e3
RELATIVE_ERROR = 1 / 128
"""A quantile is off by at most this share of its value: half a bucket's width."""

_STEPS = 64
"""Buckets of equal width between a power of two and the next."""

# frexp gives a mantissa in [0.5, 1), so that int(mantissa * 128) is in [64, 128).
_SCALE = 2 * _STEPS
_LOWEST_MANTISSA, _LOWEST_EXPONENT = frexp(LOWEST_SECONDS)
_HIGHEST_MANTISSA, _HIGHEST_EXPONENT = frexp(HIGHEST_SECONDS)
_OFFSET = int(_LOWEST_MANTISSA * _SCALE) + _STEPS * _LOWEST_EXPONENT
_BUCKETS = int(_HIGHEST_MANTISSA * _SCALE) + _STEPS * _HIGHEST_EXPONENT - _OFFSET + 1
_LAYOUT = f"log-linear/{_STEPS}/{LOWEST_SECONDS:g}/{HIGHEST_SECONDS:g}"


class LatencyHistogram:
    """Counts of latencies in log-linear buckets, as HdrHistogram lays them out.

    From 100 ns to 1000 s, 64 buckets to each power of two: quantiles are within 0.8 % of those of
    the sorted values, the mean is exact. A value outside counts in the nearest bucket and in
    `below` or `above`. One thread records; others may read, copy and merge it meanwhile, and
    then miss at most the value that is being recorded.

    Attributes:
        total: Their sum, in seconds.
        max: The largest of them, in seconds.
        below: Values under 100 ns; a negative one counts as 0 s.
        above: Values over 1000 s.
    """

    __slots__ = ("_counts", "above", "below", "max", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.total = 0.0
        self.max = 0.0
        self.below = 0
        self.above = 0

    def record(self, seconds: float) -> None:
        """Count one latency.

        Raises:
            ValueError: If it is not a finite number.
        """
        if LOWEST_SECONDS <= seconds <= HIGHEST_SECONDS:
            mantissa, exponent = frexp(seconds)
            self._counts[int(mantissa * _SCALE) + _STEPS * exponent - _OFFSET] += 1
        else:
            seconds = self._record_outside(seconds)
        self.total += seconds
        if seconds > self.max:  # noqa: PLR1730 - a call of max() costs 60 ns here
            self.max = seconds

    def record_many(self, seconds: npt.ArrayLike) -> None:
        """Count an array of latencies of any shape.

        Raises:
            ValueError: If one is not a finite number.
        """
        import numpy as np

        values = np.asarray(seconds, dtype=np.float64).ravel()
        if not len(values):
            return
        if not np.isfinite(values).all():
            raise ValueError("a latency is a finite number of seconds")
        mantissa, exponent = np.frexp(np.clip(values, LOWEST_SECONDS, HIGHEST_SECONDS))
        buckets = (mantissa * _SCALE).astype(np.int64) + _STEPS * exponent - _OFFSET
        for bucket, number in zip(*np.unique(buckets, return_counts=True), strict=True):
            self._counts[bucket] += int(number)
        self.total += float(np.maximum(values, 0.0).sum())
        self.max = max(self.max, float(values.max()))
        self.below += int((values < LOWEST_SECONDS).sum())
        self.above += int((values > HIGHEST_SECONDS).sum())

    def merge(self, other: LatencyHistogram) -> None:
        """Add all that another histogram counted."""
        counts = other._counts.copy()
        self._counts = [a + b for a, b in zip(self._counts, counts, strict=True)]
        self.total += other.total
        self.max = max(self.max, other.max)
        self.below += other.below
        self.above += other.above

    def subtract(self, earlier: LatencyHistogram) -> LatencyHistogram:
        """Return what was counted since an earlier copy of this histogram.

        Its `max` is that of the highest bucket that grew, within the stated error.

        Raises:
            ValueError: If the other counted something that this one did not.
        """
        since = LatencyHistogram()
        counts = self._counts.copy()
        since._counts = [a - b for a, b in zip(counts, earlier._counts, strict=True)]
        if min(since._counts) < 0:
            raise ValueError("only an earlier copy of the same histogram can be subtracted")
        since.below = self.below - earlier.below
        since.above = self.above - earlier.above
        grown = [bucket for bucket, number in enumerate(since._counts) if number]
        if grown:
            since.total = self.total - earlier.total
            grew = self.max > earlier.max
            since.max = self.max if grew else min(_middle(grown[-1]), self.max)
        return since

    def copy(self) -> LatencyHistogram:
        """Return a histogram of the same counts that no longer changes with this one."""
        other = LatencyHistogram()
        other._counts = self._counts.copy()
        other.total, other.max = self.total, self.max
        other.below, other.above = self.below, self.above
        return other

    @property
    def count(self) -> int:
        """Number of values; counted when asked, in about 10 µs."""
        return sum(self._counts)

    @property
    def mean(self) -> float:
        """The exact mean in seconds; NaN where nothing was counted."""
        count = self.count
        return self.total / count if count else math.nan

    def quantile(self, q: float) -> float:
        """Return the value in seconds that a share ``q`` of the values do not exceed.

        The nearest rank: the ``ceil(q * count)``-th of the sorted values. NaN where nothing was
        counted; 1.0 gives `max`.

        Raises:
            ValueError: If ``q`` is not between 0 and 1.
        """
        return self.quantiles(q)[0]

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """Return the quantiles of several shares in one pass, as `quantile` does."""
        if not all(0 <= q <= 1 for q in shares):
            raise ValueError(f"a quantile's share is between 0 and 1, got {shares}")
        reached = list(accumulate(self._counts))
        count = reached[-1]
        if not count:
            return (math.nan,) * len(shares)
        return tuple(self._at_rank(math.ceil(q * count), reached) for q in shares)

    def to_dict(self) -> dict[str, object]:
        """Return a form that JSON can hold; buckets without a count are left out."""
        return {
            "layout": _LAYOUT,
            "count": self.count,
            "total": self.total,
            "max": self.max,
            "below": self.below,
            "above": self.above,
            "buckets": {str(i): number for i, number in enumerate(self._counts) if number},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the histogram that `to_dict` gave.

        Raises:
            ValueError: If the form is not of this layout of buckets.
        """
        if values.get("layout") != _LAYOUT:
            raise ValueError(f"a histogram of layout {values.get('layout')!r}, not {_LAYOUT!r}")
        histogram = cls()
        try:
            for bucket, number in values["buckets"].items():
                histogram._counts[int(bucket)] = int(number)
            for name in ("total", "max", "below", "above"):
                setattr(histogram, name, values[name])
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"not a histogram: {error!r}") from error
        return histogram

    def __getstate__(self) -> tuple[object, ...]:
        """Travel to another process without the empty buckets."""
        filled = [bucket for bucket, number in enumerate(self._counts) if number]
        numbers = array("Q", [self._counts[bucket] for bucket in filled])
        return array("H", filled), numbers, self.total, self.max, self.below, self.above

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        filled, numbers, self.total, self.max, self.below, self.above = state
        self._counts = [0] * _BUCKETS
        for bucket, number in zip(filled, numbers, strict=True):
            self._counts[bucket] = number

    def __eq__(self, other: object) -> bool:
        """Say whether both counted the same."""
        if not isinstance(other, LatencyHistogram):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        p50, p99 = (in_words(value, "seconds") for value in self.quantiles(0.5, 0.99))
        return f"LatencyHistogram(count={self.count}, p50={p50}, p99={p99})"

    def _record_outside(self, seconds: float) -> float:
        if not math.isfinite(seconds):
            raise ValueError(f"a latency is a finite number of seconds, got {seconds}")
        if seconds < LOWEST_SECONDS:
            self._counts[0] += 1
            self.below += 1
            return max(seconds, 0.0)
        self._counts[-1] += 1
        self.above += 1
        return seconds

    def _at_rank(self, rank: int, reached: list[int]) -> float:
        if rank >= reached[-1]:
            return self.max
        return min(_middle(bisect_left(reached, max(rank, 1))), self.max)


def _middle(bucket: int) -> float:
    exponent, step = divmod(bucket + _OFFSET - _STEPS, _STEPS)
    return math.ldexp((step + _STEPS + 0.5) / _SCALE, exponent)
