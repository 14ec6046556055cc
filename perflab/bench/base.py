"""`Bench`: what binds a pattern's settings, implementation, model, workload and charts."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.display import Display
from perflab.bench.model import Model
from perflab.bench.over_time import OverTime
from perflab.bench.part_of_keys import PartOfKeys
from perflab.bench.parts import Export, Objective, Observed, axis_values
from perflab.bench.removal import Removal
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import SHARED, MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, SettingInfo, Settings

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.registry.kind import WorkloadKind


class Bench(Display, OverTime, PartOfKeys, Removal, ABC):
    """One pattern on the workbench; found by the entry point group ``perflab.benches``.

    A subclass names its parts and imports them inside its methods, so that a live child loads
    its pattern and nothing else. `naming` lists the settings that name or bound the workload,
    `backends` the words that `LoadSettings.backend` may be, beside a function. Tuning looks for
    the smallest `tuned` setting, or for the least of the metric `weighed_by`, such as memory.
    One that is `priced` predicts costs. `tuned_noun` is the tuned setting in a sentence, such as
    *pool size* in *No pool size reaches 5 ms*. `outputs` are settings that name files a run
    writes. `metric_infos` declares the metrics that are the pattern's own, beside the shared ones;
    `levels` names the counters of its sessions that go up and down, such as the entries held: of
    all others, a part of a run has the difference.
    """

    pattern: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    settings_class: ClassVar[type[Settings]]
    default_workload: ClassVar[str]
    calibration_workload: ClassVar[str]
    naming: ClassVar[tuple[str, ...]] = ()
    backends: ClassVar[tuple[str, ...]] = ("sqlite", "delay")
    calibration_settings: ClassVar[Mapping[str, Any]]
    panel_defaults: ClassVar[Mapping[str, Any]]
    objective: ClassVar[Objective]
    open_loop: ClassVar[bool] = False
    tuned: ClassVar[str]
    tuned_noun: ClassVar[str] = "setting"
    also_tuned: ClassVar[tuple[str, ...]] = ()
    priced: ClassVar[bool] = False
    weighed_by: ClassVar[str | None] = None
    shipped_costs: ClassVar[Costs]
    actions: ClassVar[tuple[Action, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ()
    server_variable: ClassVar[str | None] = None
    metric_infos: ClassVar[tuple[MetricInfo, ...]] = ()
    levels: ClassVar[frozenset[str]] = frozenset()

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
        load = LoadSettings.read({"backend": self._first_backend, **load_values})
        if isinstance(load.backend, str) and ":" not in load.backend:
            self._take_backend(load.backend)
        return self.settings_class.read(pattern_values), load

    @property
    def _first_backend(self) -> str:
        """The backend where none is named."""
        usual = str(LoadSettings.model_fields["backend"].default)
        return usual if usual in self.backends else self.backends[0]

    def _take_backend(self, backend: str) -> None:
        if backend not in self.backends:
            known = ", ".join((*self.backends, "module:function"))
            text = f"{self.pattern} does not take {backend!r}; allowed: {known}"
            raise BadInputError(text, "backend")

    def info(self, key: str) -> SettingInfo:
        """Return what is known of a setting of the pattern or of the load.

        Raises:
            BadInputError: If there is no such setting; it names the nearest.
        """
        infos = {**LoadSettings.infos(), **self.settings_class.infos()}
        if key not in infos:
            raise BadInputError(f"no such setting of {self.pattern}{nearest(key, infos)}", key)
        if key == "backend":
            allowed = f"{', '.join(self.backends)} or module:function"
            return dataclasses.replace(infos[key], allowed=allowed, default=self._first_backend)
        return infos[key]

    def known_metrics(self) -> dict[str, MetricInfo]:
        """Return the metrics that the pattern may have, in order: the shared ones, then its own."""
        return {**SHARED, **{info.name: info for info in self.metric_infos}}

    def axis(self, key: str, trace: Any) -> list[Any]:
        """Return the values of a setting along which charts and sweeps go, at most a hundred."""
        del trace
        return axis_values(self.info(key))

    def tuned_by(self, settings: Mapping[str, Any]) -> str:
        """Return the setting that tuning moves: the bench's own, or another one that bounds."""
        del settings
        return self.tuned

    def tuning_sweep(self, trace: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return the values that tuning looks at, by setting."""
        del values
        return {self.tuned: self.axis(self.tuned, trace)}

    def line(self, settings: Settings, key: str, value: Any) -> Settings:
        """Return the settings of a chart's line, which has another value of one setting."""
        return settings.change(**{key: value})

    @property
    def workload_kind(self) -> WorkloadKind[Any]:
        """The kind of workload that the pattern takes: traces of requests, or another."""
        from perflab.workloads.registry.traces import TRACES

        return TRACES

    def workload_for(
        self,
        settings: Settings,
        spec: Any,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Return the workload that a user means; none names the bench's own.

        Settings may name it or bound it too.

        Raises:
            BadInputError: If there is no such workload or file, or it is wrong.
        """
        del settings
        chosen = self.default_workload if spec is None else spec
        return self.workload_kind.load(chosen, format, columns, progress)

    def requests(self, settings: Settings, workload: Any) -> int | None:
        """Return how many requests a run through a workload makes; none where its end tells."""
        del settings
        return len(workload)

    @abstractmethod
    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Refuse settings that cannot run live.

        Raises:
            BadInputError: With the reason.
        """

    def calibrated_with(self, settings: Settings, load: LoadSettings, workload: Any = None) -> str:
        """Return what a calibration is kept for besides pattern and machine, such as a backend.

        Args:
            settings: The pattern's settings.
            load: The load's settings.
            workload: What is run, if that is known: costs may be those of a file.
        """
        del settings, workload
        return load.backend_name

    def calibrated_on(self, settings: Settings, load: LoadSettings, spec: Any) -> Any:
        """Return the workload that a calibration runs on, given what the user named, if any.

        It is the bench's own, but for a function of the user's, which takes the user's keys.
        """
        del settings
        own = spec is not None and (callable(load.backend) or ":" in load.backend)
        return spec if own else self.calibration_workload

    def objective_for(self, settings: Settings) -> Objective:
        """Return what tuning looks for where the user says nothing: the bench's own objective."""
        del settings
        return self.objective

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

    def quick_model(self, trace: Any) -> Model:
        """Return the model that a panel asks: where a workload is large, it may begin rough."""
        return self.model(trace)

    @abstractmethod
    def sampled_model(self, trace: Any, share: float) -> Model:
        """Return the pattern's model on a sample of the workload's keys."""

    def sampled_by(self, trace: Any, share: float, method: str) -> Model:
        """Return the model on a sample that is drawn by a method that the user named.

        Raises:
            BadInputError: If the pattern has no such method.
        """
        del trace, share
        raise BadInputError(f"{self.pattern} has one way of sampling, not {method!r}", "sampling")

    @abstractmethod
    def session(
        self,
        settings: Settings,
        load: LoadSettings,
        trace: Any,
        clock: VirtualClock,
        run_name: str,
    ) -> Session:
        """Return the pattern set up to run live; called in the child process.

        Args:
            settings: The pattern's settings.
            load: The load's settings.
            trace: The workload.
            clock: The time that the workload shows.
            run_name: The run's own name; all that it writes on a user's server is under it.
        """

    def threads(self, settings: Settings, load: LoadSettings) -> int:
        """Return how many threads put requests to the session."""
        del settings
        return load.concurrency

    def foreign_servers(self, settings: Settings, load: LoadSettings) -> tuple[ForeignServer, ...]:
        """Return the servers of the user's that a run would use, and all that it does there.

        Addresses are resolved, without connecting, as the run itself will resolve them; its
        calibration is part of what it does.

        Raises:
            BadInputError: If an address is not valid.
        """
        del settings, load
        return ()

    def notice(self, settings: Settings, load: LoadSettings) -> str | None:
        """Return what a user must know before a run, such as how often their function is called."""
        from perflab.servers.call_cap import is_function, said

        del settings
        return said(f"the backend {load.backend_name}", load) if is_function(load) else None

    @abstractmethod
    def metrics(self, measured: Measured) -> Metrics:
        """Return the pattern's own metrics of a part of a run; latencies are added to them."""

    @abstractmethod
    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what the model cannot know, from what a run measured."""

    def observed(self, settings: Settings, costs: Costs) -> Observed | None:
        """Return what was measured before and is comparable with a curve at these settings."""
        del settings, costs
        return None

    def calibration_runs(self, settings: Settings, done: Runs) -> Iterable[Mapping[str, Any]]:
        """Return the settings of the short runs that a calibration is made of.

        `done` grows by settings and costs of each run before the next one is requested.
        """
        del settings, done
        return (self.calibration_settings,)

    def calibrated(self, runs: Runs) -> dict[str, Any]:
        """Return the costs that calibration runs tell together: settings and costs of each."""
        return runs[-1][1]

    @abstractmethod
    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings ready to paste."""
