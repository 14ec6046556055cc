"""The numbers of a workload that decide which pattern would help."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.operations import Operation
from perflab.workloads.describe.traces import summary
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.kinds import describe

MOST_EXACT = 20_000_000
"""Of longer traces the reuse distance is that of the first so many reads."""
_CHANGES = (Operation.WRITE, Operation.DELETE)


def trace_facts(trace: Trace) -> dict[str, float]:
    """Return what a trace tells, by the keys of questions and further names.

    ``repeats`` is the share of the reads whose key was read before, which no cache can exceed;
    ``scan_share`` that of reads whose key comes once; ``reuse_distance_mean`` how many distinct
    keys come from one read of a key to the next, itself included; ``writes`` the share of all
    requests that change or remove data. What the trace does not tell is left out.
    """
    found = summary(trace)
    requests, keys = found["requests"], found["distinct_keys"]
    facts: dict[str, float | None] = {
        "requests": requests,
        "keys": found["estimated_distinct_keys"] or keys,
        "repeats": 1 - keys / requests,
        "scan_share": found["one_hit_wonders"] / requests,
        "reuse_distance_mean": _mean_distance(trace),
        "reuse_interval_seconds_p90": found["reuse_interval_seconds_p90"],
        "working_set_bytes": found["estimated_distinct_bytes"] or found["distinct_bytes"],
        "value_bytes": None if not found["has_sizes"] else found["total_bytes"] / requests,
        "source_seconds": found["backend_seconds_mean"],
        "rate": found["estimated_requests_per_second"] or found["requests_per_second"],
        "writes": _writes(trace),
    }
    return _known(facts)


def arrival_facts(arrivals: Arrivals) -> dict[str, float]:
    """Return what arrivals tell: rate, time of a request, and how many are served at once."""
    found: Mapping[str, Any] = describe(arrivals)
    facts: dict[str, float | None] = {
        "requests": found["requests"],
        "rate": found["requests_per_second"],
        "busiest_second": found["requests_in_busiest_second"],
        "source_seconds": found["service_seconds_mean"],
    }
    if arrivals.durations is not None and found["has_durations"]:
        facts["concurrency_mean"] = found["requests_per_second"] * found["service_seconds_mean"]
        facts["concurrency_peak"] = float(most_at_once(arrivals.times, arrivals.durations))
    return _known(facts)


def most_at_once(times: npt.NDArray[np.float64], durations: npt.NDArray[np.float64]) -> int:
    """Return the most requests that are served at one moment; one that ends makes room first.

    Args:
        times: Seconds at which each comes, shape ``(n,)``, never backwards.
        durations: Seconds that each takes, shape ``(n,)``; NaN is left out.
    """
    known = np.isfinite(durations)
    starts = times[known]
    ends = np.sort(starts + durations[known])
    served = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, side="right")
    # Requests of no duration end as they come, so that a count may fall below zero.
    return int(served.max(initial=0))


def arrivals_of(trace: Trace) -> Arrivals | None:
    """Return when the requests of a trace come, with the backend's times; None without times."""
    if trace.times is None or (trace.operations is not None and not trace.reads):
        return None
    arrivals = Arrivals.of(trace)
    if trace.backend_seconds is None or len(arrivals) != len(trace):
        return arrivals
    origin = (trace.source, trace.notes, trace.options)
    return Arrivals(trace.name, arrivals.times, trace.backend_seconds, *origin)


def _mean_distance(trace: Trace) -> float | None:
    from perflab.kernels.curves.lru_curve import lru_curve  # loads numba
    from perflab.kernels.reuse import previous_and_next

    reads = trace.reads_only() if trace.reads else trace
    ids = reads.ids[:MOST_EXACT]
    curve = lru_curve(previous_and_next(ids, int(ids.max()) + 1)[0])
    hits = int(curve[-1])
    if not hits:
        return None
    # Each size that misses what the largest hits adds one to the distance of each of those.
    mean = float((hits - curve).sum()) / hits
    return mean / trace.sample_rate


def _writes(trace: Trace) -> float | None:
    if trace.operations is None:
        return None
    counts = trace.operation_counts
    return sum(counts.get(code, 0) for code in _CHANGES) / len(trace)


def _known(facts: Mapping[str, float | None]) -> dict[str, float]:
    known = {key: float(value) for key, value in facts.items() if value is not None}
    return {key: value for key, value in known.items() if math.isfinite(value)}
