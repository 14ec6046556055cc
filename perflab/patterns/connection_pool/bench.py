"""The pool bench: how many connections, how long to wait, and where the database saturates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.model import Model
from perflab.bench.parts import Export, LiveChart, Objective, WhatIfChart
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.bench.shadow import Shadow, ShadowPlan
from perflab.bench.tuning import Sweep, Tuning
from perflab.bench.user_servers import UserServers
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.connection_pool.advice import ADVICE
from perflab.patterns.connection_pool.calibration import (
    half_of_capacity,
    pool_calibration,
    pool_refined,
    pool_renewed,
    pool_risks,
    slower_queries,
)
from perflab.patterns.connection_pool.clients import late_clients, thread_count
from perflab.patterns.connection_pool.servers import (
    foreign_servers,
    named_address,
    remover,
    room_for_pool,
)
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.patterns.connection_pool.stage import ConnectionPoolStage
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.registry.kind import WorkloadKind

_STEPS = (1, 2, 4, 8)
_WAIT_TARGET = 0.005
_COUNTED = (
    "timeouts",
    "callers_refused",
    "errors",
    "connects",
    "connections_lost",
    "connections",
    "waiting",
)


def _check_live(settings: ConnectionPoolSettings, _load: LoadSettings) -> None:
    """Refuse a ``max_waiting`` that the chosen driver has no word for.

    Raises:
        BadInputError: If so.
    """
    if settings.max_waiting is not None and settings.driver == "sqlalchemy":
        raise BadInputError(
            "SQLAlchemy's pool has no such limit; set none, or another driver", "max_waiting"
        )
    if settings.max_waiting == 0 and settings.driver == "psycopg_pool":
        raise BadInputError(
            "psycopg_pool takes 0 as no limit; set 1 or more, or another driver", "max_waiting"
        )


def _shadow(
    workload: Arrivals, settings: ConnectionPoolSettings, load: LoadSettings
) -> Shadow[ConnectionPoolSettings]:
    """Return one queue through all changes of a run's settings."""
    from perflab.patterns.connection_pool.shadow import PoolShadow

    return PoolShadow(workload, settings, load)


def _foreign_servers(settings: ConnectionPoolSettings) -> tuple[ForeignServer, ...]:
    """Return the user's own database, if one is named, and what is done there."""
    return foreign_servers(settings, max(settings.max_connections, _STEPS[-1]))


def _remover(_settings: ConnectionPoolSettings, run_name: str) -> Callable[[], object] | None:
    """Return what removes the schema of a run on the user's own database.

    Raises:
        BadInputError: If the database's address is not valid.
    """
    return remover(run_name)


def _kept_for(
    settings: ConnectionPoolSettings, _load: LoadSettings, _workload: Arrivals | None
) -> str:
    """Return the query, the pool and the database."""
    try:
        where = named_address() or "PostgreSQL"
    except BadInputError:
        where = "PostgreSQL at an address that is not valid"
    return f"{where}, {settings.driver}, query {settings.query}"


def _own_runs(settings: ConnectionPoolSettings, done: Runs) -> Iterator[Mapping[str, object]]:
    """Return runs at 1, 2, 4 ... connections, always busy, and then half of the time.

    On a server of the user's there are only those for which it has room, and one at least.

    Raises:
        BadInputError: If the user's own server is down.
    """
    same = {"query": settings.query, "driver": settings.driver, "check": settings.check}
    most = room_for_pool()
    for n in _STEPS:
        if n > max(1, most):
            return
        busy = {**same, "max_connections": n, "min_connections": n, "timeout": 60}
        yield busy
        yield {**busy, "request_rate": half_of_capacity(done)}


def _sweep(_workload: Arrivals, _settings: ConnectionPoolSettings) -> Sweep:
    """Return every pool size up to 32, then wider steps."""
    return {"max_connections": [*range(1, 33), 40, 48, 64, 80, 96, 128]}


