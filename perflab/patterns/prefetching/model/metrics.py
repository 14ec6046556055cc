"""From simulated prefetching to metrics, levels over time, and words on what is the limit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.kernels import Prefetch
from perflab.modelling.prediction import Metrics
from perflab.units import difference, in_words, percent

Floats = npt.NDArray[np.float64]
_LITTLE = 0.02
_LEVEL = 1.25


def prefetch_metrics(
    run: Prefetch,
    sizes: npt.NDArray[np.int64],
    consumes: Floats,
    workers: int,
    item_bytes: float,
    part: slice,
) -> Metrics:
    """Return the metrics of a part of the batches by name."""
    first, last, _ = part.indices(len(sizes))
    if last <= first:
        return {}
    items = int(sizes[first:last].sum())
    begun = float(run.ended[first - 1]) if first else 0.0
    seconds = float(run.ended[last - 1]) - begun
    stalled = float(run.stalls[first:last].sum())
    level = float((sizes[first:last] * (run.taken - run.fetched)[first:last]).sum())
    fetch = run.busy_seconds / len(sizes)
    consume = float(consumes[first:last].sum()) / items
    result = {
        "requests": float(items),
        "batches": float(last - first),
        "first_item_seconds": float(run.taken[0]),
        "fetch_seconds_mean": fetch,
        "consume_seconds_mean": consume,
        "latency_seconds_mean": consume + stalled / items,
    }
    if seconds > 0:
        result["stall_fraction"] = stalled / seconds
        result["throughput_per_second"] = items / seconds
        result["utilisation"] = min(1.0, fetch * (last - first) / (workers * seconds))
        result["buffer_items"] = level / seconds
        result["buffer_bytes"] = level / seconds * item_bytes
    return result


def levels(run: Prefetch, sizes: npt.NDArray[np.int64], times: Floats) -> Floats:
    """Return how many items are there and not yet taken, at each of some times."""
    there = _reached(run.fetched, sizes, times)
    taken = _reached(run.taken, sizes, times)
    found: Floats = there - taken
    return found


def limit_in_words(source: float, consumer: float, stalled: float) -> str:
    """Return which side is the limit.

    Args:
        source: Items a second that the workers can fetch.
        consumer: Items a second that the consumer can take.
        stalled: The share of time that it waits.
    """
    most = f"the source brings up to {in_words(source, 'items/s')}"
    sides = f"{most}, the consumer takes {in_words(consumer, 'items/s')}"
    if source < consumer * (1 - _LITTLE):
        return f"the source is the limit: {sides}"
    if stalled > _LITTLE and source < consumer * _LEVEL:
        return f"source and consumer are about level, and bursts stall it: {sides}"
    return f"the consumer is the limit: {sides}"


def next_steps(now: Metrics, worker: Metrics, slot: Metrics) -> str:
    """Return what one more worker, and one more batch of buffer, would bring."""
    return f"one more worker: {_change(now, worker)}; one more batch of buffer: " + _change(
        now, slot
    )


def _change(now: Metrics, then: Metrics) -> str:
    name = "throughput_per_second"
    gain = then[name] / now[name] - 1 if now.get(name) else 0.0
    if abs(gain) < 0.005:
        return "no gain"
    before, after = percent(now["stall_fraction"]), percent(then["stall_fraction"])
    return f"{difference(now[name], then[name])} items/s, stalled {after} instead of {before}"


def _reached(moments: Floats, sizes: npt.NDArray[np.int64], times: Floats) -> Floats:
    """Return how many items have passed at some times, of batches in any order."""
    order = np.argsort(moments, kind="stable")
    passed = np.concatenate([[0.0], np.cumsum(sizes[order], dtype=np.float64)])
    found: Floats = passed[np.searchsorted(moments[order], times, side="right")]
    return found
