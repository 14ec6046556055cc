"""The lazy loading bench: how many rows per chunk, and how many chunks in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live, clients_behind
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.parts import Export, HeatMap, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Measured, Runs, Session
from perflab.bench.tuning import Sweep, Tuning
from perflab.callbacks import Progress
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.lazy_loading.advice import ADVICE
from perflab.patterns.lazy_loading.calibration import (
    CALIBRATION_RUNS,
    lazy_calibration,
    lazy_costs,
    lazy_renewed,
    lazy_risks,
    slower_loads,
)
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings, SettingInfo

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.kinds.accesses import Accesses
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.registry.kind import WorkloadKind

_CALIBRATION = "random:run=1,requests=1M,seed=1"
_AXIS_POINTS = 45
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_COUNTS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1000, 2000, 5000)
_COUNTED = ("hits", "misses", "evictions", "loads", "chunks", "bytes_read", "errors", "waits")


def _names_function(source: str) -> bool:
    from perflab.patterns.lazy_loading._sources import is_own_function

    return is_own_function(source)


def _notice(settings: LazyLoadingSettings, load: LoadSettings) -> str | None:
    """Return how often a function of the user's is called at most."""
    from perflab.servers.call_cap import said

    source = settings.data_source
    return said(source, load) if _names_function(source) else None


def _kept_for(
    settings: LazyLoadingSettings, _load: LoadSettings, _workload: Accesses | None
) -> str:
    """Return the store, by its file's name and what tells it from others of that name."""
    from perflab.patterns.lazy_loading.sources import source_name

    return source_name(settings.data_source)


def _own_spec(_settings: LazyLoadingSettings, _load: LoadSettings, _spec: object) -> str:
    """Return accesses at random to the user's own store."""
    return _CALIBRATION


def _own_runs(settings: LazyLoadingSettings, _done: Runs) -> Iterator[Mapping[str, object]]:
    """Return runs at several chunk sizes on the store, from 10 rows to 100,000."""
    for values in CALIBRATION_RUNS:
        yield {"data_source": settings.data_source, "delimiter": settings.delimiter, **values}


def _overruled(
    settings: LazyLoadingSettings, _load: LoadSettings, _workload: Accesses
) -> Mapping[str, str]:
    """Return the settings that have no effect on the store, by key, with the reason."""
    from perflab.patterns.lazy_loading.sources import overruled_by_source

    return overruled_by_source(settings)


def _axis(info: SettingInfo, workload: Accesses) -> list[float]:
    """Return chunk sizes up to the store's rows, and numbers of chunks up to 1,000."""
    if info.key not in ("chunk_size", "max_chunks"):
        return axis_values(info)
    low, high = info.span or (1.0, 1000.0)
    if info.key == "chunk_size":
        high = max(low + 1, min(high, workload.n_rows))
    return sorted({_two_digits(value) for value in axis_values(info, (low, high), _AXIS_POINTS)})


def _sweep(workload: Accesses, _settings: LazyLoadingSettings) -> Sweep:
    """Return chunk sizes up to the store's rows, and as many chunks as hold them all."""
    return {
        "max_chunks": [count for count in _COUNTS if count <= max(workload.n_rows, 1)],
        "chunk_size": [size for size in _SIZES if size <= max(workload.n_rows, 1)],
    }


def _sampled_model(workload: Accesses, costs: Costs, share: float) -> Model[LazyLoadingSettings]:
    """Return the loader's model on windows of the accesses."""
    from perflab.patterns.lazy_loading.model.predict import SampledLazyLoadingModel

    return SampledLazyLoadingModel.of(workload, costs, share)


