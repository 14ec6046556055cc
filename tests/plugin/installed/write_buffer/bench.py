"""The bench of the write buffer, with metrics, levels and a workload of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perflab.bench import (
    Action,
    Advising,
    Bench,
    CalibrationPlan,
    Display,
    Evidence,
    Export,
    HeatMap,
    Identity,
    Live,
    LiveChart,
    Measured,
    Model,
    Models,
    Objective,
    Opinion,
    Question,
    Session,
    Tuning,
    WhatIfChart,
)
from perflab.instrumentation import MetricInfo
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings
from write_buffer.settings import DURABILITIES, WriteBufferSettings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.registry.kind import WorkloadKind
    from write_buffer.records import Records


_SETTINGS = {"batch_size": 20}


def _own_runs(_settings: WriteBufferSettings, _done: Any) -> Iterator[Mapping[str, Any]]:
    """Return a run with each durability."""
    for durability in DURABILITIES:
        yield {**_SETTINGS, "durability": durability}


def _costs_of(runs: Any) -> dict[str, Any]:
    """Return what a record costs, and a write by durability."""
    known = [(values["durability"], costs) for values, costs in runs if costs]
    if len(known) < len(DURABILITIES):
        return {}
    return {
        "record_seconds": min(costs["record_seconds"] for _, costs in known),
        "flush_seconds": {name: costs["own_flush_seconds"] for name, costs in known},
    }


def _sampled_model(workload: Records, costs: Costs, share: float) -> Model[WriteBufferSettings]:
    """Return the model, which says that it is of a part."""
    from write_buffer.model import WriteBufferModel

    return WriteBufferModel(workload, costs, share)


def _judge(evidence: Evidence) -> Opinion:
    """Say whether writes go together often enough."""
    rate = evidence.number("records_per_second")
    if rate is None:
        return Opinion(
            verdict="unknown",
            reason="The number of records per second decides, and it is not known.",
            missing=("records_per_second",),
        )
    if rate < 100:
        return Opinion(verdict="no", reason=f"Each of {rate:g} records/s can be written alone.")
    return Opinion(
        verdict="yes",
        reason=f"{rate:g} records/s are too many to write alone.",
        weight=1.0,
        workload=evidence.workload,
    )


class WriteBufferBench(Bench[WriteBufferSettings, "Records"]):
    """Binds the write buffer to its settings, model, records and charts."""

    identity = Identity(
        pattern="write_buffer",
        title="Write buffer",
        question="How many records to write together?",
        settings_class=WriteBufferSettings,
    )
    default_workload = "records:count=2k"
    display = Display(
        sliders=("batch_size", "max_delay", "durability", "compact", "backend"),
        what_if_charts=(
            WhatIfChart("Time in writes", "flush_share", "batch_size", "durability", DURABILITIES),
            WhatIfChart("At risk by delay", "at_risk_bytes", "max_delay"),
        ),
        heat_maps=(HeatMap("Bytes at risk", "at_risk_bytes", "batch_size", "max_delay"),),
        live_charts=(
            LiveChart("In the buffer, live", ("buffered_records",)),
            LiveChart("Latency, live", ("latency_seconds_p50", "latency_seconds_p99")),
        ),
        headline=(
            "flush_share",
            "flushes",
            "records_per_flush",
            "buffered_records",
            "at_risk_bytes",
            "latency_seconds_mean",
            "latency_seconds_p99",
            "throughput_per_second",
        ),
        panel_defaults={"request_rate": 5_000},
        metric_infos=(
            MetricInfo("flushes", "writes of a batch", "writes", "lower"),
            MetricInfo("records_per_flush", "records per write", "records", "higher"),
            MetricInfo("flush_share", "share of time in writes", "ratio", "lower"),
            MetricInfo("buffered_records", "records in the buffer", "records", "neither"),
            MetricInfo("at_risk_bytes", "bytes at risk", "bytes", "lower"),
        ),
    )
    tuning = Tuning(
        objective=Objective("min", "flush_share", tolerance=0.05),
        tuned="batch_size",
        tuned_noun="batch size",
    )
    calibration = CalibrationPlan(
        workload="records:count=2k",
        settings=_SETTINGS,
        shipped_costs={
            "record_seconds": 2e-6,
            "flush_seconds": {"memory": 1e-6, "write": 2e-5, "sync": 1e-3},
        },
        own_runs=_own_runs,
        own_count=lambda _settings: len(DURABILITIES),
        costs_of=_costs_of,
    )
    live = Live(
        backends=("disk", "shm"),
        actions=(Action("flush", "Flush", "tint", "Write what waits."),),
        levels=frozenset({"buffered_records", "at_risk_bytes"}),
    )
    models = Models(
        sampled=_sampled_model,
    )

    advice = Advising(
        symptom="Many small records are written one by one",
        judge=_judge,
        questions=(
            Question(
                key="records_per_second",
                text="How many records are written per second?",
                unit="records/s",
            ),
        ),
    )

    @property
    def workload_kind(self) -> WorkloadKind[Records]:
        """Records, of which perflab knows nothing."""
        from write_buffer.records import RECORDS

        return RECORDS

    def model(self, workload: Records, costs: Costs) -> Model[WriteBufferSettings]:
        """Return the model."""
        from write_buffer.model import WriteBufferModel

        return WriteBufferModel(workload, costs)

    def session(
        self,
        settings: WriteBufferSettings,
        load: LoadSettings,
        workload: Records,
        _clock: VirtualClock,
        _run_name: str,
    ) -> Session[WriteBufferSettings]:
        """Return a buffer before a temporary file."""
        from write_buffer.session import WriteBufferSession

        return WriteBufferSession(settings, load, workload)

    def metrics(self, measured: Measured) -> dict[str, float]:
        """Return writes, their share of the time, and what is at risk."""
        counters = measured.counters
        found = {name: float(counters[name]) for name in ("flushes", *self.live.levels)}
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

    def exports(
        self, settings: WriteBufferSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for the pattern itself."""
        values = ", ".join(f"{key}={value!r}" for key, value in settings.model_dump().items())
        text = (
            f"# Chosen with perflab for the workload {workload}.\n"
            "from pathlib import Path\n\n"
            "from write_buffer import WriteBuffer, WriteBufferSettings\n\n"
            f'buffer = WriteBuffer(Path("records"), WriteBufferSettings({values}))\n'
        )
        return (Export("write_buffer", "python", text),)
