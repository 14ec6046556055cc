"""A latency as a mixture of measured outcomes, such as hits and misses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from perflab.instrumentation.histogram import LatencyHistogram

QUANTILES = (*(step / 100 for step in range(100)), 0.995, 0.999, 1.0)
"""Where the cost of an outcome is kept: 0, 1 % ... 99 %, 99.5 %, 99.9 % and its largest."""

SPREAD = 10_007
"""So many times stand for a distribution; more of them repeat these."""
GOLDEN = (5**0.5 - 1) / 2
"""Its multiples lie evenly between 0 and 1, however many of them are taken."""

SHOWN = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclasses.dataclass(frozen=True)
class OutcomeCost:
    """What one outcome of a request, such as a hit, was measured to take.

    Attributes:
        mean: Seconds.
        quantiles: Seconds at `QUANTILES`.
    """

    mean: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, cost: Mapping[str, Any] | OutcomeCost) -> OutcomeCost:
        """Read what a calibration holds."""
        if isinstance(cost, OutcomeCost):
            return cost
        return cls(cost["mean"], tuple(cost["quantiles"]))

    def later(self, seconds: float) -> OutcomeCost:
        """Return the cost with a fixed wait added to each of its values."""
        moved = tuple(max(0.0, value + seconds) for value in self.quantiles)
        return OutcomeCost(max(0.0, self.mean + seconds), moved)

    @cached_property
    def middles(self) -> npt.NDArray[np.float64]:
        """Seconds halfway between two quantiles, one fewer than these."""
        edges = np.asarray(self.quantiles, dtype=np.float64)
        return (edges[1:] + edges[:-1]) / 2

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The share of each of `middles`; together 1."""
        return _SHARES


_SHARES = np.diff(np.asarray(QUANTILES))


def spread_out(cost: OutcomeCost, count: int) -> npt.NDArray[np.float64]:
    """Return so many times in seconds that are distributed as measured, long beside short ones."""
    shares = np.arange(SPREAD) * GOLDEN % 1.0
    found: npt.NDArray[np.float64] = np.interp(shares, QUANTILES, np.asarray(cost.quantiles))
    mean = float(found.mean())
    return np.resize(found * (cost.mean / mean if mean > 0 else 0.0), count)


@dataclasses.dataclass(frozen=True, eq=False)
class SpreadCost:
    """What an outcome takes whose time differs from request to request in a known way.

    Attributes:
        mean: Seconds.
        middles: float64 of shape (k,), seconds.
        shares: float64 of shape (k,), the share of each; together 1.
    """

    mean: float
    middles: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class HitMissCosts:
    """What a model of a cache must be told.

    Attributes:
        hit: A request that hits.
        miss: A request that misses, with the wait for the backend that it was measured with.
        bytes_per_entry: What an entry takes beside its value.
        overhead_seconds: What a client spends between two requests.
        sleep_seconds: What a wait for the backend takes longer than asked for.
        backend_seconds: The wait for the backend in `miss`, the mean where it differed.
        server_bytes: What a server takes without entries.
    """

    hit: OutcomeCost
    miss: OutcomeCost
    bytes_per_entry: float
    overhead_seconds: float = 0.0
    sleep_seconds: float = 0.0
    backend_seconds: float = 0.0
    server_bytes: float = 0.0

    @classmethod
    def of(cls, costs: Mapping[str, Any]) -> Self:
        """Read what a calibration holds; what it holds beside is left out."""
        names = (field.name for field in dataclasses.fields(cls))
        known = {name: costs[name] for name in names if name in costs}
        known |= {name: OutcomeCost.of(known[name]) for name in ("hit", "miss")}
        return cls(**known)

    def missed(self, backend_seconds: float) -> OutcomeCost:
        """Return what a miss costs with another wait for the backend than it was measured with."""
        waits = backend_seconds - self.backend_seconds
        if backend_seconds > 0 and self.backend_seconds == 0:
            waits += self.sleep_seconds
        elif backend_seconds == 0 and self.backend_seconds > 0:
            # What it overslept goes with the wait; a miss still takes no less than a hit.
            beside = self.miss.mean - self.backend_seconds - self.hit.mean
            waits -= min(self.sleep_seconds, max(0.0, beside))
        return self.miss.later(waits) if waits else self.miss


def mix(
    outcomes: Sequence[tuple[float, OutcomeCost | SpreadCost | Mapping[str, Any]]],
) -> dict[str, float]:
    """Return ``latency_seconds_mean``, ``_p50``, ``_p95`` and ``_p99`` of a mixture.

    Args:
        outcomes: Weight (a share or a count) and cost of each; as a mapping, a cost has ``mean``
            in seconds and ``quantiles`` in seconds at `QUANTILES`.
    """
    present = [
        (weight, cost if isinstance(cost, SpreadCost) else OutcomeCost.of(cost))
        for weight, cost in outcomes
        if weight > 0
    ]
    if not present:
        return {}
    total = sum(weight for weight, _ in present)
    mean = sum(weight * cost.mean for weight, cost in present) / total
    values = np.concatenate([cost.middles for _, cost in present])
    weights = np.concatenate([cost.shares * (weight / total) for weight, cost in present])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    result = {"latency_seconds_mean": float(mean)}
    for name, quantile in SHOWN.items():
        position = min(int(np.searchsorted(reached, quantile - 1e-12)), len(order) - 1)
        result[f"latency_seconds_{name}"] = float(values[order[position]])
    return result


def costs_of(histograms: Mapping[str, LatencyHistogram], outcomes: Sequence[str]) -> dict[str, Any]:
    """Return what each outcome has cost in a run; an outcome that did not occur is left out."""
    result: dict[str, Any] = {}
    for outcome in outcomes:
        histogram = histograms.get(outcome)
        if histogram is not None and histogram.count:
            quantiles = [float(value) for value in histogram.quantiles(*QUANTILES)]
            result[outcome] = {"mean": histogram.mean, "quantiles": quantiles}
    return result
