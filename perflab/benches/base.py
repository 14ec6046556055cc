"""`Bench`: what binds a pattern's settings, implementation, model, workload and charts."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from perflab.benches.session import Action, Measured, Runs, Session
from perflab.models.prediction import Costs, Metrics, Prediction
from perflab.settings import BadInputError, LoadSettings, SettingInfo, Settings, nearest

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.names import WorkloadInfo
    from perflab.workloads.trace import Trace


@dataclasses.dataclass(frozen=True, slots=True)
class WhatIfChart:
    """A chart of predictions: a metric along one setting, a line for each value of another.

    Attributes:
        title: Of the chart.
        metric: What is drawn.
        along: The setting of the horizontal axis.
        lines: The setting that has another value on each line.
        values: Its values.
        also: Other metrics of the same unit, a line each at the present settings.
    """

    title: str
    metric: str
    along: str
    lines: str | None = None
    values: tuple[Any, ...] = ()
    also: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class LiveChart:
    """A chart of measurements over the time of a run: one line a metric, one axis for all."""

    title: str
    metrics: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Objective:
    """What tuning looks for, such as the highest hit rate.

    Attributes:
        direction: ``max`` or ``min``.
        metric: The metric's name.
        tolerance: How far from the best reachable value is still good enough: in the metric's
            own unit for a ratio, else as a share of the best value.
        target: What is good enough however good the best is, such as a wait of 5 ms; none where
            only the best counts, and as much as it where the best does not reach the target.
    """

    direction: Literal["max", "min"]
    metric: str
    tolerance: float = 0.01
    target: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """Settings ready to paste somewhere: a title, the language of the text, and the text."""

    title: str
    language: str
    text: str


class Model(Protocol):
    """What-if: predictions for one workload; keeps what it has computed."""

    def predict(
        self, settings: Any, load: LoadSettings, costs: Costs, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        A slice that reaches beyond the workload's end means that it begins again.
        """

    def prepare(self) -> None:
        """Compute what most answers lean on, once; a long work that a caller may show."""

    def ready(self, settings: Any, load: LoadSettings) -> bool:
        """Say whether `predict` would answer at once, from what is already computed."""


@runtime_checkable
class Previewing(Protocol):
    """A model that can answer quickly from a part of its workload."""

    def preview(self, settings: Any, load: LoadSettings, costs: Costs) -> Prediction:
        """Return a first prediction; `sampled` says from what share of the workload."""


