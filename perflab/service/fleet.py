"""`Fleet`: the connections that each process of a service may have, and what they wait for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.lab.documents import AboutWorkload
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.lab.result import Result
from perflab.service.connections import connections_of
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.metrics import service_metrics, stage_metrics
from perflab.service.predict import calibrations_of, costs_in
from perflab.units import counted, grouped, in_words, percent

if TYPE_CHECKING:
    import pandas as pd

    from perflab.bench.stage import PoolStage
    from perflab.service.layout import ServiceLayout

POOLS = "pools"
PGBOUNCER = "pgbouncer"
_KEPT = (
    *("wait_seconds_mean", "wait_seconds_p95", "wait_seconds_p99"),
    *("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99"),
    *("errors", "error_share", "pool_errors", "pool_error_share", "database_per_second"),
)
_TOLERANCE = 0.05
"""A pool is large enough where the p99 of the latency is within so much of the best."""
_STEPS = 6


@dataclasses.dataclass(frozen=True, slots=True)
class FleetRow:
    """A way to connect the processes of a fleet, and what it does.

    Attributes:
        replicas: How many there are.
        processes: Workers of all replicas.
        way: ``pools``: each process connects to the database itself; ``pgbouncer``: through one
            PgBouncer, whose connections are shared.
        per_process: Connections that the pool of each process may open.
        connections: That the database gets at most.
        deploying: The same during a rolling deploy.
        fits: Whether the database allows them, during a deploy too.
        metrics: Waits for a connection, latency and failures, by metric; ``pool_errors`` are the
            requests that get no connection, ``errors`` those that fail anywhere.
    """

    replicas: int
    processes: int
    way: str
    per_process: int
    connections: int
    deploying: int
    fits: bool
    metrics: dict[str, float]

    @property
    def starves(self) -> bool:
        """Whether requests fail as they get no connection.

        A client in front may have been given one when it tried again.
        """
        return min(self.metrics.get("pool_errors", 0.0), self.metrics.get("errors", 0.0)) > 0


@dataclasses.dataclass(frozen=True, slots=True)
class Fleet(Result):
    """The processes of a service before its database, now and at the autoscaler's most.

    Attributes:
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        settings: Of the service.
        rows: Ways to connect, by replicas: pools of several sizes, and a PgBouncer.
        reason: Which pool size to take, in words.
        warnings: What does not fit.
        remarks: What a reader must know.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "service fleet"
    made_by: ClassVar[str] = "perflab tune service --out FILE"

    workload: AboutWorkload
    settings: dict[str, object]
    rows: tuple[FleetRow, ...]
    reason: str
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    @property
    def is_overloaded(self) -> bool:
        """Whether even the best pools that fit let requests fail."""
        best = best_pool(list(self.rows))
        return best is not None and best.starves

    def to_frame(self) -> pd.DataFrame:
        """Return a row per way to connect, with a column for each metric."""
        import pandas as pd

        known = [field.name for field in dataclasses.fields(FleetRow) if field.name != "metrics"]
        rows = [{name: getattr(row, name) for name in known} | row.metrics for row in self.rows]
        return pd.DataFrame(rows)


@naming_extra("cli")
def fleet_of(service: ServiceLayout, workload: object = None) -> Fleet:
    """Return the ways to connect the processes of a service to its database.

    At more replicas than there are now, requests come as much faster, since an autoscaler starts
    replicas for more load.

    Args:
        service: With a connection pool.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.

    Raises:
        BadInputError: If the service has no pool, or the workload is not right.
    """
    if service.pool is None:
        text = "needs a connection pool as its last stage; add [service.connection_pool]"
        raise BadInputError(text, "service")
    settings = service.settings
    known = calibrations_of(service)
    came = incoming(service, workload)
    rows: list[FleetRow] = []
    for replicas in settings.scales:
        grown, here = service, came
        if replicas != settings.replicas:
            # Of times that are drawn, the rate that they are drawn at is what grows.
            rate = (settings.request_rate or came.rate) * replicas / settings.replicas
            grown = service.change({"replicas": replicas, "request_rate": rate})
            here = incoming(grown, came.workload)
        rows += _rows(grown, Flows(here, costs_in(known, service)))
    chosen = best_pool(rows)
    told = [f"{name}: {each.describe()}" for name, each in known.items()]
    return Fleet(
        workload=workload_summary(came.workload),
        settings=service.shown(),
        rows=tuple(rows),
        reason=_reason(service, rows, chosen),
        warnings=tuple(_warnings(service, rows)),
        remarks=tuple(told),
        environment=environment(),
    )


def best_pool(rows: list[FleetRow]) -> FleetRow | None:
    """Return the smallest pools that fit at every scale and are good enough at the largest.

    None where no pools fit.
    """
    most = max(row.replicas for row in rows)
    there = [row for row in rows if row.replicas == most and row.way == POOLS and row.fits]
    if not there:
        return None
    fewest = min(row.metrics["errors"] for row in there)
    there = [row for row in there if row.metrics["errors"] <= fewest]
    best = min(row.metrics["latency_seconds_p99"] for row in there)
    enough = best * (1 + _TOLERANCE)
    return min(
        (row for row in there if row.metrics["latency_seconds_p99"] <= enough),
        key=lambda row: row.per_process,
    )


