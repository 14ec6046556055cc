"""Axis limits that move in steps, so that a running chart is redrawn in full only rarely."""

from __future__ import annotations

import math
from collections.abc import Iterable

from perflab.charts.ticks import axis_unit

_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TIMES = (10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
_WIDE = 40.0
_SMALLEST_SHARE = 0.35
_LEAST_SHARE = 0.01
"""An axis of shares that are not all 0 goes up to so much at the least."""
_SHORTEST = 1e-7
_LARGEST = 1e300
"""Times below it are below what is measured; a logarithmic axis does not go down to them."""


def ceiling(value: float, unit: str = "") -> float:
    """Return the least round number of a unit that is not below a value."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    if unit == "ratio":
        return 1.03 if value > 0.5 else ceiling(value)
    factor = axis_unit(unit, value)[1]
    scaled = value / factor
    power = 10.0 ** math.floor(math.log10(scaled))
    return next(step * power for step in _NICE if step * power >= scaled * 0.999999) * factor


def time_ceiling(seconds: float) -> float:
    """Return the step of a running time axis that covers some seconds."""
    for step in _TIMES:
        if seconds <= step:
            return float(step)
    return math.ceil(seconds / 3600) * 3600.0


class SteppedLimits:
    """The limits of one value axis; `fit` says whether they had to move.

    Linear from zero; logarithmic once seconds or bytes span more than a factor of 40.

    Args:
        unit: Of the values.
        log: Whether other units may be logarithmic too.
    """

    def __init__(self, unit: str, *, log: bool = False) -> None:
        self.unit = unit
        self._may_be_log = log or unit in ("seconds", "bytes")
        self.low = 0.0
        self.high = 0.0
        self.log = False

    def fit(self, values: Iterable[float]) -> bool:
        """Move the limits, if they must, to cover some values."""
        # What is larger is no measurement, and the limit above it would not be a number.
        finite = [value for value in values if abs(value) <= _LARGEST]
        if not finite:
            return not self.high and self._set(0.0, 1.0, log=False)
        top = max(finite)
        if self.unit == "ratio" and 0 < top < _LEAST_SHARE:
            # One request in ten thousand is no spike.
            top = _LEAST_SHARE
        positive = [value for value in finite if value > 0]
        least = min(positive, default=1.0)
        if self.unit == "seconds":
            least = max(least, min(_SHORTEST, top))
        spread = top / least if top > 0 else 1.0
        wide = self._may_be_log and spread > _WIDE
        if wide or (self.log and spread > _WIDE / 4):
            return self._fit_log(least, top)
        if self.log or top > self.high or top < _SMALLEST_SHARE * self.high or not self.high:
            return self._set(0.0, ceiling(top * 1.06, self.unit), log=False)
        return False

    def _fit_log(self, least: float, top: float) -> bool:
        base = 4.0 if self.unit == "bytes" else 10.0
        low = base ** math.floor(math.log(least, base) + 1e-9)
        high = base ** math.ceil(math.log(top * 1.02, base) - 1e-9)
        if self.log:
            low, high = min(low, self.low), max(high, self.high)
        return self._set(low, high, log=True)

    def _set(self, low: float, high: float, *, log: bool) -> bool:
        changed = (low, high, log) != (self.low, self.high, self.log)
        self.low, self.high, self.log = low, high, log
        return changed