class ConnectionPoolBench(Bench[ConnectionPoolSettings, "Arrivals"]):
    """Binds the connection pool to its settings, model, database and charts."""

    identity = Identity(
        pattern="connection_pool",
        title="Connection pool",
        question="How many connections keep the wait short without slowing the database down?",
        settings_class=ConnectionPoolSettings,
    )
    default_workload = "poisson:rate=200,requests=100k,seed=1"
    display = Display(
        sliders=(
            "max_connections",
            "min_connections",
            "timeout",
            "max_lifetime",
            "max_waiting",
            "order",
            "check",
            "driver",
            "query",
            "request_rate",
        ),
        what_if_charts=(
            WhatIfChart(
                "Wait by pool size",
                "wait_seconds_mean",
                "max_connections",
                also=("wait_seconds_p95", "wait_seconds_p99", "erlang_wait_seconds_mean"),
            ),
            WhatIfChart("Utilisation by pool size", "utilisation", "max_connections"),
            WhatIfChart("Service time by pool size", "service_seconds_mean", "max_connections"),
        ),
        live_charts=(
            LiveChart(
                "Wait for a connection, live",
                ("wait_seconds_mean", "wait_seconds_p95", "wait_seconds_p99"),
            ),
            LiveChart("Latency, live", ("latency_seconds_p50", "latency_seconds_p95")),
            LiveChart("Connections, live", ("connections",)),
        ),
        headline=(
            "wait_seconds_mean",
            "wait_seconds_p95",
            "wait_seconds_p99",
            "service_seconds_mean",
            "latency_seconds_mean",
            "latency_seconds_p95",
            "utilisation",
            "throughput_per_second",
            "timeouts",
            "callers_refused",
            "errors",
            "connections",
            "connects",
            "connections_lost",
        ),
        panel_defaults={
            "query": "aggregate",
            "max_connections": 4,
            "request_rate": 200,
            "speedup": None,
        },
        metric_infos=(
            MetricInfo("erlang_wait_seconds_mean", "wait, Erlang C", "seconds", "lower"),
            MetricInfo("service_seconds_mean", "service time, mean", "seconds", "lower"),
            MetricInfo("connections", "connections open", "connections", "neither"),
            MetricInfo("in_use", "connections in use, mean", "connections", "neither"),
            MetricInfo("waiting", "callers waiting", "callers", "lower"),
            MetricInfo("connects", "connections made", "connections", "neither"),
            MetricInfo("connections_lost", "connections lost", "connections", "lower"),
        ),
    )
    tuning = Tuning(
        objective=Objective("min", "wait_seconds_p95", tolerance=0.1, target=_WAIT_TARGET),
        tuned="max_connections",
        tuned_noun="pool size",
        sweep=_sweep,
        risks=pool_risks,
        slower=slower_queries,
        serves="queries",
    )
    calibration = CalibrationPlan(
        workload="poisson:rate=1M,requests=1M,seed=1",
        settings={"max_connections": 2},
        shipped_costs={
            "service": {
                "1": {
                    "mean": 1.5e-3,
                    "quantiles": [1.2e-3] * 50 + [1.6e-3] * 50 + [3e-3, 5e-3, 2e-2],
                },
            },
            "usl": {"rate": 660.0, "contention": 0.45, "coherency": 0.001},
            "connect_seconds": 2e-3,
            "overhead_seconds": 0.0,
        },
        kept_for=_kept_for,
        own_runs=_own_runs,
        # A server of the user's has room for some of them.
        own_count=lambda settings: None if foreign_servers(settings, 1) else 2 * len(_STEPS),
        costs_of=pool_calibration,
        renewed=pool_renewed,
        refined=pool_refined,
    )
    live = Live(
        backends=(),
        open_loop=True,
        told_at_end=True,
        actions=(
            Action(
                "kill",
                "Kill connections",
                "chain-broken",
                "End all connections of the pool on the server's side, by pg_terminate_backend.",
                "the connections were killed",
                needs="up",
            ),
            Action(
                "restart",
                "Restart server",
                "refresh",
                "Stop the database and start it again.",
                "the server was restarted",
                needs="server",
                meanwhile="restarting",
            ),
        ),
        measures=frozenset(
            {
                "callers_refused",
                "connections",
                "connections_lost",
                "connects",
                "errors",
                "in_use",
                "service_seconds_mean",
                "timeouts",
                "utilisation",
                "wait_seconds_mean",
                "wait_seconds_p95",
                "wait_seconds_p99",
                "waiting",
            }
        ),
        levels=frozenset({"connections", "max_connections", "waiting"}),
        check=_check_live,
        thread_count=thread_count,
        remarks=late_clients,
    )
    servers = UserServers(used=_foreign_servers, variable="PERFLAB_POSTGRES_URL", remover=_remover)
    shadow = ShadowPlan(make=_shadow, holds=False)
    stage = ConnectionPoolStage()
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[Arrivals]:
        """Arrivals: when requests come, and how long each takes."""
        from perflab.workloads.registry.arrivals import ARRIVAL_KIND

        return ARRIVAL_KIND

    def model(self, workload: Arrivals, costs: Costs) -> Model[ConnectionPoolSettings]:
        """Return the queue of arrivals before the pool."""
        from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel

        return ConnectionPoolModel.of(workload, costs)

    def session(
        self,
        settings: ConnectionPoolSettings,
        _load: LoadSettings,
        workload: Arrivals,
        _clock: VirtualClock,
        run_name: str,
    ) -> Session[ConnectionPoolSettings]:
        """Return a pool in front of a real database.

        Raises:
            BadInputError: If the database answers with an error, or as no database does.
        """
        import psycopg

        from perflab.patterns.connection_pool.session import ConnectionPoolSession

        try:
            return ConnectionPoolSession(settings, workload, run_name)
        except psycopg.Error as error:
            raise BadInputError(
                f"the database answered: {foreign_text(error)}", "PostgreSQL"
            ) from None

    def metrics(self, measured: Measured) -> Metrics:
        """Return waits, service times, utilisation and counts."""
        counters = measured.counters
        result = {name: float(counters.get(name, 0)) for name in _COUNTED}
        result["requests"] = float(measured.requests)
        wait = measured.distributions.get("wait")
        if wait is not None and wait.count:
            result["wait_seconds_mean"] = wait.mean
            for name, quantile in (("p95", 0.95), ("p99", 0.99)):
                result[f"wait_seconds_{name}"] = wait.quantile(quantile)
        service = measured.distributions.get("service")
        if service is not None and service.count:
            result["service_seconds_mean"] = service.mean
            size = counters.get("max_connections", 0.0)
            if measured.seconds > 0 and size:
                result["in_use"] = service.mean * service.count / measured.seconds
                result["utilisation"] = result["in_use"] / size
        return result

    def costs(self, measured: Measured) -> dict[str, object]:
        """Return the service time at the connections that a service found in use on average."""
        from perflab.modelling.latency import costs_of

        found = costs_of(
            measured.distributions, ("service", "connect", "handover", "lend", "checkout")
        )
        result: dict[str, object] = {}
        if "service" in found:
            count = measured.distributions["service"].count
            busy = max(1, round(measured.counters.get("found_in_use", 0) / count))
            result["service"], result["service_half"] = {str(busy): found["service"]}, {}
        if "handover" in found:
            result["handover_seconds"] = found["handover"]["mean"]
        result |= {name: found[name] for name in ("lend", "checkout") if name in found}
        if "connect" in found:
            result["connect_seconds"] = found["connect"]["mean"]
        return result

    def exports(
        self, settings: ConnectionPoolSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, other pools, proxies and Kailash."""
        from perflab.patterns.connection_pool.exports import connection_pool_exports

        return connection_pool_exports(settings, load, workload)

    def configurations(
        self, settings: ConnectionPoolSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for frameworks and platforms."""
        from perflab.patterns.connection_pool.exports.configurations import (
            connection_pool_configurations,
        )

        return connection_pool_configurations(settings, load, workload)
