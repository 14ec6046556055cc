"""`Bench`: what binds a pattern's settings, implementation, model, workload and charts."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from perflab.settings import BadInputError, LoadSettings, SettingInfo, Settings, nearest

if TYPE_CHECKING:
    from perflab.metrics.histogram import LatencyHistogram
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.trace import Trace

Metrics = dict[str, float]
Costs = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one setting: metrics by name, and how exact they are.

    Attributes:
        metrics: Values by metric name.
        sampled: The share of the workload it was computed from; 1.0 is exact.
        error: Half the width of the band around the leading metric; 0 where exact.
        remarks: What a user must know to read it, such as a setting without effect.
    """

    metrics: Metrics
    sampled: float = 1.0
    error: float = 0.0
    remarks: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class WhatIfChart:
    """A chart of predictions: a metric along one setting, a line for each value of another."""

    title: str
    metric: str
    along: str
    lines: str | None = None
    values: tuple[Any, ...] = ()


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
    """

    direction: Literal["max", "min"]
    metric: str
    tolerance: float = 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """Settings ready to paste somewhere: a title, the language of the text, and the text."""

    title: str
    language: str
    text: str


class Model(Protocol):
    """What-if: predictions for one workload; keeps what it has computed."""

    def predict(
        self, settings: Settings, load: LoadSettings, costs: Costs, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        A slice that reaches beyond the workload's end means that it begins again.
        """

    def ready(self, settings: Settings, load: LoadSettings) -> bool:
        """Say whether `predict` would answer at once, from what is already computed."""


class Session(Protocol):
    """A pattern that is being run live, inside the child process."""

    def request(self, index: int) -> str:
        """Do the request of that index and return its outcome: ``hit``, ``miss``, ``error`` ..."""

    def apply(self, settings: Settings, load: LoadSettings) -> None:
        """Change the running pattern in place."""

    def counters(self) -> dict[str, float]:
        """Return flat counters, monotonic but for what is a level (entries, bytes)."""

    def problem(self) -> str | None:
        """Return why the run cannot go on, if so: a backend that only fails."""

    def close(self) -> None:
        """Let go of what it holds."""


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
    panel_defaults: ClassVar[Mapping[str, Any]]
    sliders: ClassVar[tuple[str, ...]]
    what_if_charts: ClassVar[tuple[WhatIfChart, ...]]
    live_charts: ClassVar[tuple[LiveChart, ...]]
    headline: ClassVar[tuple[str, ...]]
    objective: ClassVar[Objective]
    tuned: ClassVar[str]
    shipped_costs: ClassVar[Costs]

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

    @abstractmethod
    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Refuse settings that cannot run live.

        Raises:
            BadInputError: With the reason.
        """

    @abstractmethod
    def model(self, trace: Trace) -> Model:
        """Return the pattern's model for a workload."""

    @abstractmethod
    def session(
        self, settings: Settings, load: LoadSettings, trace: Trace, clock: VirtualClock
    ) -> Session:
        """Return the pattern set up to run live; called in the child process."""

    @abstractmethod
    def metrics(self, counters: Mapping[str, float]) -> Metrics:
        """Return the pattern's own metrics from the difference of two sets of counters."""

    @abstractmethod
    def costs(
        self, histograms: Mapping[str, LatencyHistogram], memory_bytes: float, entries: float
    ) -> dict[str, Any]:
        """Return what the model cannot know, from what a run measured."""

    @abstractmethod
    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings ready to paste."""
