"""`Bench`: what binds a pattern's settings, implementation, model, workload and charts."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from perflab.bench.advising import Advising
from perflab.bench.calibration import CalibrationPlan, backend_name
from perflab.bench.display import Display
from perflab.bench.identity import Identity, S, W
from perflab.bench.live import Live
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.over_time import OverTime
from perflab.bench.part_of_keys import PartOfKeys
from perflab.bench.parts import Export
from perflab.bench.session import Measured, Session
from perflab.bench.shadow import ShadowPlan
from perflab.bench.stage import Stage
from perflab.bench.tuning import Sweep, Tuning
from perflab.bench.user_servers import UserServers
from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import OF_EVERY_RUN, SHARED, MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, SettingInfo
from perflab.settings.load import PRICES, REPLAY

if TYPE_CHECKING:
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.workloads.registry.kind import WorkloadKind


class Bench(ABC, Generic[S, W]):
    """One pattern on the workbench; found by the entry point group ``perflab.benches``.

    A subclass declares its parts and imports what is heavy inside functions, so that a live child
    loads its pattern and nothing else. Parts that a bench has not are None.

    Attributes:
        identity: Who it is.
        default_workload: The workload where a user names none.
        naming: The settings that name or bound the workload.
        display: What it shows.
        tuning: What tuning looks for.
        calibration: How it measures what its model cannot know.
        live: How it runs.
        models: Its further models, and what they refuse.
        servers: What it does on servers of the user's.
        over_time: What it shows over the workload's own time.
        part_of_keys: How settings follow the number of keys, where they do.
        shadow: How predictions follow changes of settings in a run, where they do.
        stage: What it passes on to the next pattern in a chain.
        advice: How it says whether its pattern would help somebody.
    """

    identity: Identity[S]
    default_workload: ClassVar[str]
    naming: ClassVar[tuple[str, ...]] = ()
    display: Display[S, W]
    tuning: Tuning[S, W]
    calibration: CalibrationPlan[S, W]
    live: Live[S] = Live()
    models: Models[S, W] = Models()
    servers: UserServers[S] | None = None
    over_time: OverTime[S, W] | None = None
    part_of_keys: PartOfKeys[S] | None = None
    shadow: ShadowPlan[S, W] | None = None
    stage: Stage[S] | None = None
    advice: Advising | None = None

    @property
    @abstractmethod
    def workload_kind(self) -> WorkloadKind[W]:
        """The kind of workload that the pattern takes: traces of requests, or another."""

    @abstractmethod
    def model(self, workload: W, costs: Costs, /) -> Model[S]:
        """Return the pattern's model for a workload.

        Args:
            workload: What it is asked for.
            costs: What a calibration or a run measured, as `costs` returns it; the model makes its
                own frozen dataclass of them.
        """

    @abstractmethod
    def session(
        self,
        settings: S,
        load: LoadSettings,
        workload: W,
        clock: VirtualClock,
        run_name: str,
        /,
    ) -> Session[S]:
        """Return the pattern set up to run live; called in the child process.

        Args:
            settings: The pattern's settings.
            load: The load's settings.
            workload: What it is asked for.
            clock: The time that the workload shows.
            run_name: The run's own name; all that it writes on a user's server is under it.
        """

    @abstractmethod
    def metrics(self, measured: Measured) -> Metrics:
        """Return the pattern's own metrics of a part of a run; latencies are added to them."""

    @abstractmethod
    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what the model cannot know, from what a run measured."""

    @abstractmethod
    def exports(self, settings: S, load: LoadSettings, workload: str, /) -> Sequence[Export]:
        """Return the settings ready to paste, given the name of the workload."""

    def configurations(
        self, _settings: S, _load: LoadSettings, _workload: str, /
    ) -> Sequence[Export]:
        """Return the settings as files of servers, frameworks and platforms, for `perflab export`.

        They stand beside `exports`, which the report shows too; none where the pattern has none.
        """
        return ()

    def workload_for(
        self,
        _settings: S,
        spec: Any,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        /,
    ) -> W:
        """Return the workload that a user means; none names the bench's own.

        Settings may name it or bound it too.

        Raises:
            BadInputError: If there is no such workload or file, or it is wrong.
        """
        chosen = self.default_workload if spec is None else spec
        return self.workload_kind.load(chosen, format, columns, progress)

    def read(self, values: Mapping[str, object] | None = None) -> tuple[S, LoadSettings]:
        """Split one mapping into the pattern's settings and the load's, both checked.

        Raises:
            BadInputError: If a key is unknown or a value is out of bounds.
        """
        of = self.identity.settings_class
        pattern_values: dict[str, object] = {}
        load_values: dict[str, object] = {}
        for key, value in (values or {}).items():
            if key in of.model_fields:
                pattern_values[key] = value
            else:
                self.info(key)
                load_values[key] = value
        load = LoadSettings.read({"backend": self._first_backend, **load_values})
        self._take_backend(load)
        return of.read(pattern_values), load

    @property
    def _first_backend(self) -> str:
        """The backend where none is named; without meaning where the pattern has none."""
        usual = str(LoadSettings.model_fields["backend"].default)
        known = self.live.backends
        return usual if usual in known or not known else known[0]

    def _take_backend(self, load: LoadSettings) -> None:
        pattern, known = self.identity.pattern, self.live.backends
        unused = LoadSettings(backend=self._first_backend)
        for key in ("backend", "backend_seconds", "backend_scale") if not known else ():
            if getattr(load, key) != getattr(unused, key):
                raise BadInputError(f"{pattern} has no backend; leave this setting out", key)
        if known and not load.calls_function and load.backend not in known:
            allowed = ", ".join((*known, "module:function"))
            text = f"{pattern} does not take {load.backend!r}; allowed: {allowed}"
            raise BadInputError(text, "backend")

    def info(self, key: str) -> SettingInfo:
        """Return what is known of a setting of the pattern or of the load.

        Raises:
            BadInputError: If there is no such setting; it names the nearest.
        """
        infos = {**LoadSettings.infos(), **self.identity.settings_class.infos()}
        if key not in infos:
            text = f"no such setting of {self.identity.pattern}{nearest(key, infos)}"
            raise BadInputError(text, key)
        if key == "backend":
            allowed = f"{', '.join(self.live.backends)} or module:function"
            if not self.live.backends:
                allowed = f"{self._first_backend}; has no effect on {self.identity.pattern}"
            return dataclasses.replace(infos[key], allowed=allowed, default=self._first_backend)
        return infos[key]

    def names_function(self, key: str, value: object) -> bool:
        """Say whether a setting's value names a function of the user's, which code would call."""
        if not isinstance(value, str):
            return callable(value)
        if key == "backend":
            return ":" in value
        named = self.live.functions.get(key)
        return named is not None and named(value)

    def load_infos(self) -> dict[str, SettingInfo]:
        """Return what is known of the settings of the load that mean something for the pattern."""
        unused = {*(() if self.tuning.priced else PRICES)}
        unused |= {*REPLAY} - {*self.display.sliders}
        return {key: self.info(key) for key in LoadSettings.infos() if key not in unused}

    def calibrated_for(self, settings: S, load: LoadSettings, workload: W | None) -> str:
        """Return what a calibration is kept for besides pattern and machine, such as a backend.

        It is empty where the pattern has no backend and its plan says nothing else.
        """
        plan = self.calibration
        if not self.live.backends and plan.kept_for is backend_name:
            return ""
        return plan.kept_for(settings, load, workload)

    def known_metrics(self) -> dict[str, MetricInfo]:
        """Return the metrics that the pattern may have, in order: the shared ones, then its own."""
        return {**SHARED, **{info.name: info for info in self.display.metric_infos}}

    def measured_metrics(self) -> dict[str, MetricInfo]:
        """Return the metrics that a run may measure, in order: what an alert can be on."""
        known, measures = self.known_metrics(), self.live.measures
        if not measures:
            return known
        return {name: info for name, info in known.items() if name in measures | OF_EVERY_RUN}

    def axis(self, key: str, workload: W) -> list[Any]:
        """Return the values of a setting along which charts and sweeps go, at most a hundred."""
        return self.display.axis(self.info(key), workload)

    def tuning_sweep(self, workload: W, settings: S) -> Sweep:
        """Return the values that tuning looks at, by setting."""
        if self.tuning.sweep is not None:
            return self.tuning.sweep(workload, settings)
        return {self.tuning.tuned: self.axis(self.tuning.tuned, workload)}

    def request_count(self, workload: W) -> int | None:
        """Return how many requests a run through a workload makes; none where its end tells."""
        return None if self.live.ends_itself else len(workload)

    def foreign_servers(self, settings: S) -> tuple[ForeignServer, ...]:
        """Return the servers of the user's that a run would use, and all that it does there.

        Raises:
            BadInputError: If an address is not valid.
        """
        return () if self.servers is None else self.servers.used(settings)

    def quick_model(self, workload: W, costs: Costs) -> Model[S]:
        """Return the model that a panel asks: where a workload is large, it may begin rough."""
        return (self.models.quick or self.model)(workload, costs)

    def sampled_model(
        self, workload: W, costs: Costs, share: float, method: str | None = None
    ) -> Model[S]:
        """Return the model on a sample of the workload, drawn by a method if the user named one.

        Raises:
            BadInputError: If the pattern has no samples, or no such method.
        """
        pattern, models = self.identity.pattern, self.models
        if method is not None:
            if models.sampled_by is None:
                text = f"{pattern} has one way of sampling, not {method!r}"
                raise BadInputError(text, "sampling")
            return models.sampled_by(workload, costs, share, method)
        if models.sampled is None:
            raise BadInputError(f"is not offered for {pattern}, whose answers are quick", "sample")
        return models.sampled(workload, costs, share)


AnyBench = Bench[Any, Any]
"""A bench of any pattern, as those have it who serve all of them alike."""
