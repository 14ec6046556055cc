"""What is read out of measured and predicted loaders: costs, a calibration, and risks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from perflab.bench.conditions import Conditions
from perflab.bench.session import Measured, Runs
from perflab.bench.tuning import Point
from perflab.instrumentation.catalog import metric
from perflab.modelling.ageing import factor, replaced, scaled_parts
from perflab.modelling.latency import costs_of
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.lazy_loading.model.costs import load_cost, loads_of
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.units import counted, rounded

CALIBRATION_RUNS: tuple[Mapping[str, object], ...] = (
    {"chunk_size": 10, "max_chunks": 10},
    {"chunk_size": 100, "max_chunks": 10},
    {"chunk_size": 1000, "max_chunks": 10},
    {"chunk_size": 1000, "max_chunks": 10, "read_ahead": 2},
    {"chunk_size": 10_000, "max_chunks": 10},
    {"chunk_size": 100_000, "max_chunks": 2},
    {"chunk_size": 1000, "max_chunks": 400},
)
"""The last one holds the most rows and has the most hits."""

_FEWEST_HITS = 100


def lazy_costs(measured: Measured) -> dict[str, object]:
    """Return what a hit and a load cost in a run, and what a row takes, as far as it was seen."""
    counters = measured.counters
    found = costs_of(measured.histograms, ("hit", "miss"))
    result: dict[str, object] = {}
    if "hit" in found and measured.histograms["hit"].count >= _FEWEST_HITS:
        result["hit"] = found["hit"]
    loads = counters.get("loads", 0)
    if "miss" in found and loads:
        rows = counters["rows_read"] / loads
        result["load"] = {f"{rows:.6g}": {**found["miss"], "bytes": counters["bytes_read"] / loads}}
        result["loads_per_miss"] = loads / measured.histograms["miss"].count
        result["threads"] = measured.load.concurrency
    result |= costs_of(measured.distributions, ("wake",))
    if counters.get("stored_row_bytes"):
        result["stored_row_bytes"] = counters["stored_row_bytes"]
    held = counters.get("rows_held", 0)
    if held:
        result["sized_row_bytes"] = counters["bytes"] / held
        result["memory"] = {"rows": held, "bytes": measured.memory_bytes}
    return result


def lazy_calibration(runs: Runs) -> dict[str, object]:
    """Return the costs that runs at several chunk sizes tell together.

    Memory is a fixed part, from the run that held the fewest rows, and one a row, from the run
    that held the most. How far a load in the background holds others up (``contention``) is how
    much longer loads take beside such loads, for each of them: 0 where they overlap, 1 where
    they take turns.
    """
    result: dict[str, object] = {}
    loads: dict[str, Costs] = {}
    memory: list[Mapping[str, float]] = []
    beside: Costs | None = None
    last = runs[-1][0]
    for values, costs in runs:
        if values.get("read_ahead"):
            beside = costs
            continue
        # A run that holds much is seldom asked to load, and much of that while it starts.
        if values is not last:
            loads |= costs.get("load", {})
        memory += [costs["memory"]] if "memory" in costs else []
        for key in ("hit", "sized_row_bytes", "stored_row_bytes"):
            if key in costs:
                result[key] = costs[key]
    overheads = [costs["overhead_seconds"] for _, costs in runs if "overhead_seconds" in costs]
    if overheads:
        result["overhead_seconds"] = min(overheads)
    if loads:
        result["load"] = loads
        if beside is not None and "load" in beside:
            result["contention"] = _contention(loads, beside)
    if memory:
        least, most = (pick(memory, key=lambda seen: seen["rows"]) for pick in (min, max))
        result["base_bytes"] = base = min(least["bytes"], most["bytes"])
        result["row_bytes"] = max((most["bytes"] - base) / most["rows"], 1.0)
    return result


def lazy_renewed(
    costs: Costs, own: Costs, _settings: object, _predicted: Metrics
) -> dict[str, object]:
    """Return the costs as a run shows them: loads of all sizes as much slower as its own were."""
    names = ("hit", "overhead_seconds", "stored_row_bytes", "threads", "wake")
    result = replaced(costs, own, names)
    if "load" in own:
        ((rows, load),) = own["load"].items()
        known = load_cost(loads_of(costs["load"]), float(rows)).time.mean
        times = {
            size: {**scaled_parts(one, ("mean", "quantiles"), factor(load["mean"], known))}
            for size, one in costs["load"].items()
        }
        result["load"] = {**times, rows: load}
    return result


def _contention(loads: Mapping[str, Costs], beside: Costs) -> float:
    (measured,) = loads_of(beside["load"])
    alone = load_cost(loads_of(loads), measured.rows).time.mean
    others = beside["loads_per_miss"] - 1
    if others <= 0:
        return 0.0
    return float(min(max((measured.time.mean / alone - 1) / others, 0.0), 1.0))


def slower_loads(
    now: Conditions[LazyLoadingSettings], _workload: object, factor: float
) -> Conditions[LazyLoadingSettings]:
    """Return conditions in which each load of a chunk takes so many times as long."""
    loads = {
        rows: scaled_parts(load, ("mean", "quantiles"), factor)
        for rows, load in now.costs["load"].items()
    }
    return dataclasses.replace(now, costs={**now.costs, "load": loads})


def lazy_risks(chosen: Point, points: Sequence[Point]) -> str:
    """Return in words what fewer chunks, and chunks of another size, would do."""
    latency, read = metric("latency_seconds_mean"), metric("read_amplification")
    here = chosen["settings"]
    line = sorted(
        (point for point in points if point["settings"]["chunk_size"] == here["chunk_size"]),
        key=lambda point: point["settings"]["max_chunks"],
    )
    words = []
    less = [p for p in line if p["settings"]["max_chunks"] < here["max_chunks"]]
    now = latency.format(chosen["metrics"][latency.name])
    less = [p for p in less if latency.format(p["metrics"][latency.name]) != now]
    if less:
        point = less[-1]
        words.append(
            f"Too few: with {counted(point['settings']['max_chunks'], 'chunk')} the mean latency "
            f"is {latency.format(point['metrics'][latency.name])}."
        )
    wider = [
        p
        for p in points
        if p["settings"]["max_chunks"] == here["max_chunks"]
        and p["settings"]["chunk_size"] > here["chunk_size"]
    ]
    if wider:
        point = min(wider, key=lambda p: p["settings"]["chunk_size"])
        factor = point["metrics"][read.name]
        read_here = rounded(chosen["metrics"][read.name])
        if rounded(factor) == read_here:
            return " ".join(words)
        words.append(
            f"Too large: chunks of {counted(point['settings']['chunk_size'], 'row')} read "
            f"{rounded(factor)} bytes for each byte of the rows requested, instead of "
            f"{read_here}."
        )
    return " ".join(words)
