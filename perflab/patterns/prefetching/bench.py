"""The prefetching bench: how far ahead to fetch, in what batches, with how many workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan, users_own
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.parts import Export, HeatMap, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.bench.tuning import Sweep, Tuning
from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.prefetching.advice import ADVICE
from perflab.patterns.prefetching.calibration import (
    CALIBRATION_RUNS,
    faster_consumer,
    prefetching_calibration,
    prefetching_costs,
    prefetching_metrics,
    prefetching_renewed,
    prefetching_risks,
    slower_fetches,
)
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings, SettingInfo

if TYPE_CHECKING:
    from perflab.patterns.prefetching.items import Items
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.registry.kind import WorkloadKind

_CALIBRATION = "items:count=300k"
_AXIS_POINTS = 41
_WORKERS = (*range(1, 9), 10, 12, 16, 20, 24, 32, 48, 64)
_SLOTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128)
_STALL_TARGET = 0.05


def _check_live(_settings: PrefetchingSettings, load: LoadSettings) -> None:
    """Refuse several consumers: items come in order to one.

    Raises:
        BadInputError: With the reason.
    """
    if load.concurrency != 1:
        text = "one consumer takes the items in order here; set it to 1, and workers to more"
        raise BadInputError(text, "concurrency")


def _check_model(settings: PrefetchingSettings, load: LoadSettings, workload: Items) -> None:
    """Refuse what could not run, and files that the backend would not read.

    Raises:
        BadInputError: With the reason.
    """
    from perflab.patterns.prefetching.item_sources import check_items

    _check_live(settings, load)
    check_items(load, workload)


def _kept_for(_settings: PrefetchingSettings, load: LoadSettings, workload: Items | None) -> str:
    """Return the source: a backend, and whose files it reads."""
    if workload is None or not workload.paths:
        return load.backend_name
    return f"{load.backend_name} of {workload.name}"


def _own_spec(_settings: PrefetchingSettings, load: LoadSettings, spec: object) -> object:
    """Return the user's files or items of the user's function, or else the bench's own."""
    if getattr(spec, "paths", ()):
        return spec
    own = users_own(load, spec)
    return _CALIBRATION if own is None else own


def _own_runs(_settings: PrefetchingSettings, _done: Runs) -> Iterator[Mapping[str, object]]:
    """Return runs of two sizes of batch and three numbers of workers, always fetching."""
    yield from CALIBRATION_RUNS


def _axis(info: SettingInfo, _workload: Items) -> list[float]:
    """Return fewer values than by default: each is a simulation of all items."""
    return axis_values(info, points=_AXIS_POINTS)


def _sweep(_workload: Items, settings: PrefetchingSettings) -> Sweep:
    """Return numbers of workers, and buffers of whole batches."""
    batch = settings.batch_size
    return {"workers": list(_WORKERS), "buffer_size": [batch * slots for slots in _SLOTS]}


def _sampled_model(workload: Items, costs: Costs, share: float) -> Model[PrefetchingSettings]:
    """Return the model on the first part of the items.

    Raises:
        BadInputError: If nothing is left.
    """
    from perflab.patterns.prefetching.model.predict import PrefetchingModel

    first = workload.at_most(max(1, round(len(workload) * share)))
    return PrefetchingModel.of(first, costs)


