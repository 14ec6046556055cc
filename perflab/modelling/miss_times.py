"""`MissTimes`: what the misses of a cache cost a backend whose times were recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import GOLDEN, HitMissCosts, OutcomeCost, SpreadCost
from perflab.settings import LoadSettings

Floats = npt.NDArray[np.float64]

MOST_VALUES = 1000
"""So many different times are kept of more: a quantile is then off by a part of such a step."""

_LEVELS = np.concatenate(
    [np.linspace(0, 0.9, 541)[:-1], np.linspace(0.9, 0.99, 271)[:-1], np.linspace(0.99, 1, 190)]
)
_POINTS = 4000

_SUMS = ("seconds", "unknown", "asked_seconds", "asked_unknown")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class MissTimes:
    """The recorded backend times of misses, and of all reads beside them; not scaled.

    Attributes:
        seconds: Of the misses with a time, together.
        unknown: The misses without one, for which the setting ``backend_seconds`` counts.
        asked_seconds: Of all reads with a time, together.
        asked_unknown: The reads without one.
        values: float64 of shape (k,), seconds, increasing: at which times misses with one stand.
        weights: float64 of shape (k,): how many of them stand at each.
    """

    seconds: float
    unknown: float
    asked_seconds: float
    asked_unknown: float
    values: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def together(cls, parts: Sequence[tuple[float, Self]]) -> Self:
        """Return the sum of several, each taken so many times."""
        values = np.concatenate([part.values for _, part in parts])
        weights = np.concatenate([part.weights * times for times, part in parts])
        order = np.argsort(values, kind="stable")
        sums = [sum(times * getattr(part, name) for times, part in parts) for name in _SUMS]
        seconds, unknown, asked_seconds, asked_unknown = sums
        spread = fewer(values[order], weights[order])
        return cls(seconds, unknown, asked_seconds, asked_unknown, *spread)

    def missed_share(self, load: LoadSettings) -> float | None:
        """Return the share of the backend's time that misses take; None where that is 0 in all.

        A read takes its recorded time times ``backend_scale`` or, without one,
        ``backend_seconds``.
        """
        missed, whole = self.spent(load)
        return missed / whole if whole > 0 else None

    def spent(self, load: LoadSettings) -> tuple[float, float]:
        """Return the seconds that misses take of the backend, and that all reads would take."""
        asked = _spent(self.asked_seconds, self.asked_unknown, load)
        return _spent(self.seconds, self.unknown, load), asked

    def saved_share(self, load: LoadSettings) -> float | None:
        """Return the share of the backend's time that hits save; None where there is none."""
        missed = self.missed_share(load)
        return None if missed is None else 1 - missed

    def cost(self, costs: HitMissCosts, load: LoadSettings) -> OutcomeCost | SpreadCost:
        """Return what a miss costs: as measured, with its recorded time in place of one for all.

        Args:
            costs: With what a miss costs beside the backend's time.
            load: A backend that is a function of the user's takes its own time; recorded ones
                then count for nothing here.
        """
        total = float(self.weights.sum()) + self.unknown
        if load.calls_function or total <= 0:
            return costs.missed(load.backend_seconds)
        late = costs.sleep_seconds if costs.backend_seconds == 0 else 0.0
        values = np.append(self.values * load.backend_scale, load.backend_seconds)
        weights = np.append(self.weights, self.unknown)
        sleeping = float(weights[values > 0].sum())
        base = costs.miss.later(-costs.backend_seconds) if sleeping else costs.missed(0.0)
        waited = _spent(self.seconds, self.unknown, load) + late * sleeping
        values = values + late * (values > 0)
        return SpreadCost(base.mean + waited / total, *_with_base(values, weights / total, base))

    def moved(self, off: float, misses: float, load: LoadSettings) -> MissTimes:
        """Return it at a missed share so far off, and with another number of misses.

        Args:
            off: What is added to the share of the backend's time that misses take.
            misses: How many misses there are.
            load: With the scale of the times.
        """
        share, before = self.missed_share(load), float(self.weights.sum()) + self.unknown
        if not share or before <= 0:
            return self
        more = misses / before
        unknown = self.unknown * more
        spent = min(1.0, max(0.0, share + off)) / share * _spent(self.seconds, self.unknown, load)
        of_known = spent - unknown * load.backend_seconds
        seconds = max(0.0, of_known / load.backend_scale) if load.backend_scale else 0.0
        longer = seconds / (self.seconds * more) if self.seconds * more else 0.0
        return dataclasses.replace(
            self,
            seconds=seconds,
            unknown=unknown,
            values=self.values * longer,
            weights=self.weights * more,
        )


def fewer(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return at most `MOST_VALUES` values in place of more, each the mean of its neighbours.

    Args:
        values: float64 of shape (k,), increasing.
        weights: float64 of shape (k,), how often each comes.
    """
    there = weights > 0
    values, weights = values[there], weights[there]
    if len(values) <= MOST_VALUES:
        return values, weights
    ends = np.cumsum(weights)
    # The few longest times, which decide over the last quantiles, have narrower steps.
    steps = np.searchsorted(_LEVELS, (ends - weights / 2) / ends[-1], side="right")
    sums = np.bincount(steps, weights).astype(np.float64)
    means = np.bincount(steps, weights * values).astype(np.float64)
    some = sums > 0
    return means[some] / sums[some], sums[some]


def _with_base(values: Floats, shares: Floats, base: OutcomeCost) -> tuple[Floats, Floats]:
    """Return what the sums of a wait and what a miss takes beside it are, and the share of each.

    Each wait comes with some quantiles of the other, evenly apart; where there are many waits they
    have other ones each, so that all together have all.
    """
    steps = max(1, min(len(base.middles), _POINTS // len(values)))
    starts = np.arange(len(values)) * GOLDEN % 1
    levels = (np.arange(steps) + starts[:, None]) / steps
    places = np.searchsorted(np.cumsum(base.shares), levels)
    beside = base.middles[np.minimum(places, len(base.middles) - 1)]
    return (values[:, None] + beside).ravel(), np.repeat(shares / steps, steps)


def _spent(seconds: float, unknown: float, load: LoadSettings) -> float:
    return seconds * load.backend_scale + unknown * load.backend_seconds
