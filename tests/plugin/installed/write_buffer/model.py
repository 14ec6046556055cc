"""`WriteBufferModel`: what a batch costs, shared by its records."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Self

from perflab.modelling.prediction import Costs, Prediction
from perflab.settings import LoadSettings
from write_buffer.records import Records
from write_buffer.settings import WriteBufferSettings


@dataclasses.dataclass(frozen=True, slots=True)
class WriteBufferCosts:
    """Seconds of a record, and of a write by durability or, if a run has told, its own."""

    record_seconds: float
    flush_seconds: dict[str, float]
    own_flush_seconds: float | None = None

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what was calibrated or measured."""
        own = costs.get("own_flush_seconds")
        return cls(costs["record_seconds"], dict(costs["flush_seconds"]), own)


class WriteBufferModel:
    """Predicts from the seconds of a record and of a write."""

    def __init__(self, workload: Records, costs: Costs, share: float = 1.0) -> None:
        self._workload = workload
        self._costs = WriteBufferCosts.of(costs)
        self._requests = len(workload)
        self._mean = float(workload.lengths.mean())
        self._share = share

    def predict(
        self,
        settings: WriteBufferSettings,
        load: LoadSettings,
        requests: slice | None = None,
    ) -> Prediction:
        """Return writes, their share of the time, and what is at risk."""
        del load
        part = requests or slice(0, self._requests)
        count = part.stop - part.start
        batch = batch_of(settings)
        own = self._costs.own_flush_seconds
        flush = self._costs.flush_seconds[settings.durability] if own is None else own
        seconds = self._costs.record_seconds + flush / batch
        metrics = {
            "requests": float(count),
            "flushes": float(part.stop // batch - part.start // batch),
            "records_per_flush": float(batch),
            "flush_share": (flush / batch) / seconds,
            "buffered_records": (batch - 1) / 2,
            "at_risk_bytes": (batch - 1) / 2 * self._mean,
            "latency_seconds_mean": seconds,
            "throughput_per_second": 1 / seconds,
        }
        remarks = ("a batch is larger than the workload",) if batch > self._requests else ()
        error = 0.0 if self._share == 1 else math.sqrt((1 - self._share) / self._requests)
        return Prediction(metrics, self._share, error, remarks)

    def prepare(self) -> None:
        """Compute nothing."""

    def ready(self, settings: Any, load: LoadSettings) -> bool:
        """Say that all is known."""
        del settings, load
        return True

    def with_costs(self, costs: Costs) -> Self:
        """Return the same at other costs."""
        return type(self)(self._workload, costs, self._share)


def batch_of(settings: WriteBufferSettings) -> int:
    """Return how many records are written together."""
    if settings.max_delay:
        return min(settings.batch_size, settings.max_delay + 1)
    return settings.batch_size
