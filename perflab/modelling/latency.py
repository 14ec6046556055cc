"""A latency as a mixture of measured outcomes, such as hits and misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from perflab.instrumentation.histogram import LatencyHistogram

QUANTILES = (*(step / 100 for step in range(100)), 0.995, 0.999, 1.0)
"""Where the cost of an outcome is kept: 0, 1 % ... 99 %, 99.5 %, 99.9 % and its largest."""

SHOWN = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def mix(
    outcomes: Sequence[tuple[float, Mapping[str, Any]]],
) -> dict[str, float]:
    """Return ``latency_seconds_mean``, ``_p50``, ``_p95`` and ``_p99`` of a mixture.

    Args:
        outcomes: Weight (a share or a count) and cost of each; a cost has ``mean`` in seconds and
            ``quantiles`` in seconds at `QUANTILES`.
    """
    present = [(weight, cost) for weight, cost in outcomes if weight > 0]
    if not present:
        return {}
    total = sum(weight for weight, _ in present)
    mean = sum(weight * cost["mean"] for weight, cost in present) / total
    values = np.concatenate([_middles(cost) for _, cost in present])
    shares = np.diff(np.asarray(QUANTILES))
    weights = np.concatenate([shares * (weight / total) for weight, _ in present])
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


def later(cost: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Return a cost with a fixed wait added to each of its values."""
    return {
        "mean": max(0.0, cost["mean"] + seconds),
        "quantiles": [max(0.0, value + seconds) for value in cost["quantiles"]],
    }


def missed(costs: Mapping[str, Any], backend_seconds: float) -> Mapping[str, Any]:
    """Return what a miss costs with another wait for the backend than it was measured with."""
    known = costs.get("backend_seconds", 0.0)
    waits = backend_seconds - known
    if backend_seconds > 0 and known == 0:
        waits += costs.get("sleep_seconds", 0.0)
    cost: Mapping[str, Any] = costs["miss"]
    return later(cost, waits) if waits else cost


def _middles(cost: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    edges = np.asarray(cost["quantiles"], dtype=np.float64)
    return (edges[1:] + edges[:-1]) / 2
