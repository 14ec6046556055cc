"""The async I/O bench: how many requests in flight does it take, and where does a server bend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.arrivals import ArrivalsBench
from perflab.bench.model import Model
from perflab.bench.parts import Export, LiveChart, Objective, Observed, WhatIfChart
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.async_io.calibration import (
    concurrency_risks,
    own_calibration,
    own_runs,
    user_calibration,
    user_runs,
)
from perflab.patterns.async_io.measured import measured_costs, measured_metrics
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.settings import Settings
    from perflab.workloads.kinds.arrivals import Arrivals

_OPEN_OBJECTIVE = Objective("min", "latency_seconds_p95", tolerance=0.1)
_TUNED = (*range(1, 33), 36, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256)


class AsyncIOBench(ArrivalsBench):
    """Binds the concurrent fetcher to its settings, model, server and charts."""

    pattern = "async_io"
    title = "Async I/O"
    question = "How many requests in flight, and where does the server saturate?"
    settings_class = AsyncIORunSettings
    default_workload = "poisson:rate=500,requests=100k,seed=1"
    calibration_workload = "steady:rate=1M,requests=1M"
    calibration_settings: ClassVar[Mapping[str, Any]] = {"max_concurrent": 4}
    panel_defaults: ClassVar[Mapping[str, Any]] = {
        "capacity": 32,
        "latency_shape": "lognormal",
        "request_rate": 500,
        "retries": 0,
        "speedup": None,
    }
    sliders = (
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
    )
    what_if_charts = (
        WhatIfChart("Throughput by limit", "throughput_per_second", "max_concurrent"),
        WhatIfChart(
            "Latency by limit",
            "latency_seconds_p50",
            "max_concurrent",
            also=("latency_seconds_p95", "latency_seconds_p99"),
        ),
        WhatIfChart("Share of errors by limit", "error_share", "max_concurrent"),
    )
    live_charts = (
        LiveChart("Throughput, live", ("throughput_per_second",)),
        LiveChart(
            "Latency, live", ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99")
        ),
        LiveChart("In flight, live", ("in_flight", "server_waiting")),
    )
    headline = (
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
    )
    metric_infos = (
        MetricInfo("connect_errors", "connection errors", "requests", "lower"),
        MetricInfo("in_flight", "number, in flight", "requests", "neither"),
        MetricInfo("limit", "limit in flight", "requests", "neither"),
        MetricInfo("throttled_seconds", "wait for the rate limit, mean", "seconds", "lower"),
        MetricInfo("throttled", "turned away (429, 503)", "requests", "lower"),
        MetricInfo("server_busy", "at work in the server", "requests", "neither"),
        MetricInfo("server_waiting", "number, queued in the server", "requests", "lower"),
    )
    levels = frozenset({"in_flight", "limit", "server_busy", "server_waiting"})
    objective = Objective("max", "throughput_per_second", tolerance=0.05)
    open_loop = True
    tuned = "max_concurrent"
    tuned_noun = "concurrency limit"
    actions = (
        Action("kill", "Kill server", "chain-broken", "Kill the server; its connections break."),
        Action("restart", "Restart server", "refresh", "Start the server again, where it was."),
    )
    shipped_costs: ClassVar[Costs] = {
        "bottleneck_seconds": {"1": 2.5e-4, "16": 2.5e-4, "64": 3e-4, "256": 3.2e-4},
        "delay_seconds": 3e-4,
        "timer_seconds": {"4": 8e-4, "64": 1.5e-3},
    }

    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Let every setting run, but for a server known by its results only.

        Raises:
            BadInputError: If there is nothing that could be asked.
        """
        del load
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        if settings.measured is not None and settings.urls is None:
            raise BadInputError(
                "tells what a server did; to run, say in urls where it is, or take this down",
                "measured",
            )

    def foreign_servers(self, settings: Settings, load: LoadSettings) -> tuple[ForeignServer, ...]:
        """Return every server that the URLs name, and how many requests go there."""
        from perflab.patterns.async_io.targets import foreign_servers

        del load
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return foreign_servers(settings)

    def calibrated_with(self, settings: Settings, load: LoadSettings, workload: Any = None) -> str:
        """Return the server's addresses, or perflab's own."""
        from perflab.patterns.async_io.targets import short_name

        del load, workload
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return "perflab's own HTTP server" if settings.urls is None else short_name(settings.urls)

    def calibrated_on(self, settings: Settings, load: LoadSettings, spec: Any) -> Any:
        """Return arrivals for the length of a closed loop."""
        del settings, load, spec
        return self.calibration_workload

    def observed(self, settings: Settings, costs: Costs) -> Observed | None:
        """Return the levels of a load test, or of a calibration before the user's server.

        Raises:
            BadInputError: If the results of the load test cannot be read.
        """
        from perflab.patterns.async_io.observed import observed_points

        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return observed_points(settings, costs)

    def calibration_runs(self, settings: Settings, done: Runs) -> Iterator[Mapping[str, Any]]:
        """Return runs at several concurrencies, in a closed loop."""
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return own_runs(done) if settings.urls is None else user_runs(settings, done)

    def calibrated(self, runs: Runs) -> dict[str, Any]:
        """Return the costs of client and server, or the points and the law through them."""
        own = all(values.get("urls") is None for values, _ in runs)
        return own_calibration(runs) if own else user_calibration(runs)

    def tuning_sweep(self, trace: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return every limit up to 32, then wider steps, as far as a server is known.

        Raises:
            BadInputError: If the results of a load test cannot be read.
        """
        del trace
        from perflab.patterns.async_io.observed import known_up_to

        settings = self.read(values)[0]
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        most = known_up_to(settings)
        return {"max_concurrent": [limit for limit in _TUNED if limit <= most]}

    def objective_for(self, settings: Settings) -> Objective:
        """Return the throughput in a closed loop; in an open one that is given, so the p95."""
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return self.objective if settings.load_model == "closed" else _OPEN_OBJECTIVE

    def risks(self, chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
        """Return what fewer and what more in flight would do."""
        return concurrency_risks(chosen, points)

    def model(self, trace: Arrivals) -> Model:
        """Return the client before a server."""
        from perflab.patterns.async_io.model.predict import AsyncIOModel

        return AsyncIOModel(trace)

    def sampled_model(self, trace: Arrivals, share: float) -> Model:
        """Refuse a sample: a queue of fewer requests is another queue.

        Raises:
            BadInputError: Always.
        """
        del trace, share
        raise BadInputError("is not supported by async_io, whose predictions are fast", "sample")

    def session(
        self,
        settings: Settings,
        load: LoadSettings,
        trace: Arrivals,
        clock: VirtualClock,
        run_name: str,
    ) -> Session:
        """Return a fetcher before a real server."""
        from perflab.patterns.async_io.session import AsyncIOSession

        del clock, load, trace, run_name
        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return AsyncIOSession(settings)

    def metrics(self, measured: Measured) -> Metrics:
        """Return counts by kind of failure, levels, and what those that were answered tell."""
        return measured_metrics(measured)

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return throughput, latency and share of errors of the run."""
        return measured_costs(measured)

    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings for perflab, aiohttp, httpx, k6 and Kailash."""
        from perflab.patterns.async_io.exports import async_io_exports

        assert isinstance(settings, AsyncIORunSettings)  # noqa: S101  (what read() made)
        return async_io_exports(settings, load, workload)
