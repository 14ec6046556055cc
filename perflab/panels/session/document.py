"""`SavedSession`: what a panel was, as its file has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import StrictStr, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from perflab.bench import AnyBench
from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result, read_json
from perflab.lab.run import Run
from perflab.panels.history.tried import MOST, Tried
from perflab.tuning.comparison import result_of
from perflab.tuning.objective import parse_objective
from perflab.tuning.recommendation import Recommendation

_MOST_ALERTS = 200
_SHOWN = 60


class _Reading(TypedDict, total=False):
    format: StrictStr | None
    columns: dict[StrictStr, StrictStr] | None


class _Named(TypedDict, total=False):
    """What a session's workload is found and told apart by."""

    name: StrictStr
    source: StrictStr | None
    options: _Reading | None
    fingerprint: StrictStr | None


_NAMED = TypeAdapter(_Named)


@dataclasses.dataclass(frozen=True, slots=True)
class SavedSession(Result):
    """A panel's session. Addresses are kept without user, password and token.

    Attributes:
        pattern: The pattern's name.
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        settings: All of them, of the pattern and of the load.
        asked: What the cell passed, so that only the same cell opens it by itself.
        baseline: The settings that were pinned, with their prediction; none where none were.
        limits: What a recommendation must keep, as it was typed.
        alerts: Those that are set, as they were typed.
        compared: By setting, the values that have a line of their own.
        tried: All settings that were tried.
        run: The last run, as `Run.to_dict` returns it; none where there was none.
        recommendation: The last one, likewise.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "session"
    made_by: ClassVar[str] = "panel.save(FILE)"

    pattern: str
    workload: AboutWorkload
    settings: dict[str, Any]
    asked: str = ""
    baseline: Tried | None = None
    limits: str = ""
    alerts: tuple[str, ...] = ()
    compared: dict[str, object] = dataclasses.field(default_factory=dict)
    tried: tuple[Tried, ...] = ()
    run: dict[str, object] | None = None
    recommendation: dict[str, object] | None = None
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file and check all of it, so that a panel opens whole or not at all.

        Raises:
            BadInputError: If it is missing, damaged, of a later version, or no session.
        """
        place = str(path)
        found = cls.from_dict(read_json(path), place)
        check_workload(found.workload, place)
        for name, most in ("tried", MOST), ("alerts", _MOST_ALERTS):
            if len(getattr(found, name)) > most:
                raise BadInputError(f"is damaged: {name} has more than {most} entries", place)
        bench = load_bench(found.pattern)
        _check_settings(bench, found.settings, place)
        for entry in (*found.tried, *([found.baseline] if found.baseline else [])):
            _check_settings(bench, entry["settings"], place)
        run, best = found.last_run(place), found.last_recommendation(place)
        results = [each for each in (run, best) if each is not None]
        if any(each.pattern != found.pattern for each in results):
            raise BadInputError("is damaged: it holds a result of another pattern", place)
        for each in results:
            _check_settings(bench, each.settings, place)
        if best is not None:
            _check_settings(bench, best.before, place)
            for point in (*best.alternatives, *best.reliefs, *best.sensitivity):
                _check_settings(bench, point["settings"], place)
            for settings in (best.settings, *(each["settings"] for each in best.alternatives)):
                _check_tuned(bench, settings, place)
            _check_objective(bench, best.objective, place)
        return found

    def last_run(self, place: str = "session") -> Run | None:
        """Return the last run; none where there was none.

        Raises:
            BadInputError: If it is damaged.
        """
        found = None if self.run is None else result_of(self.run, place)
        if found is not None and not isinstance(found, Run):
            raise BadInputError("is damaged: run is not a run", place)
        return found

    def last_recommendation(self, place: str = "session") -> Recommendation | None:
        """Return the last recommendation; none where there was none.

        Raises:
            BadInputError: If it is damaged.
        """
        found = None if self.recommendation is None else result_of(self.recommendation, place)
        if found is not None and not isinstance(found, Recommendation):
            raise BadInputError("is damaged: recommendation is not one", place)
        return found


def _check_settings(bench: AnyBench, settings: Mapping[str, object], place: str) -> None:
    """Refuse settings that are unknown or out of bounds.

    Raises:
        BadInputError: With the first that is wrong.
    """
    try:
        bench.read(settings)
    except BadInputError as error:
        raise BadInputError(f"holds settings of another perflab: {error}", place) from None


def _check_tuned(bench: AnyBench, settings: Mapping[str, object], place: str) -> None:
    for key in (bench.tuning.tuned, *bench.tuning.also_tuned):
        if key not in settings:
            raise BadInputError(f"is damaged: {key} is missing in its settings", place)


def _check_objective(bench: AnyBench, objective: str, place: str) -> None:
    try:
        goal = parse_objective(objective, bench.tuning.objective)
    except BadInputError:
        text = f"is damaged: {objective[:_SHOWN]!r} is not an objective"
        raise BadInputError(text, place) from None
    if goal.metric not in bench.known_metrics():
        text = f"is damaged: {bench.identity.pattern} does not predict {goal.metric}"
        raise BadInputError(text, place)


def check_workload(workload: AboutWorkload, place: str) -> None:
    """Refuse a workload whose name, source, options or fingerprint has a wrong kind of value.

    Raises:
        BadInputError: With the first that is wrong.
    """
    try:
        _NAMED.validate_python(workload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(("workload", *(str(part) for part in first["loc"][:2])))
        text = f"is damaged: {where} is not what a session holds ({first['msg'].lower()})"
        raise BadInputError(text, place) from None
