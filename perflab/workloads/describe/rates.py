"""When the requests of a trace come: the gaps between them, and their rate over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SLOTS = 24
NAMES = ("p50", "p90", "p99")
QUANTILES = (0.5, 0.9, 0.99)
# Of longer traces every so many-th gap is looked at.
MOST_GAPS = 4_000_000
BLOCK = 1 << 24


def rate_facts(times: npt.NDArray[np.float64] | None) -> dict[str, Any]:
    """Return quantiles of the gaps between requests, and requests per second over time.

    The rates are those of 24 equal stretches of the span, the last of which includes its end.
    None without times, or where all are the same.
    """
    span = 0.0 if times is None or not len(times) else float(times[-1] - times[0])
    names = [f"interarrival_seconds_{name}" for name in NAMES]
    if times is None or span <= 0:
        return {**dict.fromkeys(names), "requests_per_second_over_time": None}
    from perflab.kernels.sampling.quantiles import quantiles_of  # loads numba

    step = -(-len(times) // MOST_GAPS)
    gaps = quantiles_of(times[1::step] - times[:-1:step], QUANTILES).tolist()
    edges = times[0] + span * np.arange(1, SLOTS) / SLOTS
    counts = np.diff(np.searchsorted(times, edges), prepend=0, append=len(times))
    rates = (counts * SLOTS / span).tolist()
    return {**dict(zip(names, gaps, strict=True)), "requests_per_second_over_time": rates}


def longest_gap_share(times: npt.NDArray[np.float64] | None) -> float:
    """Return the share of the span in which, at one stretch, no request came."""
    if times is None or len(times) < 2 or times[-1] <= times[0]:
        return 0.0
    # Block by block, so that a trace that hardly fits into memory is not doubled.
    starts = range(0, len(times) - 1, BLOCK)
    longest = max(np.diff(times[start : start + BLOCK + 1]).max() for start in starts)
    return float(longest / (times[-1] - times[0]))
