"""The bench of the write buffer, with metrics, levels and a workload of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from perflab.bench import (
    Action,
    Bench,
    Export,
    HeatMap,
    LiveChart,
    Measured,
    Objective,
    WhatIfChart,
)
from perflab.instrumentation import MetricInfo
from perflab.settings import LoadSettings, Settings
from write_buffer.settings import DURABILITIES, WriteBufferSettings


class WriteBufferBench(Bench):
    """Binds the write buffer to its settings, model, records and charts."""

    pattern = "write_buffer"
    title = "Write buffer"
    question = "How many records to write together?"
    settings_class = WriteBufferSettings
    default_workload = "records:count=2k"
    calibration_workload = "records:count=2k"
    calibration_settings: ClassVar[Mapping[str, Any]] = {"batch_size": 20}
    panel_defaults: ClassVar[Mapping[str, Any]] = {"request_rate": 5_000}
    backends = ("disk", "shm")
    metric_infos = (
        MetricInfo("flushes", "writes of a batch", "writes", "lower"),
        MetricInfo("records_per_flush", "records per write", "records", "higher"),
        MetricInfo("flush_share", "share of time in writes", "ratio", "lower"),
        MetricInfo("buffered_records", "records in the buffer", "records", "neither"),
        MetricInfo("at_risk_bytes", "bytes at risk", "bytes", "lower"),
    )
    levels = frozenset({"buffered_records", "at_risk_bytes"})
    sliders = ("batch_size", "max_delay", "durability", "compact", "backend")
    what_if_charts = (
        WhatIfChart("Time in writes", "flush_share", "batch_size", "durability", DURABILITIES),
        WhatIfChart("At risk by delay", "at_risk_bytes", "max_delay"),
    )
    heat_maps = (HeatMap("Bytes at risk", "at_risk_bytes", "batch_size", "max_delay"),)
    live_charts = (
        LiveChart("In the buffer, live", ("buffered_records",)),
        LiveChart("Latency, live", ("latency_seconds_p50", "latency_seconds_p99")),
    )
    headline = (
        "flush_share",
        "flushes",
        "records_per_flush",
        "buffered_records",
        "at_risk_bytes",
        "latency_seconds_mean",
        "latency_seconds_p99",
        "throughput_per_second",
    )
    objective = Objective("min", "flush_share", tolerance=0.05)
    tuned = "batch_size"
    tuned_noun = "batch size"
    shipped_costs: ClassVar[Mapping[str, Any]] = {
        "record_seconds": 2e-6,
        "flush_seconds": {"memory": 1e-6, "write": 2e-5, "sync": 1e-3},
    }
    actions = (Action("flush", "Flush", "tint", "Write what waits."),)

    @property
    def workload_kind(self) -> Any:
        """Records, of which perflab knows nothing."""
        from write_buffer.records import RECORDS

        return RECORDS

    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Let every setting run."""

    def calibration_runs(self, settings: Settings, done: Any) -> Iterator[Mapping[str, Any]]:
        """Return a run with each durability."""
        del settings, done
        for durability in DURABILITIES:
            yield {**self.calibration_settings, "durability": durability}

    def calibrated(self, runs: Any) -> dict[str, Any]:
        """Return what a record costs, and a write by durability."""
        known = [(values["durability"], costs) for values, costs in runs if costs]
        if len(known) < len(DURABILITIES):
            return {}
        return {
            "record_seconds": min(costs["record_seconds"] for _, costs in known),
            "flush_seconds": {name: costs["own_flush_seconds"] for name, costs in known},
        }

    def model(self, trace: Any) -> Any:
        """Return the model."""
        from write_buffer.model import WriteBufferModel

        return WriteBufferModel(trace)

    def sampled_model(self, trace: Any, share: float) -> Any:
        """Return the model, which says that it is of a part."""
        from write_buffer.model import WriteBufferModel

        return WriteBufferModel(trace, share)

    def session(
        self, settings: Any, load: LoadSettings, trace: Any, clock: Any, run_name: str
    ) -> Any:
        """Return a buffer before a temporary file."""
        from write_buffer.session import WriteBufferSession

        del clock, run_name
        return WriteBufferSession(settings, load, trace)

    def metrics(self, measured: Measured) -> dict[str, float]:
        """Return writes, their share of the time, and what is at risk."""
        counters = measured.counters
        found = {name: float(counters[name]) for name in ("flushes", *self.levels)}
        found["requests"] = float(measured.requests)
        if counters["flushes"]:
            found["records_per_flush"] = counters["records"] / counters["flushes"]
        if measured.seconds > 0:
            found["flush_share"] = counters["flush_seconds"] / measured.seconds
        return found

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a record and a write cost."""
        counters = measured.counters
        if not counters["flushes"]:
            return {}
        flush = counters["flush_seconds"] / counters["flushes"]
        kept = measured.histograms.get("kept")
        return {
            "own_flush_seconds": flush,
            "record_seconds": kept.mean if kept is not None else flush,
        }

    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings for the pattern itself."""
        del load
        values = ", ".join(f"{key}={value!r}" for key, value in settings.model_dump().items())
        text = (
            f"# Chosen with perflab for the workload {workload}.\n"
            "from pathlib import Path\n\n"
            "from write_buffer import WriteBuffer, WriteBufferSettings\n\n"
            f'buffer = WriteBuffer(Path("records"), WriteBufferSettings({values}))\n'
        )
        return (Export("write_buffer", "python", text),)
