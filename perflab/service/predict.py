"""`predict_service`: what a service does over a workload, from the costs of its benches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.bench.registry import load_bench
from perflab.errors.extras import naming_extra
from perflab.lab.calibration import Calibration, calibration_for
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.service.connections import connections_of
from perflab.service.flow import Flow, Flows
from perflab.service.incoming import Incoming, incoming
from perflab.service.metrics import database_metrics, service_metrics, stage_metrics
from perflab.service.prediction import DATABASE, ServicePrediction, StageRow
from perflab.units import in_words

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.modelling.prediction import Costs
    from perflab.service.service import Service

Calibrations = dict[str, Calibration]


@naming_extra("cli")
def predict_service(
    service: Service, workload: object = None, clients: npt.ArrayLike | None = None
) -> ServicePrediction:
    """Return what each stage and the service as a whole do over a workload.

    Args:
        service: The service.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.
        clients: For the spread ``sticky``, whose each request is, int64 of shape (requests,).

    Raises:
        BadInputError: If the workload is not right, or has no times and no rate is set.
    """
    came = incoming(service, workload, clients)
    known = calibrations_of(service)
    flow = Flows(came, costs_in(known)).through(service)
    return prediction_of(service, flow, known)


def costs_in(known: Calibrations) -> dict[str, Costs]:
    """Return what the models of the stages are told, by stage."""
    return {name: each.costs for name, each in known.items()}


def calibrations_of(service: Service) -> Calibrations:
    """Return by stage the costs that were measured on this machine, or the shipped ones."""
    found = {}
    for stage in service.stages:
        bench = load_bench(stage.bench)
        found[stage.bench] = calibration_for(bench, stage.settings, bench.read()[1])
    return found


def prediction_of(service: Service, flow: Flow, known: Calibrations) -> ServicePrediction:
    """Return what is told of a flow.

    Args:
        service: Its service.
        flow: The requests on their way.
        known: The costs of each stage.
    """
    rows = [
        StageRow(
            here.stage.bench,
            load_bench(here.stage.bench).identity.title,
            stage_metrics(flow, here),
            here.stage.settings.shown(),
            known[here.stage.bench].to_dict(),
        )
        for here in flow.stages
    ]
    behind = database_metrics(flow)
    rows += [StageRow(DATABASE, "Database", behind)] if behind else []
    connections = connections_of(service)
    told = [f"{name}: {each.describe()}" for name, each in known.items()]
    return ServicePrediction(
        workload=workload_summary(flow.incoming.workload),
        settings=service.shown(),
        stages=tuple(rows),
        metrics=service_metrics(flow, service.settings, connections.most),
        warnings=connections.warnings,
        remarks=(*_remarks(flow.incoming), *told),
        environment=environment(),
    )


def _remarks(came: Incoming) -> tuple[str, ...]:
    if not came.drawn_times:
        return ()
    rate = in_words(came.rate, "1/s")
    return (f"the workload has no times: requests come at random (Poisson), {rate} on average",)
