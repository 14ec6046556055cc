"""`ServiceSliders`: the controls of a service's processes, limits and sizes of its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ipywidgets import VBox

from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.panels.controls import Control, control
from perflab.panels.sections import Section
from perflab.service import Service, ServiceSettings, ServiceStage
from perflab.settings import SettingInfo

LOAD = ("request_rate", "replicas", "workers", "spread")
DATABASE = ("max_connections", "pgbouncer_connections", "query_seconds")


class ServiceSliders:
    """Controls of a service, each checked as the service as a whole takes it.

    Args:
        service: What it shows at first.
        on_change: Called with the service after each change; must return at once.

    Attributes:
        controls: By the key that `Service.change` takes.
        sections: The controls in order, as parts that fold.
    """

    def __init__(self, service: Service, on_change: Callable[[Service], None]) -> None:
        self._start = self._service = service
        self._on_change = on_change
        self.controls: dict[str, Control] = {}
        self.sections = [Section("Service", self._box(LOAD), opened=True)]
        for stage in service.stages:
            title = load_bench(stage.bench).identity.title
            self.sections.append(Section(title, self._box(keys_of(stage)), opened=True))
        if service.pool is not None:
            self.sections.append(Section("Database", self._box(DATABASE), opened=True))

    @property
    def service(self) -> Service:
        """The service as the controls say it."""
        return self._service

    def show(self, values: Mapping[str, object]) -> None:
        """Set some values, as by hand but with one call for all of them.

        Raises:
            BadInputError: If a value is not valid; then none is set.
        """
        changed = self._service.change(values)
        self._service = changed
        for key in values:
            if key in self.controls:
                self.controls[key].show(_value(changed, key))
        self._on_change(changed)

    def reset(self) -> None:
        """Put every value back to where it was at the start."""
        self.show({key: _value(self._start, key) for key in self.controls})

    def _box(self, keys: tuple[str, ...]) -> VBox:
        for key in keys:
            made = control(
                _info(key), _value(self._service, key), self._checker(key), self._moved(key)
            )
            self.controls[key] = made
        return VBox([self.controls[key].widget for key in keys])

    def _checker(self, key: str) -> Callable[[object], object]:
        def check(value: object) -> object:
            try:
                return _value(self._service.change({key: value}), key)
            except BadInputError as error:
                raise BadInputError(error.message, key) from None

        return check

    def _moved(self, key: str) -> Callable[[str, object], None]:
        def moved(_: str, value: object) -> None:
            self._service = self._service.change({key: value})
            self._on_change(self._service)
            for other, made in self.controls.items():
                if other != key:
                    made.retry()

        return moved


def keys_of(stage: ServiceStage) -> tuple[str, ...]:
    """Return the keys of a stage that have a control: what tuning moves."""
    tuned = load_bench(stage.bench).tuning.tuned_by(stage.settings.model_dump())
    return (f"{stage.bench}.{tuned}",)


def _info(key: str) -> SettingInfo:
    stage, dot, rest = key.partition(".")
    return load_bench(stage).info(rest) if dot else ServiceSettings.info(key)


def _value(service: Service, key: str) -> object:
    name, dot, rest = key.partition(".")
    if not dot:
        return getattr(service.settings, key)
    stage = service.stage(name)
    assert stage is not None  # noqa: S101  (keys are made of its stages)
    return getattr(stage.settings, rest)
