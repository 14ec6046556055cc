"""The async I/O bench: how many requests in flight does it take, and where does a server bend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.parts import Export, LiveChart, Objective, Observed, WhatIfChart
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.bench.tuning import Sweep, Tuning
from perflab.bench.user_servers import UserServers
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.async_io.advice import ADVICE
from perflab.patterns.async_io.calibration import (
    OWN_RUNS,
    async_renewed,
    concurrency_risks,
    measured_costs,
    measured_metrics,
    more_arrivals,
    own_calibration,
    own_runs,
    slower_server,
    user_calibration,
    user_runs,
)
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.patterns.async_io.stage import AsyncIOStage
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.registry.kind import WorkloadKind

_CALIBRATION = "steady:rate=1M,requests=1M"
_CLOSED_OBJECTIVE = Objective("max", "throughput_per_second", tolerance=0.05)
_OPEN_OBJECTIVE = Objective("min", "latency_seconds_p95", tolerance=0.1)
_TUNED = (*range(1, 33), 36, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256)


def _check_live(settings: AsyncIORunSettings, _load: LoadSettings) -> None:
    """Let every setting run, but for a server known by its results only.

    Raises:
        BadInputError: If there is nothing that could be asked.
    """
    if settings.measured is not None and settings.urls is None:
        raise BadInputError(
            "tells what a server did; to run, say in urls where it is, or set it to none",
            "measured",
        )


def _check_model(settings: AsyncIORunSettings, _load: LoadSettings, _workload: Arrivals) -> None:
    """Refuse results of a load test that cannot be read.

    Raises:
        BadInputError: If they cannot.
    """
    if settings.measured is not None:
        from perflab.patterns.async_io.load_tests.load_test import read_load_test

        read_load_test(settings.measured)


def _foreign_servers(settings: AsyncIORunSettings) -> tuple[ForeignServer, ...]:
    """Return every server that the URLs name, and how many requests go there."""
    from perflab.patterns.async_io.targets import foreign_servers

    return foreign_servers(settings)


def _kept_for(settings: AsyncIORunSettings, _load: LoadSettings, _workload: Arrivals | None) -> str:
    """Return the server's addresses, or perflab's own."""
    from perflab.patterns.async_io.targets import short_name

    return "perflab's own HTTP server" if settings.urls is None else short_name(settings.urls)


def _own_spec(_settings: AsyncIORunSettings, _load: LoadSettings, _spec: object) -> str:
    """Return arrivals for the length of a closed loop."""
    return _CALIBRATION


def _observed(settings: AsyncIORunSettings, costs: Costs) -> Observed | None:
    """Return the levels of a load test, or of a calibration before the user's server.

    Raises:
        BadInputError: If the results of the load test cannot be read.
    """
    from perflab.patterns.async_io.observed import observed_points

    return observed_points(settings, costs)


def _own_runs(settings: AsyncIORunSettings, done: Runs) -> Iterator[Mapping[str, object]]:
    """Return runs at several concurrencies, in a closed loop."""
    return own_runs(done) if settings.urls is None else user_runs(settings, done)


def _costs_of(runs: Runs) -> dict[str, object]:
    """Return the costs of client and server, or the points and the law through them."""
    own = all(values.get("urls") is None for values, _ in runs)
    return own_calibration(runs) if own else user_calibration(runs)


def _follows_rate(values: Mapping[str, object]) -> bool:
    """Say whether requests come at a rate: in a closed loop each follows one that has ended."""
    return values.get("load_model") == "open"


def _overruled(
    settings: AsyncIORunSettings, _load: LoadSettings, _workload: Arrivals
) -> Mapping[str, str]:
    """Return the settings of the pace, which a closed loop does not heed, with the reason."""
    if settings.load_model == "open":
        return {}
    why = "load_model is closed: each request follows one that has ended"
    return {"request_rate": why, "speedup": why}


def _sweep(workload: Arrivals, settings: AsyncIORunSettings) -> Sweep:
    """Return every limit up to 32, then wider steps, as far as a server is known.

    No more can be in flight than there are requests.

    Raises:
        BadInputError: If the results of a load test cannot be read.
    """
    from perflab.patterns.async_io.observed import known_up_to

    most = min(known_up_to(settings), max(1, len(workload)))
    return {"max_concurrent": [limit for limit in _TUNED if limit <= most]}


def _objective_at(settings: AsyncIORunSettings) -> Objective:
    """Return the throughput in a closed loop; in an open one that is given, so the p95."""
    return _CLOSED_OBJECTIVE if settings.load_model == "closed" else _OPEN_OBJECTIVE


class AsyncIOBench(Bench[AsyncIORunSettings, "Arrivals"]):
    """Binds the concurrent fetcher to its settings, model, server and charts."""

    identity = Identity(
        pattern="async_io",
        title="Async I/O",
        question="How many requests in flight, and where does the server saturate?",
        settings_class=AsyncIORunSettings,
    )
    default_workload = "poisson:rate=500,requests=100k,seed=1"
    display = Display(
        sliders=(
            "max_concurrent",
            "limit_mode",
            "load_model",
            "request_rate",
            "latency_seconds",
            "latency_shape",
            "capacity",
            "server_queue",
            "error_rate",
            "stall_rate",
            "retries",
            "timeout",
            "rate_limit",
            "urls",
            "measured",
        ),
        what_if_charts=(
            WhatIfChart("Throughput by limit", "throughput_per_second", "max_concurrent"),
            WhatIfChart(
                "Latency by limit",
                "latency_seconds_p50",
                "max_concurrent",
                also=("latency_seconds_p95", "latency_seconds_p99"),
            ),
            WhatIfChart("Share of errors by limit", "error_share", "max_concurrent"),
        ),
        live_charts=(
            LiveChart("Throughput, live", ("throughput_per_second",)),
            LiveChart(
                "Latency, live",
                ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99"),
            ),
            LiveChart("In flight, live", ("in_flight", "server_waiting")),
        ),
        headline=(
            "throughput_per_second",
            "latency_seconds_p50",
            "latency_seconds_p95",
            "latency_seconds_p99",
            "latency_seconds_mean",
            "throttled_seconds",
            "error_share",
            "errors",
            "timeouts",
            "throttled",
            "connect_errors",
            "retries",
            "limit",
            "utilisation",
        ),
        panel_defaults={
            "capacity": 32,
            "latency_shape": "lognormal",
            "request_rate": 500,
            "retries": 0,
            "speedup": None,
        },
        metric_infos=(
            MetricInfo("connect_errors", "connection errors", "requests", "lower"),
            MetricInfo("in_flight", "number, in flight", "requests", "neither"),
            MetricInfo("limit", "limit in flight", "requests", "neither"),
            MetricInfo("throttled_seconds", "wait for the rate limit, mean", "seconds", "lower"),
            MetricInfo("throttled", "turned away (429, 503)", "requests", "lower"),
            MetricInfo("server_busy", "at work in the server", "requests", "neither"),
            MetricInfo("server_waiting", "number, queued in the server", "requests", "lower"),
        ),
        overruled=_overruled,
        observed=_observed,
    )
    tuning = Tuning(
        objective=_CLOSED_OBJECTIVE,
        tuned="max_concurrent",
        tuned_noun="concurrency limit",
        sweep=_sweep,
        objective_at=_objective_at,
        risks=concurrency_risks,
        busier=more_arrivals,
        slower=slower_server,
        serves="responses",
    )
    calibration = CalibrationPlan(
        workload=_CALIBRATION,
        settings={"max_concurrent": 4},
        shipped_costs={
            "bottleneck_seconds": {"1": 2.5e-4, "16": 2.5e-4, "64": 3e-4, "256": 3.2e-4},
            "delay_seconds": 3e-4,
            "timer_seconds": {"4": 8e-4, "64": 1.5e-3},
        },
        kept_for=_kept_for,
        own_spec=_own_spec,
        own_runs=_own_runs,
        own_count=lambda settings: OWN_RUNS if settings.urls is None else None,
        costs_of=_costs_of,
        renewed=async_renewed,
    )
    # Its settings are those of the bench and more, which a service makes of it.
    stage = AsyncIOStage()  # type: ignore[assignment]
    live = Live(
        backends=(),
        open_loop=True,
        told_at_end=True,
        actions=(
            Action(
                "kill",
                "Kill server",
                "chain-broken",
                "Kill the server; its connections break.",
                "the server was killed",
                needs="up",
            ),
            Action(
                "restart",
                "Restart server",
                "refresh",
                "Start the server again, where it was.",
                "the server was started again",
                needs="server",
                meanwhile="starting",
            ),
        ),
        measures=frozenset(
            {
                "connect_errors",
                "error_share",
                "errors",
                "in_flight",
                "limit",
                "retries",
                "server_busy",
                "server_waiting",
                "throttled",
                "throttled_seconds",
                "timeouts",
            }
        ),
        levels=frozenset({"in_flight", "limit", "server_busy", "server_waiting"}),
        check=_check_live,
        follows_rate=_follows_rate,
    )
    models = Models(check=_check_model)
    servers = UserServers(used=_foreign_servers)
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[Arrivals]:
        """Arrivals: when requests come, and how long each takes."""
        from perflab.workloads.registry.arrivals import ARRIVAL_KIND

        return ARRIVAL_KIND

    def model(self, workload: Arrivals, costs: Costs) -> Model[AsyncIORunSettings]:
        """Return the client before a server."""
        from perflab.patterns.async_io.model.predict import AsyncIOModel

        return AsyncIOModel.of(workload, costs)

    def session(
        self,
        settings: AsyncIORunSettings,
        _load: LoadSettings,
        _workload: Arrivals,
        _clock: VirtualClock,
        _run_name: str,
    ) -> Session[AsyncIORunSettings]:
        """Return a fetcher before a real server."""
        from perflab.patterns.async_io.session import AsyncIOSession

        return AsyncIOSession(settings)

    def metrics(self, measured: Measured) -> Metrics:
        """Return counts by kind of failure, levels, and what those that were answered tell."""
        return measured_metrics(measured)

    def costs(self, measured: Measured) -> dict[str, object]:
        """Return throughput, latency and share of errors of the run."""
        return measured_costs(measured)

    def exports(
        self, settings: AsyncIORunSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, aiohttp, httpx, k6 and Kailash."""
        from perflab.patterns.async_io.exports import async_io_exports

        return async_io_exports(settings, load, workload)

    def configurations(
        self, settings: AsyncIORunSettings, _load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings as variables for platforms."""
        from perflab.patterns.async_io.exports import async_io_configurations

        return async_io_configurations(settings, workload)
