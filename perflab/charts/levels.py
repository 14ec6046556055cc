"""`Levels`: round values at which a map draws its lines, and the span of its colours."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab.charts.ticks import axis_unit, linear_ticks, log_ticks

MOST = 6
_WIDE = 40.0
_ROOM = 0.55
_LEAST_SHARE = 0.01


class Levels:
    """Levels that stay while the values fill more than half of them; `fit` says if they moved.

    Linear, or logarithmic for seconds and bytes that span more than a factor of 40.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.values: list[float] = [0.0, 1.0]
        self.low, self.high = 0.0, 1.0
        self.log = False
        self._fitted = False

    def fit(self, values: npt.NDArray[np.float64]) -> bool:
        """Move the levels, if they must, to cover some values."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return False
        low, high = float(finite.min()), float(finite.max())
        log = low > 0 and self.unit in ("seconds", "bytes") and high / low > _WIDE
        if self._fitted and log == self.log and self._holds(low, high):
            return False
        before = (self.low, self.high, self.values)
        self.log, self._fitted = log, True
        if log:
            self._fit_log(low, high)
        else:
            self._fit_linear(low, high)
        return (self.low, self.high, self.values) != before

    def _holds(self, low: float, high: float) -> bool:
        if low < self.low or high > self.high:
            return False
        if self.log:
            return math.log(high / low) > _ROOM * math.log(self.high / self.low)
        return high - low > _ROOM * (self.high - self.low) or high == low

    def _fit_log(self, low: float, high: float) -> None:
        self.values = log_ticks(low, high, self.unit, MOST)
        self.low, self.high = low, high

    def _fit_linear(self, low: float, high: float) -> None:
        if self.unit == "ratio" and high - low < _LEAST_SHARE:
            # Shares that hardly differ are of one colour.
            low = max(0.0, min(low, 1.0 - _LEAST_SHARE))
            high = max(high, low + _LEAST_SHARE)
        if high <= low:
            room = abs(low) * 0.05 or 0.5
            low, high = low - room, high + room
        factor = axis_unit(self.unit, high)[1]
        inner = linear_ticks(low / factor, high / factor, MOST)
        step = inner[1] - inner[0] if len(inner) > 1 else (high - low) / factor
        first, last = np.floor(low / factor / step + 1e-9), np.ceil(high / factor / step - 1e-9)
        self.values = [place * step * factor for place in np.arange(first, last + 1)]
        self.low, self.high = self.values[0], self.values[-1]
