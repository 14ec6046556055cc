"""`ServiceLayout`: stages in the order in which requests meet them, and the processes around."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self, cast

from perflab.bench.base import AnyBench
from perflab.bench.registry import bench_names, load_bench
from perflab.bench.stage import ManyPlacesStage, Place
from perflab.errors import BadInputError, nearest
from perflab.project.project_file import NAME, ProjectFile, find_project
from perflab.service.settings import ServiceSettings
from perflab.settings import Settings

_PLACES = {
    Place.FRONT: "is the client before all workers",
    Place.PROCESS: "is in each worker process",
    Place.SHARED: "is one for all workers",
    Place.CALL: "makes calls for what no cache holds",
    Place.POOL: "is the last before the database",
}

SCENARIOS_TABLE = "scenarios"
"""The table of a file that names scenarios."""


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceStage:
    """One stage of a service.

    Attributes:
        bench: The name of the bench, such as ``redis_cache``.
        settings: The bench's settings.
    """

    bench: str
    settings: Settings

    @classmethod
    def of(cls, bench: str, values: Mapping[str, object] | Settings | None = None) -> Self:
        """Return the stage of a bench at some settings, the usual ones where not given.

        Args:
            bench: Its name.
            values: Its settings by key, as texts or values, or as an object.

        Raises:
            BadInputError: If no such bench is a stage, or a setting is not valid.
        """
        found = stage_settings(bench)
        if isinstance(values, Settings):
            return cls(bench, found.given(values))
        try:
            return cls(bench, found.read(values))
        except BadInputError as error:
            raise BadInputError(error.message, f"{bench}.{error.place}") from None

    @property
    def place(self) -> Place:
        """Where in a service it stands."""
        stage = _stage_bench(self.bench).stage
        assert stage is not None  # noqa: S101  (refused where it is made)
        if hasattr(stage, "place_of"):
            return cast("ManyPlacesStage[Any]", stage).place_of(self.settings)
        return stage.place


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceWorkload:
    """A workload as a file names it.

    Attributes:
        spec: A file's path, or a name with parameters.
        format: The file's format; detected where not given.
        columns: By role, the columns to read.
    """

    spec: str
    format: str | None = None
    columns: Mapping[str, str] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceLayout:
    """What a service is made of; what the last of its stages passes on, the database gets.

    Attributes:
        stages: In order: a client in front, process caches, what all workers share, outgoing calls,
            a connection pool; each may be left out.
        settings: Of the service as a whole.
        workload: What is predicted on where nothing else is named; the default of the first
            stage's bench where it is none.
        scenarios: By name, those that a file names; texts as `read_scenario` takes them.

    Raises:
        BadInputError: If there is no stage, or stages cannot follow each other.
    """

    stages: tuple[ServiceStage, ...]
    settings: ServiceSettings = dataclasses.field(default_factory=ServiceSettings)
    workload: ServiceWorkload | None = dataclasses.field(default=None, compare=False)
    scenarios: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.stages:
            known = ", ".join(stage_names())
            raise BadInputError(f"needs at least one stage; there are: {known}", "service")
        names = [stage.bench for stage in self.stages]
        for before, stage in itertools.pairwise(self.stages):
            if names.count(stage.bench) > 1:
                raise BadInputError("is a stage twice; each pattern may be one", stage.bench)
            if stage.place < before.place:
                text = (
                    f"cannot follow {before.bench}: it {_PLACES[stage.place]}, and "
                    f"{before.bench} {_PLACES[before.place]}; put it in front"
                )
                raise BadInputError(text, stage.bench)
            if stage.place == before.place != Place.PROCESS:
                text = f"cannot follow {before.bench}: each {_PLACES[stage.place]}; keep one"
                raise BadInputError(text, stage.bench)
        if self.stages[-1].place is Place.FRONT:
            text = f"{_PLACES[Place.FRONT]}: add the stages that these have, or set role to call"
            raise BadInputError(text, self.stages[-1].bench)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Return the service that a mapping describes, as the table ``[service]`` of a file.

        Args:
            values: Settings of the service by key, and by the name of each stage's bench its
                settings: ``{"workers": 4, "cache": {"max_cache_size": "10k"}}``. Stages are in
                the order of their keys. ``scenarios`` names scenarios, each by a text.

        Raises:
            BadInputError: If a key is unknown, a value is not valid, or stages cannot follow each
                other.
        """
        if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
            text = 'must be a mapping, such as {"workers": 4, "cache": {"max_cache_size": "10k"}}'
            raise BadInputError(text, "service")
        own: dict[str, object] = {}
        stages: list[ServiceStage] = []
        scenarios: dict[str, str] = {}
        for key, value in values.items():
            if key == SCENARIOS_TABLE:
                scenarios = _texts(value)
            elif key in ServiceSettings.model_fields:
                own[key] = value
            elif isinstance(value, (Mapping, Settings)):
                stages.append(ServiceStage.of(key, value))
            else:
                known = [*ServiceSettings.model_fields, *stage_names()]
                text = f"no such setting of a service{nearest(key, known)}"
                if key in stage_names():
                    text = f"must be a table of settings, such as [service.{key}]"
                raise BadInputError(text, f"service.{key}")
        return cls(tuple(stages), ServiceSettings.read(own), scenarios=scenarios)

    @classmethod
    def from_toml(cls, path: str | Path = NAME, profile: str | None = None) -> Self:
        """Return the service of the table ``[service]`` of a file, with the file's workload.

        Args:
            path: The file, or the folder with a ``perflab.toml``.
            profile: One of its profiles, which overrules its main part.

        Raises:
            BadInputError: If it is missing, has no such table, or that is not right.
        """
        found = find_project(path, profile)
        assert found is not None  # noqa: S101  (a path was given)
        return cls.of_project(found)

    @classmethod
    def of_project(cls, file: ProjectFile, options: Mapping[str, object] | None = None) -> Self:
        """Return the service of a file that is read already, with options that overrule it.

        Args:
            file: The file; its prices are the service's.
            options: By ``key`` of the service or ``stage.key``, values that overrule the file's.

        Raises:
            BadInputError: If it has no table ``[service]``, or that is not right.
        """
        table = dict(file.section.service)
        if not table:
            text = "has no table [service]; write [service.cache] and others, one for each stage"
            raise BadInputError(text, str(file.path))
        try:
            found = cls.from_mapping({**file.section.prices, **table})
        except BadInputError as error:
            raise BadInputError(str(error), str(file.path)) from None
        found = found.change(options or {})
        if file.workload is None:
            return found
        return dataclasses.replace(found, workload=ServiceWorkload(file.workload, *file.reading()))

    def change(self, values: Mapping[str, object]) -> Self:
        """Return the service with some values changed.

        Args:
            values: By ``key`` of the service, such as ``workers``, or ``stage.key``, such as
                ``redis_cache.maxmemory``.

        Raises:
            BadInputError: If a key is unknown or a value is not valid.
        """
        own: dict[str, object] = {}
        by_stage: dict[str, dict[str, object]] = {}
        for key, value in values.items():
            stage, dot, rest = key.partition(".")
            if not dot:
                own[key] = value
                continue
            if stage not in [each.bench for each in self.stages]:
                hint = nearest(stage, [each.bench for each in self.stages])
                raise BadInputError(f"the service has no stage {stage!r}{hint}", key)
            by_stage.setdefault(stage, {})[rest] = value
        changed = [_changed(stage, by_stage.get(stage.bench, {})) for stage in self.stages]
        return dataclasses.replace(
            self, stages=tuple(changed), settings=self.settings.change(**own)
        )

    def stage(self, bench: str) -> ServiceStage | None:
        """Return the stage of a bench; none where it has none."""
        return next((stage for stage in self.stages if stage.bench == bench), None)

    @property
    def pool(self) -> ServiceStage | None:
        """The connection pool of each worker; none where it has none."""
        return next((stage for stage in self.stages if stage.place is Place.POOL), None)

    @property
    def entry(self) -> ServiceStage:
        """The first stage of the workers: its bench reads the workload."""
        return next(stage for stage in self.stages if stage.place is not Place.FRONT)

    @property
    def front(self) -> ServiceStage | None:
        """The client before all workers; none where requests come by themselves."""
        first = self.stages[0]
        return first if first.place is Place.FRONT else None

    def without_front(self) -> Self:
        """Return the service as its workers are, without a client before them."""
        if self.front is None:
            return self
        return dataclasses.replace(self, stages=self.stages[1:])

    def shown(self) -> dict[str, Any]:
        """Return all values as results keep them, as `from_mapping` takes them."""
        stages = {stage.bench: stage.settings.shown() for stage in self.stages}
        return {**self.settings.shown(), **stages}


