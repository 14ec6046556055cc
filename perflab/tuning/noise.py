"""How far a metric of one run may be from its mean, from the run's own seconds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np

from perflab.instrumentation.catalog import MetricInfo
from perflab.lab.run import Run
from perflab.tuning.check.student import quantile

CONFIDENCE = 0.99
LEAST_SECONDS = 5
_LEAST_BATCHES, _MOST_BATCHES = LEAST_SECONDS, 20
_UNITS = ("ratio", "seconds", "1/s", "bytes")
"""Of what is a mean or a level: a count grows with the run."""


def band_between(info: MetricInfo, first: Run, second: Run) -> float | None:
    """Return by how much a metric of two runs may differ by chance; none where that is unknown.

    Half the width of the 99 % interval of the difference of two means with unlike spreads
    (Welch); a mean's spread is that of the means of batches of seconds, which hardly depend on
    each other while neighbouring seconds do (Conway, "Some tactical problems in digital
    simulation", Management Science 10, 1963).

    Args:
        info: The metric.
        first: A run.
        second: Another one.
    """
    if info.unit not in _UNITS:
        return None
    spreads = [_spread(_seconds(run, info.name)) for run in (first, second)]
    if any(spread is None for spread in spreads):
        return None
    errors = [spread[0] for spread in spreads if spread is not None]
    counts = [spread[1] for spread in spreads if spread is not None]
    error = math.hypot(*errors)
    if error == 0.0:
        return 0.0
    parts = [each**4 / (count - 1) for each, count in zip(errors, counts, strict=True)]
    freedom = max(1, int(error**4 / sum(parts)))
    return quantile((1.0 - CONFIDENCE) / 2.0, freedom) * error


def has_band(run: Run) -> bool:
    """Say whether a run has enough seconds since the last change of settings for bands."""
    return len(_seconds(run, "seconds")) >= _LEAST_BATCHES


def _seconds(run: Run, name: str) -> list[float]:
    """Return a metric of each second since the last change of settings."""
    seconds, version, values = run.snapshots.columns("seconds", "version", name)
    if not len(seconds):
        return []
    kept = (version == version[-1]) & np.isfinite(values)
    at, found = np.floor(seconds[kept]), values[kept]
    # Rows come ten times a second, and each tells of the whole second before it.
    last = np.flatnonzero(np.diff(at, append=np.inf))
    return [float(each) for each in found[last]]


def _spread(values: Sequence[float]) -> tuple[float, int] | None:
    """Return the standard error of the mean of values, and of how many batches it is."""
    batches = min(_MOST_BATCHES, max(_LEAST_BATCHES, math.isqrt(len(values))))
    size = len(values) // batches
    if size < 1:
        return None
    begin = len(values) - size * batches
    means = [
        statistics.fmean(values[place : place + size]) for place in range(begin, len(values), size)
    ]
    return statistics.stdev(means) / math.sqrt(batches), batches
