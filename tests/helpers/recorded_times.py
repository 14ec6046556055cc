"""A trace's backend times as the documentation says them, in plain loops."""

from __future__ import annotations

import math
import statistics

import numpy as np

from perflab.operations import Operation
from perflab.workloads import Trace


def timed_trace(seed, requests=900, keys=60, known=0.6, **more):
    """Return a trace of which some reads, and some keys, have no backend time."""
    draw = np.random.default_rng(seed)
    ids = draw.zipf(1.25, requests) % keys
    seconds = draw.exponential(0.01, requests) * (1 + ids % 5)
    seconds[draw.random(requests) < 0.1] = 0.0
    seconds[(draw.random(requests) >= known) | (ids % 11 == 3)] = np.nan
    times = np.cumsum(draw.exponential(0.1, requests))
    return Trace.from_keys(ids, times, backend_seconds=seconds, **more)


def is_read(trace, row):
    return trace.operations is None or trace.operations[row] == Operation.GET


def waits_of(trace, load):
    """Return what each row takes of the backend if it misses; 0 for what is no read."""
    ids, seconds = trace.ids.tolist(), trace.backend_seconds.tolist()
    of_keys = {}
    for row, (key, own) in enumerate(zip(ids, seconds, strict=True)):
        if is_read(trace, row) and not math.isnan(own):
            of_keys.setdefault(key, []).append(own)
    waits = []
    for row, (key, own) in enumerate(zip(ids, seconds, strict=True)):
        if not is_read(trace, row):
            waits.append(0.0)
        elif not math.isnan(own):
            waits.append(own * load.backend_scale)
        elif key in of_keys:
            waits.append(statistics.median(of_keys[key]) * load.backend_scale)
        else:
            waits.append(load.backend_seconds)
    return waits


def latencies(rows, waits, costs):
    """Return the latency of each read of a replay.

    Args:
        rows: Row and whether it hit, of each read.
        waits: From `waits_of`.
        costs: With hit, miss and the lateness of a sleep.
    """
    found = []
    for row, hit in rows:
        if hit:
            found.append(costs["hit"]["mean"])
        else:
            late = costs["sleep_seconds"] if waits[row] > 0 else 0.0
            found.append(costs["miss"]["mean"] + waits[row] + late)
    return found


def saved(rows, waits):
    """Return which share of the backend's time the hits of a replay save."""
    whole = sum(waits[row] for row, _ in rows)
    return sum(waits[row] for row, hit in rows if hit) / whole


def flat(costs):
    """Return costs at which each hit, and each miss beside the backend, takes the same."""
    hit, miss = (
        {"mean": seconds, "quantiles": [seconds] * len(costs[name]["quantiles"])}
        for name, seconds in (("hit", 2e-6), ("miss", 3e-5))
    )
    return {**costs, "hit": hit, "miss": miss}
