"""Streaming's what-if: time and memory of a chunk, from what a calibration measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.streaming.costs import StreamingCosts
from perflab.patterns.streaming.settings import WHOLE_ENGINES, StreamingSettings
from perflab.settings import LoadSettings
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.patterns.streaming.table_file import TableFile

_OFF = 0.05


class StreamingModel:
    """Predictions for one file: throughput, time of a chunk, and peak memory.

    A chunk takes a time of its own and one for each row; memory has a base and a part for each row
    of a chunk. A chunk is never larger than the file. ``polars_sink`` has chunks of its own, so
    that it takes the same whatever the chunk size.
    """

    def __init__(self, table: TableFile, costs: StreamingCosts) -> None:
        self._table = table
        self._rows = len(table)
        self._costs = costs

    @classmethod
    def of(cls, table: TableFile, costs: Costs) -> Self:
        """Return the model of a file at the costs of a calibration."""
        return cls(table, StreamingCosts.of(costs))

    def predict(
        self, settings: StreamingSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting; a slice of chunks is as fast as all of them."""
        del requests
        costs = self._costs
        engine = costs.stands_for(settings.engine)
        own = costs.engines[engine]
        whole = engine in WHOLE_ENGINES
        rows = float(self._rows if whole else min(settings.chunk_size, self._rows))
        if costs.own_seconds:
            rows, seconds = costs.own_rows, costs.own_seconds
        else:
            seconds = own.seconds(rows)
        size = own.peak_bytes(rows, whole=whole)
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

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same file at other costs."""
        return type(self).of(self._table, costs)
