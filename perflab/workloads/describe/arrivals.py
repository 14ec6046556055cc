"""What arrivals are like, in numbers: how many come, how unevenly, and how long each is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.units import counted, in_words, rounded
from perflab.workloads.kinds.arrivals import Arrivals

MINUTE = 60.0
SURE_SECONDS = 10
ROUNDING = 1e-6


def summary(arrivals: Arrivals) -> dict[str, Any]:
    """Return requests, span, rates, unevenness and durations of arrivals, by name and unit.

    What the arrivals cannot tell is None: the busiest minute of less than one, durations that
    were not recorded.
    """
    times = arrivals.times
    span = float(times[-1] - times[0])
    known = None if arrivals.durations is None else arrivals.durations
    known = None if known is None else known[np.isfinite(known)]
    has_durations = known is not None and len(known) > 0
    return {
        "name": arrivals.name,
        "fingerprint": arrivals.fingerprint,
        "requests": len(arrivals),
        "duration_seconds": span,
        "requests_per_second": arrivals.rate,
        "requests_in_busiest_second": busiest(times, 1.0),
        "requests_in_busiest_minute": busiest(times, MINUTE) if span >= MINUTE else None,
        "index_of_dispersion": index_of_dispersion(times),
        "service_seconds_mean": float(known.mean())
        if known is not None and has_durations
        else None,
        "service_seconds_p95": (
            float(np.percentile(known, 95)) if known is not None and has_durations else None
        ),
        "has_durations": has_durations,
    }


def facts(arrivals: Arrivals) -> list[str]:
    """Return requests, rate, span and unevenness in words."""
    found = summary(arrivals)
    said = [
        counted(len(arrivals), "request"),
        f"{rounded(found['requests_per_second'])} per second",
        f"over {in_words(found['duration_seconds'], 'seconds')}",
    ]
    if found["index_of_dispersion"] is not None:
        said.append(f"burstiness {rounded(found['index_of_dispersion'])} (1 is Poisson)")
    if found["has_durations"]:
        said.append("with service times")
    return said


def busiest(times: npt.NDArray[np.float64], seconds: float) -> int:
    """Return the most arrivals within any stretch of that many seconds."""
    # Times that are even in decimal are not in binary: the last just before the end is the next.
    ends = np.searchsorted(times, times + seconds * (1 - ROUNDING), side="left")
    return int((ends - np.arange(len(times))).max())


def index_of_dispersion(times: npt.NDArray[np.float64]) -> float | None:
    """Return the variance of the arrivals per second over their mean; None below 10 seconds.

    1 for a Poisson process, 0 for even gaps, more for bursts. (Cox and Lewis, The Statistical
    Analysis of Series of Events, 1966, section 4.5: index of dispersion of counts.)
    """
    seconds = int(times[-1] - times[0])
    if seconds < SURE_SECONDS:
        return None
    numbers = (times - times[0]).astype(np.int64)
    numbers = numbers[: np.searchsorted(numbers, seconds)]
    # Seconds without arrivals are not stored: a log may span years.
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    counts = np.diff(starts, append=len(numbers)).astype(np.float64)
    mean = len(numbers) / seconds
    return float(np.sum(counts**2) / seconds - mean**2) / mean
