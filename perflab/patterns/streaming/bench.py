"""The streaming bench: how many rows at a time, and by which engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.model import Model
from perflab.bench.parts import Export, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Measured, Runs, Session
from perflab.bench.tuning import Sweep, Tuning
from perflab.callbacks import Progress
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.streaming.advice import ADVICE
from perflab.patterns.streaming.costs import (
    SHIPPED,
    slower_chunks,
    streaming_calibration,
    streaming_renewed,
    streaming_risks,
)
from perflab.patterns.streaming.settings import (
    BLOCK_ENGINES,
    ENGINES,
    WHOLE_ENGINES,
    StreamingSettings,
)
from perflab.settings import LoadSettings, SettingInfo

if TYPE_CHECKING:
    from perflab.patterns.streaming.table_file import TableFile
    from perflab.patterns.streaming.workload import Spec
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.registry.kind import WorkloadKind

_SIZES = (1_000, 10_000, 100_000)
_FIRST_SIZE, _LAST_SIZE = 100, 1_000_000
_COUNTED = ("rows_in", "rows_out", "rows_rejected")


def _check_live(settings: StreamingSettings, _load: LoadSettings) -> None:
    """Refuse an output whose ending says no format.

    Raises:
        BadInputError: With the reason.
    """
    from perflab.patterns.streaming._sinks import format_of

    format_of(settings)


def _thread_count(_settings: StreamingSettings, _load: LoadSettings) -> int:
    """Return one: a file is one stream."""
    return 1


def _kept_for(settings: StreamingSettings, _load: LoadSettings, workload: TableFile | None) -> str:
    """Return the file, by its content, and the format of the output."""
    from perflab.patterns.streaming._sinks import format_of

    what = "no file" if workload is None else f"{workload.name} ({workload.fingerprint})"
    return f"{what} to {format_of(settings)}"


def _own_spec(_settings: StreamingSettings, _load: LoadSettings, spec: Spec | None) -> Spec | None:
    """Return the user's own file: rows of another are of another length."""
    return spec


def _own_runs(settings: StreamingSettings, done: Runs) -> Iterator[Mapping[str, object]]:
    """Return three chunk sizes for every engine on blocks, and the sink where it can be."""
    from perflab.patterns.streaming._sinks import format_of

    same = {
        "output_format": format_of(settings),
        "delimiter": settings.delimiter,
        "max_rejected_share": 1.0,
    }
    for engine in BLOCK_ENGINES:
        for size in _SIZES:
            yield {**same, "engine": engine, "chunk_size": size}
    if any(costs.get("plain_and_clean") for _, costs in done):
        yield {**same, "engine": "polars_sink"}


def _overruled(
    settings: StreamingSettings, _load: LoadSettings, _workload: TableFile
) -> Mapping[str, str]:
    """Return the settings that an engine does not heed, by key, with the reason."""
    found = {}
    if settings.engine in WHOLE_ENGINES:
        found["chunk_size"] = f"{settings.engine} reads a clean file in chunks of its own size"
    return found


def _axis(info: SettingInfo, workload: TableFile) -> list[float]:
    """Return chunk sizes up to the number of rows."""
    if info.key != "chunk_size":
        return axis_values(info)
    last = float(min(_LAST_SIZE, max(10 * _FIRST_SIZE, len(workload))))
    return axis_values(info, (float(_FIRST_SIZE), last), 49)


def _sweep(workload: TableFile, settings: StreamingSettings) -> Sweep:
    """Return chunk sizes as people write them, and the engines that find bad rows.

    The sink is looked at only where it is chosen already, since it finds none.
    """
    sizes = [d * 10**power for power in range(2, 6) for d in (1, 2, 5)] + [_LAST_SIZE]
    engines = list(BLOCK_ENGINES)
    if settings.engine not in BLOCK_ENGINES:
        engines = [settings.engine]
    fits = [size for size in sizes if size <= len(workload)]
    return {"chunk_size": fits or [_FIRST_SIZE], "engine": engines}