class Bench(ABC):
    """One pattern on the workbench; found by the entry point group ``perflab.benches``.

    A subclass names its parts and imports them inside its methods, so that a live child loads
    its pattern and nothing else.
    """

    pattern: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    settings_class: ClassVar[type[Settings]]
    default_workload: ClassVar[str]
    calibration_workload: ClassVar[str]
    calibration_settings: ClassVar[Mapping[str, Any]]
    panel_defaults: ClassVar[Mapping[str, Any]]
    sliders: ClassVar[tuple[str, ...]]
    what_if_charts: ClassVar[tuple[WhatIfChart, ...]]
    live_charts: ClassVar[tuple[LiveChart, ...]]
    headline: ClassVar[tuple[str, ...]]
    objective: ClassVar[Objective]
    open_loop: ClassVar[bool] = False
    tuned: ClassVar[str]
    also_tuned: ClassVar[tuple[str, ...]] = ()
    shipped_costs: ClassVar[Costs]
    actions: ClassVar[tuple[Action, ...]] = ()
    server_variable: ClassVar[str | None] = None

    def read(self, values: Mapping[str, Any] | None = None) -> tuple[Settings, LoadSettings]:
        """Split one mapping into the pattern's settings and the load's, both checked.

        Raises:
            BadInputError: If a key is unknown or a value is out of bounds.
        """
        pattern_values: dict[str, Any] = {}
        load_values: dict[str, Any] = {}
        for key, value in (values or {}).items():
            if key in self.settings_class.model_fields:
                pattern_values[key] = value
            else:
                self.info(key)
                load_values[key] = value
        return self.settings_class.read(pattern_values), LoadSettings.read(load_values)

    def info(self, key: str) -> SettingInfo:
        """Return what is known of a setting of the pattern or of the load.

        Raises:
            BadInputError: If there is no such setting; it names the nearest.
        """
        infos = {**LoadSettings.infos(), **self.settings_class.infos()}
        if key not in infos:
            raise BadInputError(f"no such setting of {self.pattern}{nearest(key, infos)}", key)
        return infos[key]

    def axis(self, key: str, trace: Any) -> list[Any]:
        """Return the values of a setting along which charts and sweeps go, at most a hundred."""
        del trace
        return axis_values(self.info(key))

    def tuning_sweep(self, trace: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return the values that tuning looks at, by setting."""
        del values
        return {self.tuned: self.axis(self.tuned, trace)}

    def line(self, settings: Settings, key: str, value: Any) -> Settings:
        """Return the settings of a chart's line, which has another value of one setting."""
        return settings.change(**{key: value})

    def load_workload(
        self,
        spec: Any,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Any:
        """Return a workload of the kind that this pattern takes; none names the bench's own.

        Raises:
            BadInputError: If there is no such workload or file, or it is wrong.
        """
        from perflab.workloads.names import load_workload

        return load_workload(
            self.default_workload if spec is None else spec, format, columns, progress
        )

    def workloads(self) -> Mapping[str, WorkloadInfo]:
        """Return the workloads that a picker offers, by name."""
        from perflab.workloads.names import WORKLOADS

        return WORKLOADS

    def formats(self) -> tuple[str, ...]:
        """Return the formats of files that `load_workload` reads."""
        from perflab.workloads.read import FORMATS

        return FORMATS

    def open_workload(self, folder: str) -> Any:
        """Map a saved workload into memory."""
        from perflab.workloads.trace import Trace

        return Trace.open(folder)

    @abstractmethod
    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Refuse settings that cannot run live.

        Raises:
            BadInputError: With the reason.
        """

    def calibrated_with(self, settings: Settings, load: LoadSettings) -> str:
        """Return what a calibration is kept for besides pattern and machine, such as a backend."""
        del settings
        return load.backend_name

    def risks(self, chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
        """Return what is risked on both sides of a recommended point, in a sentence or two."""
        del chosen, points
        return ""

    def check_model(self, settings: Settings, load: LoadSettings, trace: Trace) -> None:
        """Refuse settings that the model cannot answer for a workload.

        Raises:
            BadInputError: With the reason.
        """
        del settings, load, trace

    @abstractmethod
    def model(self, trace: Any) -> Model:
        """Return the pattern's model for a workload."""

    @abstractmethod
    def sampled_model(self, trace: Any, share: float) -> Model:
        """Return the pattern's model on a sample of the workload's keys."""

    @abstractmethod
    def session(
        self, settings: Settings, load: LoadSettings, trace: Any, clock: VirtualClock
    ) -> Session:
        """Return the pattern set up to run live; called in the child process."""

    def threads(self, settings: Settings, load: LoadSettings) -> int:
        """Return how many threads put requests to the session."""
        del settings
        return load.concurrency

    def foreign_server(self, settings: Settings) -> str | None:
        """Return the address of a server that a run would use and that is not ours, if so."""
        del settings
        return None

    def written(self, settings: Settings) -> str:
        """Return what a run writes to a server that is not ours, such as keys under a prefix."""
        del settings
        return "what the run needs, under perflab's own name"

    @abstractmethod
    def metrics(self, measured: Measured) -> Metrics:
        """Return the pattern's own metrics of a part of a run; latencies are added to them."""

    @abstractmethod
    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what the model cannot know, from what a run measured."""

    def calibration_runs(self, settings: Settings, done: Runs) -> Iterable[Mapping[str, Any]]:
        """Return the settings of the short runs that a calibration is made of.

        `done` grows by settings and costs of each run before the next one is asked for.
        """
        del settings, done
        return (self.calibration_settings,)

    def calibrated(self, runs: Runs) -> dict[str, Any]:
        """Return the costs that calibration runs tell together: settings and costs of each."""
        return runs[-1][1]

    @abstractmethod
    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings ready to paste."""


def axis_values(
    info: SettingInfo, span: tuple[float, float] | None = None, points: int = 97
) -> list[Any]:
    """Return values of a setting from the low to the high end of a span, evenly on its scale."""
    low, high = span or info.span or (info.low or 0.0, info.high or 1.0)
    steps = [step / (points - 1) for step in range(points)]
    if info.scale == "log":
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    if info.kind is int:
        return sorted({round(value) for value in values})
    return values
