"""What a chunk costs: measured, shipped, and put into words."""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Self

from perflab.bench.conditions import Conditions
from perflab.bench.session import Runs
from perflab.bench.tuning import Point
from perflab.instrumentation.catalog import metric
from perflab.modelling.ageing import factor, scaled_parts
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.units import counted

_MEBIBYTE = 2.0**20
_ROWS = (1_000.0, 10_000.0, 100_000.0)
_SHORTEST_CHUNK_SECONDS = 1e-9


@dataclasses.dataclass(frozen=True, slots=True)
class EngineCosts:
    """What a chunk takes with one engine: two lines, and how far off they are where measured.

    Attributes:
        chunk_seconds: What each chunk takes, however few rows it has.
        row_seconds: What each of its rows takes on top.
        base_bytes: The memory without rows.
        bytes_per_row: What each row of a chunk takes on top.
        rows: The chunk sizes that were measured, rising.
        seconds_off: What was measured there over what the line of seconds says.
        bytes_off: The same of the memory.
    """

    chunk_seconds: float
    row_seconds: float
    base_bytes: float
    bytes_per_row: float
    rows: tuple[float, ...]
    seconds_off: tuple[float, ...]
    bytes_off: tuple[float, ...]

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration holds of an engine."""
        return cls(
            costs["chunk_seconds"],
            costs["row_seconds"],
            costs["base_bytes"],
            costs["bytes_per_row"],
            tuple(costs["rows"]),
            tuple(costs["seconds_off"]),
            tuple(costs["bytes_off"]),
        )

    def to_dict(self) -> dict[str, object]:
        """Return a form that a calibration's file gives back as it is."""
        values = dataclasses.asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def seconds(self, rows: float) -> float:
        """Return how long a chunk of so many rows takes."""
        known = _line((self.chunk_seconds, self.row_seconds), rows)
        return max(known, _SHORTEST_CHUNK_SECONDS) * _off(self.rows, self.seconds_off, rows)

    def peak_bytes(self, rows: float, *, whole: bool) -> float:
        """Return the peak of memory; an engine that goes through a file whole holds no chunk."""
        known = _line((self.base_bytes, self.bytes_per_row), 0.0 if whole else rows)
        return known * _off(self.rows, self.bytes_off, rows)


@dataclasses.dataclass(frozen=True, slots=True)
class StreamingCosts:
    """What the model must be told.

    Attributes:
        engines: What a chunk takes, by engine.
        own_rows: Rows of a chunk of the run itself; 0 where there is no run.
        own_seconds: How long such a chunk took.
    """

    engines: Mapping[str, EngineCosts]
    own_rows: float = 0.0
    own_seconds: float = 0.0

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration, or a run, holds."""
        engines = {name: EngineCosts.of(own) for name, own in costs["engines"].items()}
        return cls(engines, costs.get("own_rows", 0.0), costs.get("own_seconds", 0.0))

    def stands_for(self, engine: str) -> str:
        """Return the engine itself, or the one that stands for it where it is not measured."""
        if engine in self.engines:
            return engine
        return "polars" if "polars" in self.engines else next(iter(self.engines))


def fit_line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return base and slope, neither below 0, of the line with the least relative squares.

    Args:
        points: Rows of a chunk, and seconds or bytes that it took.
    """
    weights = [1.0 / max(y, 1e-12) ** 2 for _, y in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    shared = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points, strict=True))
    slope = max(0.0, shared / spread) if spread > 0 else 0.0
    base = mean_y - slope * mean_x
    if base < 0:
        ratios = [w * x * y for w, (x, y) in zip(weights, points, strict=True)]
        slope = sum(ratios) / sum(w * x * x for w, (x, _) in zip(weights, points, strict=True))
        base = 0.0
    return base, slope


