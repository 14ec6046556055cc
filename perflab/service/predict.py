"""`predict_service`: what a service does over a workload, from the costs of its benches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from perflab.bench.registry import load_bench
from perflab.bench.stage import CACHES, Place
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import metric
from perflab.lab.calibration import Calibration, calibration_for
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.service.connections import connections_of
from perflab.service.flow import Flow, Flows
from perflab.service.incoming import Incoming, incoming
from perflab.service.metrics import database_metrics, service_metrics, stage_metrics
from perflab.service.prediction import DATABASE, ServicePrediction, StageRow
from perflab.service.sampled import Estimate, SampledService
from perflab.units import in_words, percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.bench.stage import PoolStage
    from perflab.modelling.prediction import Costs, Metrics
    from perflab.service.layout import ServiceLayout, ServiceStage

_UNFILLED = (
    "a load that fails fills no cache, and who waits for it fails too, so that more requests fail "
    "than are counted here: the scenario traffic:times=1,at=0 counts them"
)
_FRONTED = (
    "latencies, failures and the load on the database are those of a chain whose answers feed back "
    "to the client in front; its retries are in them, but not in the rows of the other stages"
)

_GROWN, _PART = 0.05, 10
"""Waits of the last part that are so much of the workload's time longer than those of the first."""

Calibrations = dict[str, Calibration]


@naming_extra("cli")
def predict_service(
    service: ServiceLayout,
    workload: object = None,
    clients: npt.ArrayLike | None = None,
    sample: float | None = None,
) -> ServicePrediction:
    """Return what each stage and the service as a whole do over a workload.

    Args:
        service: The service.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.
        clients: For the spread ``sticky``, whose each request is, int64 of shape (requests,).
        sample: The share of the keys to look at; all where not given.

    Raises:
        BadInputError: If the workload or the sample is not right, or the workload has no times and
            no rate is set.
    """
    came = incoming(service, workload, clients)
    known = calibrations_of(service)
    # What a workload is like takes passes over it, too, once: they are made meanwhile.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(workload_summary, came.workload)
        if sample is None or sample == 1:
            found = Flows(came, costs_in(known, service)).through(service)
        else:
            about = SampledService(came, costs_in(known, service), sample).estimate(service)
    if sample is None or sample == 1:
        return prediction_of(service, found, known)
    return estimated(service, came, about, known)


def costs_in(known: Calibrations, service: ServiceLayout) -> dict[str, Costs]:
    """Return what the models of the stages are told, by stage.

    Args:
        known: What was measured.
        service: With what it says of its database.
    """
    costs: dict[str, Costs] = {name: each.costs for name, each in known.items()}
    settings, pool = service.settings, service.pool
    seconds, contention = settings.query_seconds, settings.database_contention
    if pool is not None and (seconds is not None or contention is not None):
        of = cast("PoolStage[Any]", load_bench(pool.bench).stage)
        costs[pool.bench] = of.costs_at(costs[pool.bench], seconds, contention)
    return costs


def calibrations_of(service: ServiceLayout) -> Calibrations:
    """Return by stage the costs that were measured on this machine, or the shipped ones."""
    found = {}
    for stage in service.stages:
        bench = load_bench(stage.bench)
        found[stage.bench] = calibration_for(bench, stage.settings, bench.read()[1])
    return found


def estimated(
    service: ServiceLayout, came: Incoming, found: Estimate, known: Calibrations
) -> ServicePrediction:
    """Return a prediction from samples.

    Args:
        service: What was estimated.
        came: All its requests.
        found: The estimate.
        known: The costs of each stage.
    """
    by_stage = {stage.bench: stage for stage in service.stages}
    rows = [
        _row(by_stage[name], metrics, known)
        if name in by_stage
        else StageRow(DATABASE, "Database", metrics)
        for name, metrics in found.stages.items()
    ]
    info = metric("hit_rate")
    said = f"from samples of {percent(found.share)} of the keys: {info.label}"
    waits = ("near overload, waits before pools may be off by much more",)
    return _prediction(
        service,
        came,
        rows,
        found.metrics,
        known,
        (f"{said} {info.format_band(found.error)}", *(waits if service.pool else ())),
        found.share,
        found.error,
    )


def prediction_of(service: ServiceLayout, flow: Flow, known: Calibrations) -> ServicePrediction:
    """Return what is told of a flow.

    Args:
        service: Its service.
        flow: The requests on their way.
        known: The costs of each stage.
    """
    rows = [_row(here.stage, stage_metrics(flow, here), known) for here in flow.stages]
    behind = database_metrics(flow)
    rows += [StageRow(DATABASE, "Database", behind)] if behind else []
    metrics = service_metrics(flow, service.settings, connections_of(service).most)
    remarks, warnings = _failing(service, metrics), _falling_behind(flow)
    return _prediction(service, flow.incoming, rows, metrics, known, remarks, warnings=warnings)


def _falling_behind(flow: Flow) -> tuple[str, ...]:
    """Return which stages do not keep up: their waits are of this length of workload alone."""
    said = []
    for here in flow.stages:
        waits, place = here.passed.waits, here.stage.place
        part = len(waits) // _PART
        # Where a pool gives requests up, its timeout bounds their waits.
        bounded = place is Place.POOL and len(here.goes_on) < len(here.came)
        if place in CACHES or bounded or not part:
            continue
        grown = float(waits[-part:].mean() - waits[:part].mean())
        if grown > _GROWN * flow.incoming.seconds:
            said.append(
                f"{here.stage.bench} does not keep up with the requests: waits grow by "
                f"{in_words(grown, 'seconds')} within the workload, and go on growing in a "
                "longer one, so that times and shares are those of this length alone"
            )
    return tuple(said)


def _failing(service: ServiceLayout, metrics: Metrics) -> tuple[str, ...]:
    """Return what a reader must know where loads of caches fail."""
    cached = any(stage.place in CACHES for stage in service.stages)
    if not metrics["errors"] or not cached or service.front is not None:
        return ()
    return (_UNFILLED,)


def _row(stage: ServiceStage, metrics: Metrics, known: Calibrations) -> StageRow:
    title = load_bench(stage.bench).identity.title
    shown = stage.settings.shown()
    return StageRow(stage.bench, title, metrics, shown, known[stage.bench].to_dict())


def _prediction(
    service: ServiceLayout,
    came: Incoming,
    rows: list[StageRow],
    metrics: Metrics,
    known: Calibrations,
    remarks: tuple[str, ...] = (),
    sampled: float = 1.0,
    error: float = 0.0,
    warnings: tuple[str, ...] = (),
) -> ServicePrediction:
    told = [f"{name}: {each.describe()}" for name, each in known.items()]
    return ServicePrediction(
        workload=workload_summary(came.workload),
        settings=service.shown(),
        stages=tuple(rows),
        metrics=metrics,
        warnings=(*connections_of(service).warnings, *warnings),
        remarks=(*remarks, *_remarks(service, came), *told),
        environment=environment(),
        sampled=sampled,
        error=error,
    )


def _remarks(service: ServiceLayout, came: Incoming) -> tuple[str, ...]:
    found = () if service.front is None else (_FRONTED,)
    if not came.drawn_times:
        return found
    rate = in_words(came.rate, "1/s")
    said = f"the workload has no times: requests come at random (Poisson), {rate} on average"
    return (*found, said)
