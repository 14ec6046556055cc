"""What a chunk costs: measured, shipped, and put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.bench.session import Runs
from perflab.instrumentation.catalog import metric
from perflab.patterns.streaming.model.predict import fit_engine
from perflab.units import counted

_MEBIBYTE = 2.0**20
_ROWS = (1_000.0, 10_000.0, 100_000.0)


def _shipped(chunk: float, row: float, base: float, each: float) -> dict[str, Any]:
    return fit_engine(
        [(rows, chunk + row * rows, base * _MEBIBYTE + each * rows) for rows in _ROWS]
    )


SHIPPED: Mapping[str, Any] = {
    "engines": {
        "python": _shipped(5e-5, 3.2e-6, 8.0, 900.0),
        "pandas": _shipped(4e-3, 1.2e-6, 150.0, 500.0),
        "arrow": _shipped(1e-3, 4.5e-7, 130.0, 400.0),
        "polars": _shipped(6e-4, 4.0e-7, 100.0, 400.0),
        "polars_sink": _shipped(1e-2, 1.5e-7, 250.0, 0.0),
    }
}


def streaming_calibration(runs: Runs) -> dict[str, Any]:
    """Return what a chunk and a row cost with each engine, fitted to runs of several chunk sizes.

    A file of fewer rows than a chunk size gives less points; equal ones are taken once.
    """
    points: dict[str, dict[float, tuple[float, float, float]]] = {}
    for values, costs in runs:
        if "own_rows" in costs:
            rows = float(costs["own_rows"])
            measured = (rows, float(costs["own_seconds"]), float(costs["own_peak_bytes"]))
            points.setdefault(str(values["engine"]), {})[round(rows)] = measured
    return {"engines": {name: fit_engine(list(own.values())) for name, own in points.items()}}


def streaming_risks(chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    """Return in words what smaller and larger chunks than the chosen ones would do."""
    engine = chosen["settings"]["engine"]
    line = sorted(
        (point for point in points if point["settings"]["engine"] == engine),
        key=lambda point: point["settings"]["chunk_size"],
    )
    speed, memory = metric("throughput_per_second"), metric("peak_memory_bytes")
    size = chosen["settings"]["chunk_size"]
    words = []
    smaller = [point for point in line if point["settings"]["chunk_size"] <= size / 10]
    if smaller:
        less = smaller[-1]
        words.append(
            f"Too small: with {counted(less['settings']['chunk_size'], 'row')} per chunk the work "
            f"around each chunk leaves {speed.format(less['metrics'][speed.name])}."
        )
    most = line[-1]
    if most["settings"]["chunk_size"] > size:
        words.append(
            f"Too large: {counted(most['settings']['chunk_size'], 'row')} per chunk take "
            f"{memory.format(most['metrics'][memory.name])} instead of "
            f"{memory.format(chosen['metrics'][memory.name])}, for "
            f"{speed.format(most['metrics'][speed.name])}."
        )
    return " ".join(words)