def fit_engine(points: Sequence[tuple[float, float, float]]) -> EngineCosts:
    """Return an engine's costs from runs at several chunk sizes.

    Between the sizes measured, what the two lines are off by there is made up for, on the log
    scale of the chunk size; beyond them it stays as it is at the nearest.

    Args:
        points: Rows of a chunk, seconds of a chunk, and peak bytes.
    """
    ordered = sorted(points)
    seconds = fit_line([(rows, time) for rows, time, _ in ordered])
    memory = fit_line([(rows, size) for rows, _, size in ordered])
    return EngineCosts(
        chunk_seconds=seconds[0],
        row_seconds=seconds[1],
        base_bytes=memory[0],
        bytes_per_row=memory[1],
        rows=tuple(rows for rows, _, _ in ordered),
        seconds_off=tuple(time / _line(seconds, rows) for rows, time, _ in ordered),
        bytes_off=tuple(size / max(1.0, _line(memory, rows)) for rows, _, size in ordered),
    )


def _line(line: tuple[float, float], rows: float) -> float:
    return line[0] + line[1] * rows


def _off(known: Sequence[float], factors: Sequence[float], rows: float) -> float:
    """Return a factor between those known, evenly on the log scale of rows."""
    place = bisect.bisect_left(known, rows)
    if place == 0 or place == len(known):
        return float(factors[min(place, len(known) - 1)])
    low, high = known[place - 1], known[place]
    share = math.log(rows / low) / math.log(high / low)
    return float(factors[place - 1] + share * (factors[place] - factors[place - 1]))


def _shipped(chunk: float, row: float, base: float, each: float) -> dict[str, object]:
    points = [(rows, chunk + row * rows, base * _MEBIBYTE + each * rows) for rows in _ROWS]
    return fit_engine(points).to_dict()


SHIPPED: Costs = {
    "engines": {
        "python": _shipped(5e-5, 3.2e-6, 8.0, 900.0),
        "pandas": _shipped(4e-3, 1.2e-6, 150.0, 500.0),
        "arrow": _shipped(1e-3, 4.5e-7, 130.0, 400.0),
        "polars": _shipped(6e-4, 4.0e-7, 100.0, 400.0),
        "polars_sink": _shipped(1e-2, 1.5e-7, 250.0, 0.0),
    }
}


def streaming_calibration(runs: Runs) -> dict[str, object]:
    """Return what a chunk and a row cost with each engine, fitted to runs of several chunk sizes.

    A file of fewer rows than a chunk size gives less points; equal ones are taken once.
    """
    points: dict[str, dict[float, tuple[float, float, float]]] = {}
    for values, costs in runs:
        if "own_rows" in costs:
            rows = float(costs["own_rows"])
            measured = (rows, float(costs["own_seconds"]), float(costs["own_peak_bytes"]))
            points.setdefault(str(values["engine"]), {})[round(rows)] = measured
    fitted = {name: fit_engine(list(own.values())) for name, own in points.items()}
    return {"engines": {name: own.to_dict() for name, own in fitted.items()}}


def streaming_renewed(
    costs: Costs, own: Costs, settings: StreamingSettings, _predicted: Metrics
) -> dict[str, object]:
    """Return the costs as a run shows them: chunks of its engine as much slower as its own were."""
    engine = settings.engine
    if not own.get("own_rows") or engine not in costs["engines"]:
        return dict(costs)
    known = costs["engines"][engine]
    by = factor(own["own_seconds"], EngineCosts.of(known).seconds(own["own_rows"]))
    times = scaled_parts(known, ("chunk_seconds", "row_seconds"), by)
    return {**costs, "engines": {**costs["engines"], engine: times}}


def slower_chunks(
    now: Conditions[StreamingSettings], _workload: object, factor: float
) -> Conditions[StreamingSettings]:
    """Return conditions in which each chunk takes so many times as long."""
    engines = {
        name: scaled_parts(own, ("chunk_seconds", "row_seconds"), factor)
        for name, own in now.costs["engines"].items()
    }
    costs = {**scaled_parts(now.costs, ("own_seconds",), factor), "engines": engines}
    return dataclasses.replace(now, costs=costs)


def streaming_risks(chosen: Point, points: Sequence[Point]) -> str:
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
