"""`predict_service`: what a service does over a workload, from the costs of its benches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from perflab.bench.registry import load_bench
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
    if sample is not None and sample != 1:
        found = SampledService(came, costs_in(known, service), sample).estimate(service)
        return estimated(service, came, found, known)
    flow = Flows(came, costs_in(known, service)).through(service)
    return prediction_of(service, flow, known)


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
    return _prediction(service, flow.incoming, rows, metrics, known)


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
) -> ServicePrediction:
    told = [f"{name}: {each.describe()}" for name, each in known.items()]
    return ServicePrediction(
        workload=workload_summary(came.workload),
        settings=service.shown(),
        stages=tuple(rows),
        metrics=metrics,
        warnings=connections_of(service).warnings,
        remarks=(*remarks, *_remarks(came), *told),
        environment=environment(),
        sampled=sampled,
        error=error,
    )


def _remarks(came: Incoming) -> tuple[str, ...]:
    if not came.drawn_times:
        return ()
    rate = in_words(came.rate, "1/s")
    return (f"the workload has no times: requests come at random (Poisson), {rate} on average",)