def stage_names() -> Iterable[str]:
    """Return the names of the benches that can be a stage, in the order of their places."""
    benches = [load_bench(name) for name in bench_names() if _loads(name)]
    staged = [(bench.stage.place, bench.identity.pattern) for bench in benches if bench.stage]
    return [name for _, name in sorted(staged)]


def _loads(name: str) -> bool:
    """Say whether a bench can be loaded; `doctor` lists the others with the reason."""
    try:
        load_bench(name)
    except BadInputError:
        return False
    return True


def _stage_bench(name: str) -> AnyBench:
    """Return a bench that is a stage.

    Raises:
        BadInputError: If there is none of that name, or it is not a stage.
    """
    bench = load_bench(name)
    if bench.stage is None:
        text = f"is not a stage of a service; there are: {', '.join(stage_names())}"
        raise BadInputError(text, name)
    return bench


def _texts(values: object) -> dict[str, str]:
    """Return the scenarios that a mapping names; whoever plays one reads it.

    Raises:
        BadInputError: If it is none.
    """
    if not isinstance(values, Mapping):
        text = 'must be a table of texts, such as lunch = "traffic:at=60s,times=4"'
        raise BadInputError(text, f"service.{SCENARIOS_TABLE}")
    return dict(values)


def stage_settings(bench: str) -> type[Settings]:
    """Return the class of the settings of a bench as a stage.

    Raises:
        BadInputError: If no such bench is a stage.
    """
    found = _stage_bench(bench)
    own: type[Settings] = getattr(found.stage, "settings_class", found.identity.settings_class)
    return own


def _changed(stage: ServiceStage, values: Mapping[str, object]) -> ServiceStage:
    if not values:
        return stage
    try:
        return ServiceStage(stage.bench, stage.settings.change(**values))
    except BadInputError as error:
        raise BadInputError(error.message, f"{stage.bench}.{error.place}") from None
