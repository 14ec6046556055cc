"""What is read out of prefetching runs: costs, a calibration, and the risks of a setting."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence

from perflab.bench.conditions import Conditions
from perflab.bench.session import Measured, Runs
from perflab.bench.tuning import Point
from perflab.modelling.ageing import factor, replaced, scaled, scaled_parts
from perflab.modelling.latency import costs_of
from perflab.modelling.prediction import Costs, Metrics
from perflab.modelling.usl import fit_usl
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.units import counted, percent

CALIBRATION_RUNS: tuple[Mapping[str, object], ...] = (
    {"workers": 1, "batch_size": 1, "buffer_size": 50},
    {"workers": 1, "batch_size": 100, "buffer_size": 400},
    {"workers": 2, "batch_size": 100, "buffer_size": 800},
    {"workers": 6, "batch_size": 100, "buffer_size": 2400},
)
_SHORTEST = 1e-9
_COUNTED = ("batches", "retries", "timeouts", "errors", "short_pages")


def prefetching_metrics(measured: Measured) -> Metrics:
    """Return stalls, times, the buffer's mean level, and counts of a part of a run."""
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
        for name in ("item", "byte"):
            held = counters.get(f"buffer_{name}_seconds", 0.0)
            result[f"buffer_{name}s"] = held / measured.seconds
        workers = counters.get("workers", 0.0)
        if workers and fetch is not None:
            result["utilisation"] = min(1.0, fetch.total / (workers * measured.seconds))
    return result


def prefetching_costs(measured: Measured) -> dict[str, object]:
    """Return what a run measured; what it did not see is left out."""
    found = costs_of(measured.distributions, ("fetch", "consume"))
    counters = measured.counters
    result: dict[str, object] = {}
    items, batches = counters.get("sized_items", 0.0), counters.get("batches", 0.0)
    if "fetch" in found and batches:
        at_work = measured.distributions["fetch"].total / max(measured.seconds, _SHORTEST)
        result["run_fetch"] = {**found["fetch"], "items": items / batches, "at_work": at_work}
    if "consume" in found:
        result["run_consume"] = found["consume"]
        result |= _take_seconds(measured, found["consume"]["mean"])
    if items:
        result["item_bytes"] = counters.get("sized_bytes", 0.0) / items
    handover = measured.distributions.get("handover")
    if handover is not None and handover.count:
        result["handover_seconds"] = handover.quantile(0.5)
    return result


def _take_seconds(measured: Measured, consume: float) -> dict[str, float]:
    """Return what a request took beside the work and the wait for an empty buffer, if known."""
    taken = measured.histograms.get("item")
    if taken is None or not taken.count:
        return {}
    stalled = measured.counters.get("stall_seconds", 0.0) / taken.count
    return {"take_seconds": max(0.0, taken.mean - stalled - consume)}


def prefetching_calibration(runs: Runs) -> dict[str, object]:
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
    result: dict[str, object] = {
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
    for name in ("item_bytes", "handover_seconds", "overhead_seconds", "take_seconds"):
        values = [costs[name] for _, costs in known if name in costs]
        if values:
            result[name] = statistics.median(values)
    return result


def prefetching_renewed(
    costs: Costs, own: Costs, _settings: object, _predicted: Metrics
) -> dict[str, object]:
    """Return the costs as a run shows them: fetches of all sizes as much slower as its own were."""
    names = ("item_bytes", "handover_seconds", "overhead_seconds", "take_seconds")
    result = replaced(costs, own, names)
    if "run_fetch" in own:
        fetch, law, run = costs["fetch"], costs["usl"], own["run_fetch"]
        beside = max(run["at_work"], 1.0) - 1.0
        slowed = 1 + law["contention"] * beside + law["coherency"] * beside * (beside + 1)
        known = slowed * (fetch["fixed_seconds"] + fetch["item_seconds"] * run["items"])
        parts = ("fixed_seconds", "item_seconds")
        result["fetch"] = scaled_parts(fetch, parts, factor(run["mean"], known))
    if "run_consume" in own:
        consume = costs["consume"]
        result["consume"] = scaled(consume, factor(own["run_consume"]["mean"], consume["mean"]))
    return result


def slower_fetches(
    now: Conditions[PrefetchingSettings], _workload: object, factor: float
) -> Conditions[PrefetchingSettings]:
    """Return conditions in which each fetch takes so many times as long, its wait included."""
    fetch = scaled_parts(now.costs["fetch"], ("fixed_seconds", "item_seconds"), factor)
    load = now.load.change(backend_seconds=now.load.backend_seconds * factor)
    return dataclasses.replace(now, load=load, costs={**now.costs, "fetch": fetch})


def faster_consumer(
    now: Conditions[PrefetchingSettings], _workload: object, factor: float
) -> Conditions[PrefetchingSettings]:
    """Return conditions in which the consumer takes so many times as many items per second."""
    settings = now.settings.change(consume_seconds=now.settings.consume_seconds / factor)
    rate = now.load.request_rate
    load = now.load.change(request_rate=None if rate is None else rate * factor)
    costs = scaled_parts(now.costs, ("consume",), 1 / factor)
    return Conditions(settings, load, costs)


def prefetching_risks(chosen: Point, points: Sequence[Point]) -> str:
    """Return what fewer workers, a smaller and a larger buffer than the chosen would do."""
    workers, buffer = (chosen["settings"][key] for key in ("workers", "buffer_size"))
    stalled = _stalled(chosen)

    def at(n_workers: int, size: int) -> Point | None:
        wanted = {**chosen["settings"], "workers": n_workers, "buffer_size": size}
        return next((point for point in points if point["settings"] == wanted), None)

    sizes = sorted({point["settings"]["buffer_size"] for point in points})
    counts = sorted({point["settings"]["workers"] for point in points})
    words = []
    fewer = [count for count in counts if count < workers]
    less = at(fewer[-1], buffer) if fewer else None
    if less is not None and percent(_stalled(less)) != percent(stalled):
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
    if most is not None and most["settings"] != chosen["settings"]:
        same = percent(_stalled(most)) == percent(stalled)
        brings = "leave" if same else "bring"
        words.append(
            f"Too large: {counted(counts[-1], 'worker')} and {counted(sizes[-1], 'item')} would "
            f"{brings} the stall fraction {'at' if same else 'to'} {percent(_stalled(most))}, for "
            "more load on the source and more memory; what is in the buffer is lost work when the "
            "consumer stops."
        )
    return " ".join(words)


def _stalled(point: Point) -> float:
    return float(point["metrics"]["stall_fraction"])


def _law(fetches: Sequence[Costs]) -> dict[str, float]:
    """Return the law through the fetches that were at work on average, and their times."""
    at_work = [max(1.0, fetch["at_work"]) for fetch in fetches]
    rates = [n / fetch["mean"] for n, fetch in zip(at_work, fetches, strict=True)]
    fitted = fit_usl(at_work, rates)
    return {"contention": fitted.contention, "coherency": fitted.coherency}
