"""Streaming's what-if: time and memory of a chunk, from what a calibration measured."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.streaming.settings import WHOLE_ENGINES, StreamingSettings
from perflab.settings import LoadSettings
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.patterns.streaming.table_file import TableFile

_OFF = 0.05
_SHORTEST_CHUNK_SECONDS = 1e-9


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


def fit_engine(points: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Return an engine's costs from runs at several chunk sizes.

    Between the sizes measured, what the two lines are off by there is made up for, on the log
    scale of the chunk size; beyond them it stays as it is at the nearest.

    Args:
        points: Rows of a chunk, seconds of a chunk, and peak bytes.
    """
    ordered = sorted(points)
    seconds = fit_line([(rows, time) for rows, time, _ in ordered])
    memory = fit_line([(rows, size) for rows, _, size in ordered])
    return {
        "chunk_seconds": seconds[0],
        "row_seconds": seconds[1],
        "base_bytes": memory[0],
        "bytes_per_row": memory[1],
        "rows": [rows for rows, _, _ in ordered],
        "seconds_off": [time / _line(seconds, rows) for rows, time, _ in ordered],
        "bytes_off": [size / max(1.0, _line(memory, rows)) for rows, _, size in ordered],
    }


class StreamingModel:
    """Predictions for one file: throughput, time of a chunk, and peak memory.

    A chunk takes a time of its own and one for each row; memory has a base and a part for each row
    of a chunk. A chunk is never larger than the file. ``polars_sink`` has chunks of its own, so
    that it takes the same whatever the chunk size.
    """

    def __init__(self, table: TableFile) -> None:
        self._rows = len(table)

    def predict(
        self,
        settings: StreamingSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting; a slice of chunks is as fast as all of them."""
        del requests
        known: Mapping[str, Any] = costs["engines"]
        nearest = "polars" if "polars" in known else next(iter(known))
        engine = settings.engine if settings.engine in known else nearest
        own = known[engine]
        whole = engine in WHOLE_ENGINES
        rows = float(self._rows if whole else min(settings.chunk_size, self._rows))
        if costs.get("own_seconds"):
            rows, seconds = costs["own_rows"], costs["own_seconds"]
        else:
            line = (own["chunk_seconds"], own["row_seconds"])
            seconds = max(_line(line, rows), _SHORTEST_CHUNK_SECONDS)
            seconds *= _off(own["rows"], own["seconds_off"], rows)
        size = _line((own["base_bytes"], own["bytes_per_row"]), 0.0 if whole else rows)
        size *= _off(own["rows"], own["bytes_off"], rows)
        each = seconds if load.request_rate is None else max(seconds, 1.0 / load.request_rate)
        metrics: Metrics = {
            "throughput_per_second": rows / each,
            "latency_seconds_mean": seconds,
            "peak_memory_bytes": size,
        }
        remarks = []
        if engine != settings.engine:
            remarks.append(f"{settings.engine} was not calibrated; {engine} stands for it")
        if not whole and settings.chunk_size > self._rows:
            remarks.append(
                f"the file has {counted(self._rows, 'row')}: a larger chunk changes nothing"
            )
        return Prediction(
            metrics, error=_OFF * metrics["throughput_per_second"], remarks=tuple(remarks)
        )

    def prepare(self) -> None:
        """Compute nothing: every answer is a line."""

    def ready(self, settings: StreamingSettings, load: LoadSettings) -> bool:
        """Say yes: every answer is there at once."""
        del settings, load
        return True


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
