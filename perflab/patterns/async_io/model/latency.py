"""Latencies of simulated requests as metrics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.prediction import Metrics

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def latency_metrics(latencies: npt.NDArray[np.float64]) -> Metrics:
    """Return mean, p50, p95 and p99 of latencies in seconds; nothing where there are none."""
    if not len(latencies):
        return {}
    metrics = {"latency_seconds_mean": float(latencies.mean())}
    found = kernels.quantiles_of(latencies, tuple(SHARES.values()))
    for name, value in zip(SHARES, found, strict=True):
        metrics[f"latency_seconds_{name}"] = float(value)
    return metrics