class StreamingBench(Bench[StreamingSettings, "TableFile"]):
    """Binds the stream processor to its settings, model, files and charts."""

    identity = Identity(
        pattern="streaming",
        title="Streaming",
        question="How many rows per chunk, and which engine, for high speed in little memory?",
        settings_class=StreamingSettings,
    )
    default_workload = "flights"
    naming = ("input_file", "delimiter")
    display = Display(
        sliders=(
            "chunk_size",
            "engine",
            "max_rejected_share",
            "output_format",
            "output_file",
            "delimiter",
            "request_rate",
            "speedup",
        ),
        what_if_charts=(
            WhatIfChart(
                "Rows per second by chunk size",
                "throughput_per_second",
                "chunk_size",
                "engine",
                ENGINES,
            ),
            WhatIfChart(
                "Peak memory by chunk size", "peak_memory_bytes", "chunk_size", "engine", ENGINES
            ),
            WhatIfChart(
                "Time per chunk", "latency_seconds_mean", "chunk_size", "engine", BLOCK_ENGINES
            ),
        ),
        live_charts=(
            LiveChart("Rows per second, live", ("throughput_per_second",)),
            LiveChart("Time per chunk, live", ("latency_seconds_p50", "latency_seconds_p95")),
            LiveChart("Memory, live", ("memory_bytes", "peak_memory_bytes")),
        ),
        headline=(
            "throughput_per_second",
            "peak_memory_bytes",
            "memory_bytes",
            "latency_seconds_mean",
            "latency_seconds_p95",
            "rows_in",
            "rows_out",
            "rows_rejected",
            "blocks_refused",
        ),
        panel_defaults={"chunk_size": 10_000, "engine": "polars"},
        metric_infos=(
            MetricInfo("rows_in", "rows in", "rows", "neither"),
            MetricInfo("rows_out", "rows out", "rows", "neither"),
            MetricInfo("rows_rejected", "rows rejected", "rows", "lower"),
            MetricInfo("blocks_refused", "blocks refused", "chunks", "lower"),
        ),
        overruled=_overruled,
        axis=_axis,
    )
    tuning = Tuning(
        objective=Objective("max", "throughput_per_second", tolerance=0.05),
        tuned="chunk_size",
        tuned_noun="chunk size",
        also_tuned=("engine",),
        sweep=_sweep,
        risks=streaming_risks,
        slower=slower_chunks,
        serves="chunks",
        left_out={"polars_sink": "sets no bad rows aside"},
    )
    calibration = CalibrationPlan(
        workload="flights",
        settings={},
        shipped_costs=SHIPPED,
        kept_for=_kept_for,
        own_spec=_own_spec,
        own_runs=_own_runs,
        own_count=lambda _settings: len(BLOCK_ENGINES) * len(_SIZES),
        costs_of=streaming_calibration,
        renewed=streaming_renewed,
    )
    live = Live(
        backends=(),
        outputs=("output_file",),
        measures=frozenset(
            {"blocks_refused", "peak_memory_bytes", "rows_in", "rows_out", "rows_rejected"}
        ),
        levels=frozenset({"peak_memory_bytes", "plain", "setup_bytes"}),
        ends_itself=True,
        check=_check_live,
        thread_count=_thread_count,
    )
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[TableFile]:
        """Tables: files of rows that a run goes through as a whole."""
        from perflab.patterns.streaming.workload import TABLE_KIND

        return TABLE_KIND

    def workload_for(
        self,
        settings: StreamingSettings,
        spec: Spec | None,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> TableFile:
        """Return the table that is named, as the workload or as `input_file`.

        Raises:
            BadInputError: If there is no such file or name, it is not a CSV file, or two are named.
        """
        from perflab.patterns.streaming.workload import load_table, named_once, refuse_format

        refuse_format(format, columns)
        wanted = named_once(spec, settings.input_file, self.default_workload)
        return load_table(wanted, settings, progress)

    def model(self, workload: TableFile, costs: Costs) -> Model[StreamingSettings]:
        """Return the costs of a chunk and of a row, made into throughput and memory."""
        from perflab.patterns.streaming.model import StreamingModel

        return StreamingModel.of(workload, costs)

    def session(
        self,
        settings: StreamingSettings,
        load: LoadSettings,
        workload: TableFile,
        _clock: VirtualClock,
        _run_name: str,
    ) -> Session[StreamingSettings]:
        """Return a processor of the file."""
        from perflab.patterns.streaming.session import StreamingSession

        return StreamingSession(settings, load, workload)

    def metrics(self, measured: Measured) -> Metrics:
        """Return rows, their rate, and memory with what the engine's libraries take."""
        counters = measured.counters
        result = {name: float(counters.get(name, 0)) for name in _COUNTED}
        result["blocks_refused"] = float(counters.get("refused", 0))
        result["requests"] = float(measured.requests)
        if measured.seconds > 0:
            result["throughput_per_second"] = result["rows_in"] / measured.seconds
        result["memory_bytes"] = measured.memory_bytes + counters.get("setup_bytes", 0.0)
        result["peak_memory_bytes"] = float(counters.get("peak_memory_bytes", 0.0))
        return result

    def costs(self, measured: Measured) -> dict[str, object]:
        """Return rows and seconds of a chunk, and the peak of memory.

        Seconds are those of chunks that were done: a run seldom ends with a chunk.
        """
        counters = measured.counters
        chunks, rows = counters.get("chunks", 0.0), counters.get("rows_in", 0.0)
        done = measured.histograms.get("chunk")
        if not chunks or not rows or done is None or not done.count:
            return {}
        clean = not counters.get("rows_rejected", 0) and not counters.get("refused", 0)
        return {
            "own_rows": rows / chunks,
            "own_seconds": done.mean,
            "own_peak_bytes": float(counters.get("peak_memory_bytes", 0.0)),
            "plain_and_clean": bool(clean and counters.get("plain") and counters.get("passes")),
        }

    def exports(
        self, settings: StreamingSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, pandas, PyArrow, Polars and Kailash."""
        from perflab.patterns.streaming.exports import streaming_exports

        return streaming_exports(settings, workload)

    def configurations(
        self, settings: StreamingSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings as variables for platforms."""
        from perflab.patterns.streaming.exports import streaming_configurations

        return streaming_configurations(settings, workload)