def _rows(service: ServiceLayout, flows: Flows) -> Iterator[FleetRow]:
    """Yield pools of several sizes and, where the database has a limit, a PgBouncer."""
    stage = service.pool
    assert stage is not None  # noqa: S101  (refused before)
    of = cast("PoolStage[Any]", load_bench(stage.bench).stage)
    present, settings = of.most_connections(stage.settings), service.settings
    alone = service.change({"pgbouncer_connections": None})
    for size in _sizes(service, present):
        yield _row(_with(alone, of.settings_with(stage.settings, size)), flows, size)
    allowed = settings.pgbouncer_connections or settings.max_connections
    if allowed is not None:
        behind = service.change({"pgbouncer_connections": allowed})
        yield _row(behind, flows, present)


def _with(service: ServiceLayout, settings: Any) -> ServiceLayout:
    """Return a service with other settings of its pool."""
    *others, pool = service.stages
    return dataclasses.replace(
        service, stages=(*others, dataclasses.replace(pool, settings=settings))
    )


def _sizes(service: ServiceLayout, present: int) -> list[int]:
    """Return the sizes of pools to look at: up to what fits, and the present one."""
    settings = service.settings
    if settings.max_connections is None:
        most = max(4 * present, 8)
    else:
        most = max(1, settings.max_connections // settings.processes)
    steps = {max(1, round(most ** (step / (_STEPS - 1)))) for step in range(_STEPS)}
    deploying = settings.deploying(settings.replicas) * settings.workers
    safe = 0 if settings.max_connections is None else settings.max_connections // deploying
    return sorted({*steps, present, most, *([safe] if safe else [])})


def _row(service: ServiceLayout, flows: Flows, size: int) -> FleetRow:
    settings = service.settings
    flow = flows.through(service)
    shared = settings.pgbouncer_connections
    everywhere = settings.deploying(settings.replicas) * settings.workers * size
    connections = settings.processes * size if shared is None else shared
    deploying = everywhere if shared is None else shared
    allowed = settings.max_connections
    here = stage_metrics(flow, flow.stages[-1])
    found = {**here, **service_metrics(flow, settings, connections)}
    found["pool_errors"] = here["errors"]
    found["pool_error_share"] = here["errors"] / len(flow.incoming.requests)
    return FleetRow(
        settings.replicas,
        settings.processes,
        POOLS if shared is None else PGBOUNCER,
        size,
        connections,
        deploying,
        allowed is None or deploying <= allowed,
        {name: found[name] for name in _KEPT if name in found},
    )


def _reason(service: ServiceLayout, rows: list[FleetRow], chosen: FleetRow | None) -> str:
    most = max(row.replicas for row in rows)
    ways = [row for row in rows if row.replicas == most and row.way == PGBOUNCER and row.fits]
    shared = ways[0] if ways else None
    if chosen is None:
        processes, allowed = most * service.settings.workers, service.settings.max_connections
        within = "" if allowed is None else f" of at most {counted(allowed, 'connection')}"
        return (
            f"no pools fit: {counted(processes, 'process')} need a connection each, and more "
            f"during a deploy; take a PgBouncer{within}"
        )
    found = chosen.metrics
    if chosen.starves:
        share = percent(found["pool_error_share"])
        return (
            f"no pools carry the load: at {counted(most, 'replica')} at least {share} of the "
            f"requests get no connection in time, with {counted(chosen.per_process, 'connection')} "
            "per process; answer more of them from caches, or make the database faster"
        )
    wait = in_words(found.get("wait_seconds_p99", 0.0), "seconds")
    said = (
        f"{counted(chosen.per_process, 'connection')} per process: the fewest whose p99 of the "
        f"latency at {counted(most, 'replica')} is within {percent(_TOLERANCE)} of the best that "
        f"fits, at most {grouped(chosen.deploying)} during a deploy; p99 of the wait {wait}"
    )
    if shared is not None:
        behind = in_words(shared.metrics.get("wait_seconds_p99", 0.0), "seconds")
        pooler = f"a PgBouncer of {counted(shared.connections, 'connection')}"
        said = f"{said}, against {behind} with {pooler}"
    if found["errors"] > 0:
        share = percent(found["error_share"])
        said = f"{said}; {share} of the requests fail elsewhere than at the pools"
    return said


def _warnings(service: ServiceLayout, rows: list[FleetRow]) -> Iterator[str]:
    """Yield where the present pools do not fit: at a scale, or only during a deploy there.

    Behind a PgBouncer that is its own connections, which are as many at every scale.
    """
    settings = service.settings
    allowed, pooled = settings.max_connections, settings.pgbouncer_connections is not None
    stage = service.pool
    if pooled:
        yield from connections_of(service).warnings
    if allowed is None or pooled or stage is None:
        return
    of = cast("PoolStage[Any]", load_bench(stage.bench).stage)
    present = of.most_connections(stage.settings)
    for row in rows:
        if row.way != POOLS or row.per_process != present or row.fits:
            continue
        at = f"at {counted(row.replicas, 'replica')}"
        if row.connections > allowed:
            yield (
                f"{at}, {counted(row.processes, 'pool')} of {grouped(present)} open up to "
                f"{counted(row.connections, 'connection')}; the database allows {grouped(allowed)}"
            )
        else:
            more = percent(row.deploying / row.connections - 1)
            yield (
                f"{at}, a rolling deploy raises {counted(row.connections, 'connection')} to up to "
                f"{grouped(row.deploying)} (+{more}); the database allows {grouped(allowed)}"
            )
