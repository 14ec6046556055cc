"""What is read out of measured and predicted loaders: costs, a calibration, and risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.bench.session import Measured, Runs
from perflab.instrumentation.catalog import metric
from perflab.modelling.latency import costs_of
from perflab.patterns.lazy_loading.model.load_times import load_cost
from perflab.units import counted, rounded

CALIBRATION_RUNS: tuple[Mapping[str, Any], ...] = (
    {"chunk_size": 10, "max_chunks": 10},
    {"chunk_size": 100, "max_chunks": 10},
    {"chunk_size": 1000, "max_chunks": 10},
    {"chunk_size": 1000, "max_chunks": 10, "read_ahead": 2},
    {"chunk_size": 10_000, "max_chunks": 10},
    {"chunk_size": 100_000, "max_chunks": 2},
    {"chunk_size": 1000, "max_chunks": 400},
)
"""The last one holds the most rows and has the most hits."""

_FEWEST_HITS = 1000


def lazy_costs(measured: Measured) -> dict[str, Any]:
    """Return what a hit and a load cost in a run, and what a row takes, as far as it was seen."""
    counters = measured.counters
    found = costs_of(measured.histograms, ("hit", "miss"))
    result: dict[str, Any] = {}
    if "hit" in found and measured.histograms["hit"].count >= _FEWEST_HITS:
        result["hit"] = found["hit"]
    loads = counters.get("loads", 0)
    if "miss" in found and loads:
        rows = counters["rows_read"] / loads
        result["load"] = {f"{rows:.6g}": {**found["miss"], "bytes": counters["bytes_read"] / loads}}
        result["loads_per_miss"] = loads / max(counters.get("misses", 0), 1)
    if counters.get("stored_row_bytes"):
        result["stored_row_bytes"] = counters["stored_row_bytes"]
    held = counters.get("rows_held", 0)
    if held:
        result["sized_row_bytes"] = counters["bytes"] / held
        result["memory"] = {"rows": held, "bytes": measured.memory_bytes}
    return result


def lazy_calibration(runs: Runs) -> dict[str, Any]:
    """Return the costs that runs at several chunk sizes tell together.

    Memory is a fixed part, from the run that held the fewest rows, and one a row, from the run
    that held the most. How far a load in the background holds others up (``contention``) is how
    much longer loads take beside such loads, for each of them: 0 where they overlap, 1 where
    they take turns.
    """
    result: dict[str, Any] = {"load": {}}
    memory: list[Mapping[str, float]] = []
    beside: dict[str, Any] | None = None
    last = runs[-1][0]
    for values, costs in runs:
        if values.get("read_ahead"):
            beside = costs
            continue
        # A run that holds much is seldom asked to load, and much of that while it starts.
        if values is not last:
            result["load"] |= costs.get("load", {})
        memory += [costs["memory"]] if "memory" in costs else []
        for key in ("hit", "sized_row_bytes", "stored_row_bytes"):
            if key in costs:
                result[key] = costs[key]
    overheads = [costs["overhead_seconds"] for _, costs in runs if "overhead_seconds" in costs]
    if overheads:
        result["overhead_seconds"] = min(overheads)
    if not result["load"]:
        del result["load"]
    elif beside is not None and "load" in beside:
        result["contention"] = _contention(result["load"], beside)
    if memory:
        least, most = (pick(memory, key=lambda seen: seen["rows"]) for pick in (min, max))
        result["base_bytes"] = base = min(least["bytes"], most["bytes"])
        result["row_bytes"] = max((most["bytes"] - base) / most["rows"], 1.0)
    return result


def _contention(loads: Mapping[str, Any], beside: Mapping[str, Any]) -> float:
    ((rows, measured),) = beside["load"].items()
    alone = load_cost(loads, float(rows))["mean"]
    others = beside["loads_per_miss"] - 1
    if others <= 0:
        return 0.0
    return float(min(max((measured["mean"] / alone - 1) / others, 0.0), 1.0))


def lazy_risks(chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    """Return in words what fewer chunks, and chunks of another size, would do."""
    latency, read = metric("latency_seconds_mean"), metric("read_amplification")
    here = chosen["settings"]
    line = sorted(
        (point for point in points if point["settings"]["chunk_size"] == here["chunk_size"]),
        key=lambda point: point["settings"]["max_chunks"],
    )
    words = []
    less = [p for p in line if p["settings"]["max_chunks"] < here["max_chunks"]]
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
        words.append(
            f"Too large: chunks of {counted(point['settings']['chunk_size'], 'row')} read "
            f"{rounded(factor)} bytes for each byte of the rows requested, instead of "
            f"{rounded(chosen['metrics'][read.name])}."
        )
    return " ".join(words)
