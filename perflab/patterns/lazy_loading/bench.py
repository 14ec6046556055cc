"""The lazy loading bench: how many rows per chunk, and how many chunks in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.base import Bench
from perflab.bench.model import Model
from perflab.bench.parts import Export, HeatMap, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Measured, Runs, Session
from perflab.callbacks import Progress
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.lazy_loading.calibration import (
    CALIBRATION_RUNS,
    lazy_calibration,
    lazy_costs,
    lazy_risks,
)
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.settings import Settings
    from perflab.workloads.kinds.accesses import Accesses
    from perflab.workloads.registry.kind import WorkloadKind

_AXIS_POINTS = 45
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_COUNTS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1000, 2000, 5000)
_COUNTED = ("hits", "misses", "evictions", "loads", "chunks", "bytes_read", "errors", "waits")


class LazyLoadingBench(Bench):
    """Binds the lazy loader to its settings, model, store and charts."""

    pattern = "lazy_loading"
    title = "Lazy loading"
    question = "How many rows per chunk, and how many chunks in memory?"
    settings_class = LazyLoadingSettings
    default_workload = "hotspot:share=0.9,part=0.1,run=5,requests=200k,seed=1"
    calibration_workload = "random:run=1,requests=1M,seed=1"
    calibration_settings: ClassVar[Mapping[str, Any]] = {"chunk_size": 1000, "max_chunks": 10}
    naming = ("data_source",)
    panel_defaults: ClassVar[Mapping[str, Any]] = {
        "chunk_size": 1000,
        "max_chunks": 10,
        "request_rate": 20_000,
    }
    sliders = ("chunk_size", "max_chunks", "read_ahead", "max_bytes", "data_source", "concurrency")
    what_if_charts = (
        WhatIfChart(
            "Mean latency by chunk size",
            "latency_seconds_mean",
            "chunk_size",
            "max_chunks",
            (1, 10, 100),
        ),
        WhatIfChart(
            "Hit rate by chunks held",
            "hit_rate",
            "max_chunks",
            "chunk_size",
            (100, 1000, 10_000),
        ),
        WhatIfChart("Read amplification", "read_amplification", "chunk_size"),
    )
    heat_maps = (
        HeatMap("Mean latency", "latency_seconds_mean", "chunk_size", "max_chunks"),
        HeatMap("Hit rate", "hit_rate", "chunk_size", "max_chunks"),
    )
    live_charts = (
        LiveChart("Hit rate, live", ("hit_rate",)),
        LiveChart(
            "Latency, live", ("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99")
        ),
        LiveChart("Memory, live", ("memory_bytes",)),
    )
    headline = (
        "hit_rate",
        "read_amplification",
        "bytes_read",
        "latency_seconds_mean",
        "latency_seconds_p50",
        "latency_seconds_p95",
        "latency_seconds_p99",
        "throughput_per_second",
        "memory_bytes",
        "loads",
        "chunks",
        "evictions",
    )
    metric_infos = (
        MetricInfo("loads", "chunks loaded", "chunks", "lower"),
        MetricInfo("chunks", "chunks held", "chunks", "neither"),
        MetricInfo("read_amplification", "read amplification", "times", "lower"),
    )
    levels = frozenset({"bytes", "chunks", "rows_held", "stored_row_bytes"})
    objective = Objective("min", "latency_seconds_mean", tolerance=0.1)
    tuned = "max_chunks"
    tuned_noun = "number of chunks"
    also_tuned = ("chunk_size",)
    weighed_by = "memory_bytes"
    shipped_costs: ClassVar[Costs] = {
        "hit": {"mean": 9e-7, "quantiles": [8e-7] * 50 + [9e-7] * 45 + [1e-6] * 5 + [2e-6] * 3},
        "load": {
            str(rows): {
                "mean": 4e-5 + 8e-7 * rows,
                "quantiles": [3.5e-5 + 8e-7 * rows] * 95 + [6e-5 + 1e-6 * rows] * 8,
                "bytes": 43.87 * rows,
            }
            for rows in (10, 100, 1000, 10_000, 100_000)
        },
        "row_bytes": 400.0,
        "sized_row_bytes": 376.0,
        "stored_row_bytes": 43.87,
        "base_bytes": 2e6,
        "contention": 1.0,
        "overhead_seconds": 1.5e-6,
    }

    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Let every setting run; the store is opened where the workload is read."""

    @property
    def workload_kind(self) -> WorkloadKind[Accesses]:
        """Accesses: which rows of a store are asked for."""
        from perflab.workloads.registry.accesses import ACCESS_KIND

        return ACCESS_KIND

    def workload_for(
        self,
        settings: Settings,
        spec: Any,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Accesses:
        """Return accesses to the rows that the store of the settings has.

        Raises:
            BadInputError: If the store cannot be opened, there is no such workload or file, or it
                asks for a row that the store does not have.
        """
        from perflab.patterns.lazy_loading.sources import rows_of
        from perflab.workloads.registry.accesses import load_accesses

        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        n_rows = rows_of(settings.data_source)
        chosen = self.default_workload if spec is None else spec
        return load_accesses(chosen, n_rows, format, columns, progress)

    def notice(self, settings: Settings, load: LoadSettings) -> str | None:
        """Return how often a function of the user's is called at most."""
        from perflab.patterns.lazy_loading.sources import is_own_function
        from perflab.servers.call_cap import said

        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        source = settings.data_source
        return said(source, load) if is_own_function(source) else None

    def calibrated_with(self, settings: Settings, load: LoadSettings, workload: Any = None) -> str:
        """Return the store, by its file's name and what tells it from others of that name."""
        from perflab.patterns.lazy_loading.sources import source_name

        del load, workload
        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        return source_name(settings.data_source)

    def calibrated_on(self, settings: Settings, load: LoadSettings, spec: Any) -> Any:
        """Return accesses at random to the user's own store."""
        del settings, load, spec
        return self.calibration_workload

    def calibration_runs(self, settings: Settings, done: Runs) -> Iterator[Mapping[str, Any]]:
        """Return runs at several chunk sizes on the store, from 10 rows to 100,000."""
        del done
        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        for values in CALIBRATION_RUNS:
            yield {"data_source": settings.data_source, **values}

    def calibrated(self, runs: Runs) -> dict[str, Any]:
        """Return what a hit costs, what a load costs by rows, and what a row takes."""
        return lazy_calibration(runs)

    def axis(self, key: str, trace: Accesses) -> list[Any]:
        """Return chunk sizes up to the store's rows, and numbers of chunks up to 1,000."""
        info = self.info(key)
        if key not in ("chunk_size", "max_chunks"):
            return axis_values(info)
        low, high = info.span or (1.0, 1000.0)
        if key == "chunk_size":
            high = max(low + 1, min(high, trace.n_rows))
        return sorted(
            {_two_digits(value) for value in axis_values(info, (low, high), _AXIS_POINTS)}
        )

    def tuning_sweep(self, trace: Accesses, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return chunk sizes up to the store's rows, and as many chunks as hold them all."""
        del values
        return {
            "max_chunks": [count for count in _COUNTS if count <= max(trace.n_rows, 1)],
            "chunk_size": [size for size in _SIZES if size <= max(trace.n_rows, 1)],
        }

    def risks(self, chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
        """Return what other chunk sizes and fewer chunks would do."""
        return lazy_risks(chosen, points)

    def model(self, trace: Accesses) -> Model:
        """Return the loader's model for accesses."""
        from perflab.patterns.lazy_loading.model.predict import LazyLoadingModel

        return LazyLoadingModel(trace)

    def sampled_model(self, trace: Accesses, share: float) -> Model:
        """Return the loader's model on windows of the accesses."""
        from perflab.patterns.lazy_loading.model.predict import SampledLazyLoadingModel

        return SampledLazyLoadingModel(trace, share)

    def session(
        self,
        settings: Settings,
        load: LoadSettings,
        trace: Accesses,
        clock: VirtualClock,
        run_name: str,
    ) -> Session:
        """Return a loader over its store, ready to be asked."""
        from perflab.patterns.lazy_loading.session import LazyLoadingSession

        del clock, run_name
        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        return LazyLoadingSession(settings, load, trace)

    def metrics(self, measured: Measured) -> Metrics:
        """Return hit rate, bytes read, read amplification and counts."""
        counters = measured.counters
        result = {name: float(counters.get(name, 0)) for name in _COUNTED}
        asked = result["hits"] + result["misses"]
        result["requests"] = asked
        if asked:
            result["hit_rate"] = result["hits"] / asked
            given = asked * max(counters.get("stored_row_bytes", 0.0), 1e-9)
            result["read_amplification"] = result["bytes_read"] / given
        return result

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a hit, a load and a row in memory cost in a run."""
        return lazy_costs(measured)

    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings for perflab, other readers, block caches and Kailash."""
        from perflab.patterns.lazy_loading.exports import lazy_loading_exports

        assert isinstance(settings, LazyLoadingSettings)  # noqa: S101  (what read() made)
        return lazy_loading_exports(settings, load, workload)


def _two_digits(number: int) -> int:
    """Return a number as people would write it."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return round(number / step) * step
