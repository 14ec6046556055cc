"""`NamedOutcome`: the scenarios of a report, each once, told apart by what they were played on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perflab.errors import BadInputError
from perflab.reports.service.kinds import ServiceResult, of_kind
from perflab.service.layout import stage_settings
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.survive import Survival
from perflab.service.settings import ServiceSettings

_MOST_SETTINGS = 3
"""A title names no more settings than so many."""


class NamedOutcome(NamedTuple):
    """An outcome, and how a report calls it.

    Attributes:
        title: What happens; where that is in the report more than once, with what is different:
            its own text, the workload, the settings.
        outcome: What becomes of the service.
        survival: What was found to survive it, on this workload from these settings; none where
            nothing was looked for.
    """

    title: str
    outcome: ScenarioOutcome
    survival: Survival | None


def outcomes_of(results: Sequence[ServiceResult]) -> list[NamedOutcome]:
    """Return the outcomes of all scenarios.

    One that is there twice, with the same numbers, is returned once. Of one scenario there may be
    several: on other workloads, at other settings.
    """
    found = {_key(outcome): outcome for outcome in of_kind(results, ScenarioOutcome)}
    survivals: dict[str, Survival] = {}
    for survival in of_kind(results, Survival):
        key = _key(survival.before)
        survivals[key] = survival
        found.setdefault(key, survival.before)
    titles = _titles(list(found.values()))
    return [
        NamedOutcome(title, outcome, survivals.get(key))
        for title, (key, outcome) in zip(titles, found.items(), strict=True)
    ]


def _key(outcome: ScenarioOutcome) -> str:
    known = (outcome.scenario, outcome.settings, _workload(outcome), outcome.metrics)
    return json.dumps(known, sort_keys=True, default=str)


def _workload(outcome: ScenarioOutcome) -> str:
    return str(outcome.workload.get("fingerprint", ""))


def _titles(known: Sequence[ScenarioOutcome]) -> list[str]:
    """Return a title of each that no other has."""
    found = [_title(outcome, known) for outcome in known]
    return [
        title
        if found.count(title) == 1
        else f"{title}, {found[: place + 1].count(title)} of {found.count(title)}"
        for place, title in enumerate(found)
    ]


def _title(outcome: ScenarioOutcome, known: Sequence[ScenarioOutcome]) -> str:
    """Return what happens, with all in which others of that title differ."""
    alike = [each for each in known if each.title == outcome.title]
    parts = [outcome.scenario] if len({each.scenario for each in alike}) > 1 else []
    if len({_workload(each) for each in alike}) > 1:
        parts.append(str(outcome.workload.get("name", "")))
    parts += _settings(outcome, alike)
    return f"{outcome.title} ({', '.join(parts)})" if parts else outcome.title


def _settings(outcome: ScenarioOutcome, alike: Sequence[ScenarioOutcome]) -> list[str]:
    """Return the settings in which outcomes differ, as one has them."""
    flat = [dict(_flat(each.settings)) for each in alike]
    own = dict(_flat(outcome.settings))
    keys = dict.fromkeys(key for each in flat for key in each)
    differ = [key for key in keys if any(each.get(key) != own.get(key) for each in flat)]
    said = [f"{key} {_in_words(key, own.get(key))}" for key in differ[:_MOST_SETTINGS]]
    return said + (["…"] if len(differ) > _MOST_SETTINGS else [])


def _flat(settings: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield settings by key, those of a stage with its name before."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        else:
            yield name, value


def _in_words(key: str, value: object) -> str:
    stage, _, name = key.rpartition(".")
    try:
        of = stage_settings(stage) if stage else ServiceSettings
        return of.info(name).in_full(value)
    except BadInputError:
        return str(value)
