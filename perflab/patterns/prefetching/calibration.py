"""What is read out of prefetching runs: costs, a calibration, and the risks of a setting."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from perflab.bench.session import Measured, Runs
from perflab.modelling.latency import costs_of
from perflab.modelling.prediction import Metrics
from perflab.modelling.usl import fit_usl
from perflab.units import counted, percent

CALIBRATION_RUNS: tuple[Mapping[str, Any], ...] = (
    {"workers": 1, "batch_size": 1, "buffer_size": 50},
    {"workers": 1, "batch_size": 100, "buffer_size": 400},
    {"workers": 2, "batch_size": 100, "buffer_size": 800},
    {"workers": 6, "batch_size": 100, "buffer_size": 2400},
)
_SHORTEST = 1e-9
_COUNTED = ("batches", "retries", "timeouts", "errors", "short_pages")


def prefetching_metrics(measured: Measured) -> Metrics:
    """Return stalls, times, the buffer's level on average, and counts of a part of a run."""
    counters = measured.counters
    result = {name: float(counters.get(name, 0)) for name in _COUNTED}
    result["requests"] = float(measured.requests)
    if counters.get("first_item_seconds"):
        result["first_item_seconds"] = counters["first_item_seconds"]
    fetch, consume = (measured.distributions.get(name) for name in ("fetch", "consume"))
    if fetch is not None and fetch.count:
        result["fetch_seconds_mean"] = fetch.mean
        result["fetch_seconds_p95"] = fetch.quantile(0.95)
    if consume is not None and consume.count:
        result["consume_seconds_mean"] = consume.mean
    if measured.seconds > 0:
        stalled = counters.get("stall_seconds", 0.0) / measured.seconds
        result["stall_fraction"] = min(1.0, max(0.0, stalled))
        result["buffer_items"] = counters.get("buffer_item_seconds", 0.0) / measured.seconds
        workers = counters.get("workers", 0.0)
        if workers and fetch is not None:
            result["utilisation"] = min(1.0, fetch.total / (workers * measured.seconds))
    result["buffer_bytes"] = counters.get("buffer_bytes", 0.0)
    return result


def prefetching_costs(measured: Measured) -> dict[str, Any]:
    """Return what a run measured; what it did not see is left out."""
    found = costs_of(measured.distributions, ("fetch", "consume"))
    counters = measured.counters
    result: dict[str, Any] = {}
    items, batches = counters.get("sized_items", 0.0), counters.get("batches", 0.0)
    if "fetch" in found and batches:
        at_work = measured.distributions["fetch"].total / max(measured.seconds, _SHORTEST)
        result["run_fetch"] = {**found["fetch"], "items": items / batches, "at_work": at_work}
    if "consume" in found:
        result["run_consume"] = found["consume"]
    if items:
        result["item_bytes"] = counters.get("sized_bytes", 0.0) / items
    handover = measured.distributions.get("handover")
    if handover is not None and handover.count:
        result["handover_seconds"] = handover.quantile(0.5)
    return result


def prefetching_calibration(runs: Runs) -> dict[str, Any]:
    """Return the costs that the runs of `CALIBRATION_RUNS` tell together.

    A fetch is a fixed part and a part an item, through two sizes of batch; how it slows down with
    how many are at work is the Universal Scalability Law through three runs.
    """
    known = [(values, costs) for values, costs in runs if "run_fetch" in costs]
    if not known:
        return {}
    alone = [costs["run_fetch"] for values, costs in known if values["workers"] == 1]
    small, large = alone[0], alone[-1]
    each = (large["mean"] - small["mean"]) / max(large["items"] - small["items"], 1.0)
    each = max(each, 0.0)
    fixed = max(large["mean"] - each * large["items"], _SHORTEST)
    same = [costs["run_fetch"] for values, costs in known if values["batch_size"] > 1]
    law = _law(same or alone[:1])
    result: dict[str, Any] = {
        "fetch": {
            "fixed_seconds": fixed,
            "item_seconds": each,
            "quantiles": [value / large["mean"] for value in large["quantiles"]],
        },
        "usl": law,
    }
    consumes = [costs["run_consume"] for _, costs in known if "run_consume" in costs]
    if consumes:
        middle = consumes[len(consumes) // 2]
        quarter, three = middle["quantiles"][25], middle["quantiles"][75]
        result["consume"] = {
            "mean": middle["mean"],
            # The quartiles of a normal distribution are 1.349 standard deviations apart.
            "spread": (three - quarter) / 1.349,
        }
    for name in ("item_bytes", "handover_seconds", "overhead_seconds"):
        values = [costs[name] for _, costs in known if name in costs]
        if values:
            result[name] = statistics.median(values)
    return result


def prefetching_risks(chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    """Return what fewer workers, a smaller and a larger buffer than the chosen would do."""
    workers, buffer = (chosen["settings"][key] for key in ("workers", "buffer_size"))
    stalled = _stalled(chosen)

    def at(n_workers: int, size: int) -> Mapping[str, Any] | None:
        wanted = {**chosen["settings"], "workers": n_workers, "buffer_size": size}
        return next((point for point in points if point["settings"] == wanted), None)

    sizes = sorted({point["settings"]["buffer_size"] for point in points})
    counts = sorted({point["settings"]["workers"] for point in points})
    words = []
    fewer = [count for count in counts if count < workers]
    less = at(fewer[-1], buffer) if fewer else None
    if less is not None:
        words.append(
            f"Too few: with {counted(fewer[-1], 'worker')} the consumer waits "
            f"{percent(_stalled(less))} of the time."
        )
    smaller = [size for size in sizes if size < buffer]
    small = at(workers, smaller[-1]) if smaller else None
    if small is not None and _stalled(small) > stalled:
        words.append(
            f"Too small: with a buffer of {counted(smaller[-1], 'item')} it is "
            f"{percent(_stalled(small))}, since a slow fetch is not bridged."
        )
    most = at(counts[-1], sizes[-1])
    if most is not None:
        words.append(
            f"Too large: {counted(counts[-1], 'worker')} and {counted(sizes[-1], 'item')} would "
            f"bring the stall fraction to {percent(_stalled(most))}, for more load on the source "
            "and more memory; what is in the buffer is lost work when the consumer stops."
        )
    return " ".join(words)


def _stalled(point: Mapping[str, Any]) -> float:
    return float(point["metrics"]["stall_fraction"])


def _law(fetches: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the law through the fetches that were at work on average, and their times."""
    at_work = [max(1.0, fetch["at_work"]) for fetch in fetches]
    rates = [n / fetch["mean"] for n, fetch in zip(at_work, fetches, strict=True)]
    fitted = fit_usl(at_work, rates)
    return {"contention": fitted.contention, "coherency": fitted.coherency}
