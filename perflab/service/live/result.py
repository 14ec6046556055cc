"""`ServiceRun`: a service as it ran, beside what was predicted of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import typing_extensions

from perflab.instrumentation.catalog import MetricInfo, declare
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.service.damage import check_events, check_metrics
from perflab.service.live.measured import metrics_of
from perflab.service.scenarios.windows import (
    Windows,
    check_columns,
    frame_of,
    window_seconds,
    windows_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from perflab.bench.stage import Place
    from perflab.kernels.chain.flights import ChainAnswers
    from perflab.service.incoming import Incoming
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
    events: tuple[ServiceEvent, ...] = ()
    servers: dict[str, str] = dataclasses.field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_columns(self.windows)
        check_columns(self.fitted_windows)
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
    places: Sequence[Place],
    *,
    predicted: ChainAnswers,
    fitted: ChainAnswers,
    measured: Measured,
    **about: Any,
) -> ServiceRun:
    """Return a run with its metrics, all over the requests that were done.

    Args:
        came: The requests.
        places: Of the stages.
        predicted: From the calibration.
        fitted: From the run's own costs.
        measured: What was measured.
        about: The other fields.
    """
    times, which = came.requests.times, measured.places
    width = window_seconds(times)
    edges = times[0] + width * np.arange(max(int(np.ceil((times[-1] - times[0]) / width)), 2) + 1)
    fits = _at(fitted, which)
    return ServiceRun(
        seconds=float(times[-1]),
        metrics=metrics_of(measured.times, measured.found, places),
        predicted=metrics_of(measured.times, _at(predicted, which), places),
        fitted=metrics_of(measured.times, fits, places),
        windows=_columns(windows_of(measured.times, measured.found, edges)),
        fitted_windows=_columns(windows_of(measured.times, fits, edges)),
        **about,
    )


def _at(found: ChainAnswers, which: Any) -> ChainAnswers:
    return type(found)(*(column[which] for column in found))


def _columns(windows: Windows) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in windows._asdict().items()}