class LazyLoadingBench(Bench[LazyLoadingSettings, "Accesses"]):
    """Binds the lazy loader to its settings, model, store and charts."""

    identity = Identity(
        pattern="lazy_loading",
        title="Lazy loading",
        question="How many rows per chunk, and how many chunks in memory?",
        settings_class=LazyLoadingSettings,
    )
    default_workload = "hotspot:share=0.9,part=0.1,run=5,requests=200k,seed=1"
    naming = ("data_source", "delimiter")
    display = Display(
        sliders=(
            "chunk_size",
            "max_chunks",
            "read_ahead",
            "max_bytes",
            "data_source",
            "delimiter",
            "concurrency",
        ),
        what_if_charts=(
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
        ),
        heat_maps=(
            HeatMap("Mean latency", "latency_seconds_mean", "chunk_size", "max_chunks"),
            HeatMap("Hit rate", "hit_rate", "chunk_size", "max_chunks"),
        ),
        live_charts=(
            LiveChart("Hit rate, live", ("hit_rate",)),
            LiveChart(
                "Latency, live",
                ("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99"),
            ),
            LiveChart("Memory, live", ("memory_bytes",)),
        ),
        headline=(
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
        ),
        panel_defaults={
            "chunk_size": 1000,
            "max_chunks": 10,
            "request_rate": 20_000,
        },
        metric_infos=(
            MetricInfo("loads", "chunks loaded", "chunks", "lower"),
            MetricInfo("chunks", "chunks held", "chunks", "neither"),
            MetricInfo("read_amplification", "read amplification", "times", "lower"),
        ),
        overruled=_overruled,
        axis=_axis,
    )
    tuning = Tuning(
        objective=Objective("min", "latency_seconds_mean", tolerance=0.1),
        tuned="max_chunks",
        tuned_noun="number of chunks",
        also_tuned=("chunk_size",),
        weighed_by="memory_bytes",
        sweep=_sweep,
        risks=lazy_risks,
        slower=slower_loads,
        serves="loads",
    )
    calibration = CalibrationPlan(
        workload=_CALIBRATION,
        settings={"chunk_size": 1000, "max_chunks": 10},
        shipped_costs={
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
        },
        kept_for=_kept_for,
        own_spec=_own_spec,
        own_runs=_own_runs,
        own_count=lambda _settings: len(CALIBRATION_RUNS),
        costs_of=lazy_calibration,
        renewed=lazy_renewed,
    )
    live = Live(
        told_at_end=True,
        remarks=clients_behind,
        backends=(),
        functions={"data_source": _names_function},
        measures=frozenset(
            {
                "bytes_read",
                "chunks",
                "errors",
                "evictions",
                "hit_rate",
                "hits",
                "loads",
                "misses",
                "read_amplification",
            }
        ),
        levels=frozenset({"bytes", "chunks", "rows_held", "stored_row_bytes"}),
        notice=_notice,
    )
    models = Models(sampled=_sampled_model)
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[Accesses]:
        """Accesses: which rows of a store are asked for."""
        from perflab.workloads.registry.accesses import ACCESS_KIND

        return ACCESS_KIND

    def workload_for(
        self,
        settings: LazyLoadingSettings,
        spec: str | os.PathLike[str] | Accesses | Trace | None,
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

        n_rows = rows_of(settings.data_source, settings.delimiter)
        chosen = self.default_workload if spec is None else spec
        return load_accesses(chosen, n_rows, format, columns, progress)

    def model(self, workload: Accesses, costs: Costs) -> Model[LazyLoadingSettings]:
        """Return the loader's model for accesses."""
        from perflab.patterns.lazy_loading.model.predict import LazyLoadingModel

        return LazyLoadingModel.of(workload, costs)

    def session(
        self,
        settings: LazyLoadingSettings,
        load: LoadSettings,
        workload: Accesses,
        _clock: VirtualClock,
        _run_name: str,
    ) -> Session[LazyLoadingSettings]:
        """Return a loader over its store, ready to be asked."""
        from perflab.patterns.lazy_loading.session import LazyLoadingSession

        return LazyLoadingSession(settings, load, workload)

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

    def costs(self, measured: Measured) -> dict[str, object]:
        """Return what a hit, a load and a row in memory cost in a run."""
        return lazy_costs(measured)

    def exports(
        self, settings: LazyLoadingSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, other readers, block caches and Kailash."""
        from perflab.patterns.lazy_loading.exports import lazy_loading_exports

        return lazy_loading_exports(settings, load, workload)

    def configurations(
        self, settings: LazyLoadingSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings as variables for platforms."""
        from perflab.patterns.lazy_loading.exports import lazy_loading_configurations

        return lazy_loading_configurations(settings, workload)


def _two_digits(number: int) -> int:
    """Return a number as people would write it."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return round(number / step) * step
