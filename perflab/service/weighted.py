"""Means and quantiles of values that stand for several each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_LEAST, _MOST = 1e-9, 1e6
_BINS = 8192


class WeightedTimes:
    """Times in seconds with a weight each, in bins 0.4 % apart."""

    def __init__(self) -> None:
        self._weights = np.zeros(_BINS)
        self._sum = 0.0

    def add(self, times: Floats, weights: Floats | None = None) -> None:
        """Add some times, of weight 1 where none are given."""
        scale = (_BINS - 1) / np.log(_MOST / _LEAST)
        places = np.log(np.clip(times, _LEAST, _MOST) / _LEAST) * scale
        self._weights += np.bincount(places.round().astype(np.int64), weights, minlength=_BINS)
        self._sum += float(times.sum() if weights is None else (times * weights).sum())

    @property
    def mean(self) -> float:
        """Their mean, which is exact; 0 where there are none."""
        total = float(self._weights.sum())
        return self._sum / total if total > 0 else 0.0

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Return the times that such shares do not exceed, to 0.4 %."""
        reached = np.cumsum(self._weights)
        if reached[-1] <= 0:
            return [0.0 for _ in shares]
        places = np.searchsorted(reached, np.asarray(shares) * reached[-1] * (1 - 1e-12))
        step = np.log(_MOST / _LEAST) / (_BINS - 1)
        return [float(_LEAST * np.exp(min(place, _BINS - 1) * step)) for place in places]