class PrefetchingBench(Bench[PrefetchingSettings, "Items"]):
    """Binds the prefetcher to its settings, model, sources and charts."""

    identity = Identity(
        pattern="prefetching",
        title="Prefetching",
        question="How far ahead to fetch, in what batches, and with how many workers?",
        settings_class=PrefetchingSettings,
    )
    default_workload = "items:count=100k"
    naming = ("process_count", "backend")
    display = Display(
        sliders=(
            "backend",
            "workers",
            "buffer_size",
            "batch_size",
            "max_bytes",
            "timeout",
            "retries",
            "backoff_seconds",
            "consume_seconds",
            "backend_seconds",
        ),
        what_if_charts=(
            WhatIfChart(
                "Stall fraction by workers",
                "stall_fraction",
                "workers",
                "buffer_size",
                (100, 1000, 10_000),
            ),
            WhatIfChart(
                "Throughput by batch size",
                "throughput_per_second",
                "batch_size",
                "workers",
                (1, 4, 16),
            ),
            WhatIfChart("First item by batch size", "first_item_seconds", "batch_size"),
        ),
        heat_maps=(
            HeatMap("Stall fraction", "stall_fraction", "workers", "buffer_size"),
            HeatMap("Throughput", "throughput_per_second", "workers", "batch_size"),
        ),
        live_charts=(
            LiveChart("Stall fraction, live", ("stall_fraction",)),
            LiveChart("Throughput, live", ("throughput_per_second",)),
            LiveChart("Buffer level, live", ("buffer_items",)),
        ),
        headline=(
            "stall_fraction",
            "throughput_per_second",
            "first_item_seconds",
            "buffer_items",
            "buffer_bytes",
            "fetch_seconds_mean",
            "consume_seconds_mean",
            "utilisation",
            "batches",
            "retries",
            "timeouts",
            "memory_bytes",
        ),
        panel_defaults={
            "buffer_size": 400,
            "batch_size": 100,
            "workers": 1,
            "retries": 10,
            "consume_seconds": 0.0002,
            "backend_seconds": 0.05,
            "request_rate": None,
            "speedup": None,
        },
        metric_infos=(
            MetricInfo("stall_fraction", "stall fraction", "ratio", "lower"),
            MetricInfo("first_item_seconds", "time to first item", "seconds", "lower", once=True),
            MetricInfo("buffer_items", "buffer level", "items", "neither", in_lots="batches"),
            MetricInfo(
                "buffer_bytes", "bytes in the buffer", "bytes", "neither", grows_with="buffer_items"
            ),
            MetricInfo("fetch_seconds_mean", "fetch per batch, mean", "seconds", "lower"),
            MetricInfo("fetch_seconds_p95", "fetch per batch, p95", "seconds", "lower"),
            MetricInfo("consume_seconds_mean", "work per item, mean", "seconds", "lower"),
            MetricInfo("batches", "batches fetched", "batches", "neither"),
            MetricInfo("short_pages", "short pages", "batches", "lower"),
        ),
        axis=_axis,
    )
    tuning = Tuning(
        objective=Objective("min", "stall_fraction", tolerance=0.02, target=_STALL_TARGET),
        tuned="workers",
        tuned_noun="number of workers",
        also_tuned=("buffer_size",),
        sweep=_sweep,
        risks=prefetching_risks,
        busier=faster_consumer,
        slower=slower_fetches,
        serves="fetches",
        relieved_by=("batch_size",),
        multiples={"buffer_size": "batch_size"},
    )
    calibration = CalibrationPlan(
        workload=_CALIBRATION,
        settings=CALIBRATION_RUNS[1],
        shipped_costs={
            "fetch": {
                "fixed_seconds": 4e-5,
                "item_seconds": 3e-6,
                "quantiles": [0.9] * 50 + [1.0] * 45 + [1.3] * 5 + [2.0, 4.0, 10.0],
            },
            "usl": {"contention": 0.6, "coherency": 0.0},
            "consume": {"mean": 1.5e-5, "spread": 2e-6},
            "item_bytes": 400.0,
            "handover_seconds": 1e-4,
            "overhead_seconds": 3e-6,
            "sleep_seconds": 7e-5,
        },
        kept_for=_kept_for,
        own_spec=_own_spec,
        own_runs=_own_runs,
        own_count=lambda _settings: len(CALIBRATION_RUNS),
        costs_of=prefetching_calibration,
        renewed=prefetching_renewed,
    )
    live = Live(
        told_at_end=True,
        backends=("sqlite", "postgres", "files", "http", "delay"),
        actions=(
            Action(
                "restart",
                "Restart server",
                "refresh",
                "Kill the HTTP server or the PostgreSQL behind and start it again: fetches that "
                "fail are tried again.",
                "the server was restarted",
                needs="server",
                meanwhile="restarting",
            ),
        ),
        measures=frozenset(
            {
                "batches",
                "buffer_bytes",
                "buffer_items",
                "consume_seconds_mean",
                "errors",
                "fetch_seconds_mean",
                "fetch_seconds_p95",
                "first_item_seconds",
                "retries",
                "short_pages",
                "stall_fraction",
                "timeouts",
                "utilisation",
            }
        ),
        levels=frozenset({"first_item_seconds", "workers"}),
        ends_itself=True,
        check=_check_live,
    )
    models = Models(
        check=_check_model,
        sampled=_sampled_model,
    )
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[Items]:
        """Items: rows of a table, files, or those of a function."""
        from perflab.patterns.prefetching.item_names import ITEM_KIND

        return ITEM_KIND

    def workload_for(
        self,
        settings: PrefetchingSettings,
        spec: object,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Items:
        """Return the items, at most ``process_count`` of them."""
        found = super().workload_for(settings, spec, format, columns, progress)
        return found.at_most(settings.process_count)

    def model(self, workload: Items, costs: Costs) -> Model[PrefetchingSettings]:
        """Return the queue of batches between source and consumer."""
        from perflab.patterns.prefetching.model.predict import PrefetchingModel

        return PrefetchingModel.of(workload, costs)

    def session(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        workload: Items,
        _clock: VirtualClock,
        _run_name: str,
    ) -> Session[PrefetchingSettings]:
        """Return a prefetcher between a real source and a real consumer."""
        from perflab.patterns.prefetching.session import PrefetchingSession

        return PrefetchingSession(settings, load, workload)

    def metrics(self, measured: Measured) -> Metrics:
        """Return stalls, times, the buffer's level on average, and counts."""
        return prefetching_metrics(measured)

    def costs(self, measured: Measured) -> dict[str, object]:
        """Return what fetches and the consumer's work took in a run, and an item's bytes."""
        return prefetching_costs(measured)

    def exports(
        self, settings: PrefetchingSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, PyTorch's DataLoader and as a node for Kailash."""
        from perflab.patterns.prefetching.exports import prefetching_exports

        return prefetching_exports(settings, load, workload)

    def configurations(
        self, settings: PrefetchingSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings as variables for platforms."""
        from perflab.patterns.prefetching.exports import prefetching_configurations

        return prefetching_configurations(settings, workload)
