"""`Difference`: how a metric differs between two settings over the rounds that both ran in."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from perflab.instrumentation.catalog import metric
from perflab.tuning.turns.interval import Interval, interval_of
from perflab.units import difference


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """What a metric changes by, from one setting to another.

    Attributes:
        metric: Its name.
        rounds: In how many rounds both have it.
        mean: The mean of the differences of a round; NaN without a round.
        low: The lower end of its confidence interval; minus infinity where it is not known yet.
        high: The upper end.
        relative: Whether the three are shares of the first value, as of latencies, rather than in
            the metric's own unit, as of ratios.
    """

    metric: str
    rounds: int
    mean: float
    low: float
    high: float
    relative: bool

    @property
    def is_share(self) -> bool:
        """Whether the three are shares, of the first value or of one, and not in a unit."""
        return self.relative or metric(self.metric).unit == "ratio"

    def within(self, margin: float) -> bool:
        """Say whether the interval lies between minus and plus a margin, in the same unit."""
        return -margin <= self.low and self.high <= margin

    def reversed(self) -> Difference:
        """Return the change from the second setting to the first."""
        known = math.isfinite(self.low)
        return dataclasses.replace(
            self,
            mean=self._back(self.mean),
            low=self._back(self.high) if known else self.low,
            high=self._back(self.low) if known else self.high,
        )

    def _back(self, value: float) -> float:
        return 1.0 / (1.0 + value) - 1.0 if self.relative else -value

    def before(self, after: float) -> float:
        """Return the first value where the second is so much."""
        return after / (1.0 + self.mean) if self.relative else after - self.mean

    @property
    def mean_words(self) -> str:
        """The mean with its sign: ``-12 %``, ``+3.0 points``."""
        return self._written(self.mean)

    @property
    def interval_words(self) -> str:
        """The interval: ``-14 % to -10 %``; ``not known yet`` of too few rounds."""
        if math.isinf(self.low) or math.isinf(self.high):
            return "not known yet"
        return f"{self._written(self.low)} to {self._written(self.high)}"

    def _written(self, value: float) -> str:
        if self.relative:
            return difference(1.0, 1.0 + value)
        return difference(0.0, value, metric(self.metric).unit)


def difference_of(
    name: str, pairs: Iterable[tuple[float | None, float | None]], confidence: float
) -> Difference:
    """Return how the second values of pairs differ from the first, with a confidence interval.

    Ratios are subtracted. Of all else, where it is above 0, the logarithms are, so that a machine
    that is slower for a whole round, by any factor, changes nothing.

    Args:
        name: The metric's.
        pairs: Measured in the same round each; those without both values are left out.
        confidence: Of the interval, between 0 and 1.
    """
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    known = [(a, b) for a, b in known if math.isfinite(a) and math.isfinite(b)]
    relative = metric(name).unit != "ratio" and all(min(pair) > 0 for pair in known)
    if not relative:
        found = interval_of([b - a for a, b in known], confidence)
        if metric(name).unit == "ratio" and math.isfinite(found.low):
            found = Interval(found.mean, max(found.low, -1.0), min(found.high, 1.0))
        return Difference(name, len(known), *found, relative=False)
    found = interval_of([math.log(b / a) for a, b in known], confidence)
    return Difference(name, len(known), *_as_shares(found), relative=True)


def _as_shares(found: Interval) -> Interval:
    """Return what differences of logarithms are as shares; one without ends stays so."""
    if math.isinf(found.low):
        return Interval(math.expm1(found.mean), found.low, found.high)
    # A few wild rounds make a number that no float holds.
    return Interval(*(math.expm1(min(end, 700.0)) for end in found))
