"""Means and quantiles of values that stand for several each, and what a pool does for such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perflab.service.prediction import DATABASE

if TYPE_CHECKING:
    from perflab.modelling.prediction import Metrics
    from perflab.service.flow import Flow

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
        """Return the times that such shares do not exceed, to 0.4 %; below 1 ns they are 0."""
        reached = np.cumsum(self._weights)
        if reached[-1] <= 0:
            return [0.0 for _ in shares]
        places = np.searchsorted(reached, np.asarray(shares) * reached[-1] * (1 - 1e-12))
        step = np.log(_MOST / _LEAST) / (_BINS - 1)
        return [
            float(_LEAST * np.exp(min(place, _BINS - 1) * step)) if place else 0.0
            for place in places
        ]


def pool_metrics(flow: Flow, weights: Floats, seconds: float) -> dict[str, Metrics]:
    """Return the metrics of a pool and of the database behind it, with ``spent_seconds`` of both.

    Args:
        flow: Queries on their way through a pool alone.
        weights: float64, for how many of the whole load each stands.
        seconds: How long the whole load takes to come.
    """
    here = flow.stages[0]
    passed, served = here.passed, weights[here.passed.origins]
    came, on = float(weights.sum()), float(served.sum())
    busy = 0.0 if passed.loads is None else float((passed.loads * served).sum())
    waits = WeightedTimes()
    waits.add(passed.waits, weights)
    pool: Metrics = {
        "requests": came,
        "requests_per_second": came / seconds,
        "passed_per_second": on / seconds,
        "connections": float(passed.connections),
        "errors": came - on,
        "spent_seconds": float((passed.waits * weights).sum()),
    }
    if came:
        pool["wait_seconds_mean"] = waits.mean
        places = waits.quantiles((0.95, 0.99))
        pool |= {f"wait_seconds_p{n}": value for n, value in zip((95, 99), places, strict=True)}
    database: Metrics = {
        "requests": on,
        "requests_per_second": on / seconds,
        "in_use": min(busy / seconds, float(passed.connections)),
        "spent_seconds": busy,
    }
    if on:
        database["service_seconds_mean"] = busy / on
    return {here.stage.bench: pool, DATABASE: database}
