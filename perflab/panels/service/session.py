"""`SavedService`: what the panel of a service was, as its file has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result, read_json
from perflab.panels.history.tried import MOST, Tried
from perflab.panels.service.survival_card import value_of
from perflab.panels.session.document import check_workload
from perflab.service import Budget, Fleet, Service
from perflab.service.live.result import ServiceRun
from perflab.service.scenarios import read_scenario
from perflab.service.scenarios.survive import Survival, Way

PATTERN = "service"
"""What stands where a session of a bench has its pattern's name."""

R = TypeVar("R", bound=Result)


@dataclasses.dataclass(frozen=True, slots=True)
class SavedService(Result):
    """The session of a service's panel.

    Attributes:
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        settings: Of the service and its stages, and the scenarios that its file names, as
            `Service.from_mapping` takes them.
        pattern: ``service``.
        asked: What the cell passed, so that only the same cell opens it by itself.
        scenario: That was played last; empty for none.
        limits: What a budget must keep, as it was typed.
        objective: What a budget is to make best.
        seconds: How long a run takes, as it was typed.
        tried: All settings that were tried, by the keys of `Service.change`.
        budget: The last one, as `Budget.to_dict` returns it; none where there was none.
        fleet: Likewise.
        survival: Likewise.
        run: Likewise.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "service session"
    made_by: ClassVar[str] = "panel.save(FILE)"

    workload: AboutWorkload
    settings: dict[str, Any]
    pattern: str = PATTERN
    asked: str = ""
    scenario: str = ""
    limits: str = ""
    objective: str = ""
    seconds: str = ""
    tried: tuple[Tried, ...] = ()
    budget: dict[str, object] | None = None
    fleet: dict[str, object] | None = None
    survival: dict[str, object] | None = None
    run: dict[str, object] | None = None
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file and check all of it, so that a panel opens whole or not at all.

        Raises:
            BadInputError: If it is missing, damaged, of a later version, or no such session.
        """
        place = str(path)
        found = cls.from_dict(read_json(path), place)
        check_workload(found.workload, place)
        if len(found.tried) > MOST:
            raise BadInputError(f"is damaged: tried has more than {MOST} entries", place)
        service = _service(found.settings, place)
        for entry in found.tried:
            try:
                service.change(entry["settings"])
            except BadInputError as error:
                raise BadInputError(f"is damaged: tried holds {error}", place) from None
        try:
            if found.scenario:
                read_scenario(found.scenario, service.scenarios)
        except BadInputError as error:
            raise BadInputError(f"is damaged: {error}", place) from None
        for budget in filter(None, [found.last(Budget, place)]):
            _service(budget.before, place)
            _service(budget.settings, place)
        for fleet in filter(None, [found.last(Fleet, place)]):
            _service(fleet.settings, place)
        for survival in filter(None, [found.last(Survival, place)]):
            _service(survival.before.settings, place)
            _check_way(survival.best, service, place)
        for run in filter(None, [found.last(ServiceRun, place)]):
            _service(run.settings, place)
        return found

    def last(self, kind: type[R], place: str = "session") -> R | None:
        """Return the last result of a kind; none where there was none.

        Raises:
            BadInputError: If it is damaged.
        """
        kept = {
            Budget: self.budget,
            Fleet: self.fleet,
            Survival: self.survival,
            ServiceRun: self.run,
        }
        values: Mapping[str, object] | None = kept[kind]
        return None if values is None else kind.from_dict(values, place)

    @property
    def service(self) -> Service:
        """The service as it was."""
        return Service.from_mapping(self.settings)


def _check_way(way: Way | None, service: Service, place: str) -> None:
    """Refuse a way to survive that the service's card could not take over."""
    try:
        if way is not None:
            value_of(way, service)
    except BadInputError as error:
        raise BadInputError(str(error), place) from None


def _service(settings: Mapping[str, object], place: str) -> Service:
    try:
        return Service.from_mapping(settings)
    except BadInputError as error:
        text = f"holds settings of another perflab: {error}"
        raise BadInputError(text, place) from None
