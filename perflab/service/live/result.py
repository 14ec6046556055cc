"""`ServiceRun`: a service as it ran, beside what was predicted of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import typing_extensions

from perflab.instrumentation.catalog import MetricInfo, declare
from perflab.kernels.chain.flights import ChainAnswers
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.operations import Operation
from perflab.service.damage import check_events, check_metrics
from perflab.service.live.measured import metrics_of
from perflab.service.live.parts import LatencyParts, Lookups, check_parts
from perflab.service.scenarios.windows import (
    check_columns,
    edges_of,
    frame_of,
    windows_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from perflab.service.incoming import Incoming
    from perflab.service.layout import ServiceStage
    from perflab.service.live.measured import Measured

METRICS = (
    MetricInfo("hit_rate_process", "hit rate of the workers' caches", "ratio", "higher"),
    MetricInfo("hit_rate_shared", "hit rate of the shared cache", "ratio", "higher"),
)
declare(METRICS, "a run of a service")


class ServiceEvent(typing_extensions.TypedDict):
    """Something that happened in a run: when, in seconds, and what, in words."""

    seconds: float
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceRun(Result):
    """A service as it ran.

    Attributes:
        workload: As of a prediction.
        settings: Of the service and its stages.
        scenario: What happened; empty where nothing did.
        seconds: How long requests came.
        metrics: Measured, of the whole and by stage.
        predicted: The same from the calibration, made without the run.
        fitted: The same from the costs that the run itself shows.
        windows: By column, what was measured from moment to moment.
        fitted_windows: The same as refitted.
        parts: By part of the latency, which are ``delay``, the stages and ``database``, its mean
            seconds in each window, measured.
        predicted_parts: The same from the calibration.
        fitted_parts: The same as refitted.
        events: What happened, and when.
        servers: By stage, the name and version of its server.
        remarks: What a reader must know.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "service run"
    made_by: ClassVar[str] = "perflab run service --out FILE"

    workload: AboutWorkload
    settings: dict[str, object]
    scenario: str
    seconds: float
    metrics: dict[str, float]
    predicted: dict[str, float]
    fitted: dict[str, float]
    windows: dict[str, list[float]]
    fitted_windows: dict[str, list[float]]
    parts: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    predicted_parts: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    fitted_parts: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    events: tuple[ServiceEvent, ...] = ()
    servers: dict[str, str] = dataclasses.field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_columns(self.windows)
        check_columns(self.fitted_windows)
        for parts in (self.parts, self.predicted_parts, self.fitted_parts):
            check_parts(parts, len(self.windows["ends"]))
        check_metrics(self.metrics, ("requests", "errors"))
        check_metrics(self.predicted, place="predicted")
        check_metrics(self.fitted, place="fitted")
        check_metrics({"seconds": self.seconds}, place="seconds")
        check_events(self.events)

    def to_frame(self) -> pd.DataFrame:
        """Return what was measured from moment to moment, a row for each window."""
        return frame_of(self.windows)


def service_run(
    came: Incoming,
    stages: Sequence[ServiceStage],
    *,
    lookups: Lookups,
    predicted: ChainAnswers,
    fitted: ChainAnswers,
    measured: Measured,
    **about: Any,
) -> ServiceRun:
    """Return a run with its metrics, all over the requests that were done.

    Args:
        came: The requests.
        stages: The service's, in order.
        lookups: What its shared cache takes by the calibration.
        predicted: From the calibration.
        fitted: From the run's own costs.
        measured: What was measured.
        about: The other fields.
    """
    times, which = came.requests.times, measured.places
    edges = edges_of(times)
    if len(which) < len(times):
        # A run that was ended early has no windows after its last request.
        begun = max(int(np.searchsorted(edges, measured.times[-1], side="left")), 2)
        edges = edges[: begun + 1]
    places = [stage.place for stage in stages]
    operations = came.requests.operations
    reads = None if operations is None else operations[which] == Operation.GET
    before, fits = _at(predicted, which), _at(fitted, which)
    real, foretold, again = (LatencyParts(stages, edges) for _ in range(3))
    real.add(measured.times, measured.late, measured.own, measured.found.services)
    foretold.add_chained(measured.times, before, lookups)
    again.add_chained(measured.times, fits, Lookups.of(measured, places), delayed=True)
    return ServiceRun(
        seconds=float(times[-1] if len(which) == len(times) else measured.times[-1]),
        metrics=metrics_of(measured.times, measured.found, places, reads),
        predicted=metrics_of(measured.times, before, places, reads),
        fitted=metrics_of(measured.times, fits, places, reads),
        windows=windows_of(measured.times, measured.found, edges).columns(),
        fitted_windows=windows_of(measured.times, fits, edges).columns(),
        parts=real.means(),
        predicted_parts=foretold.means(),
        fitted_parts=again.means(),
        **about,
    )


def _at(found: ChainAnswers, which: Any) -> ChainAnswers:
    columns: Any = (None if column is None else column[which] for column in found)
    return ChainAnswers(*columns)
