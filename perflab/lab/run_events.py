"""What happened during a run, each with its time and in words: settings, actions and alerts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Literal

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.documents import AlertReport, Change
from perflab.settings import SettingInfo
from perflab.units import in_words

Kind = Literal["settings", "action", "alert"]


NEVER = math.inf
"""The time of an event whose time is not known; it comes last."""


@dataclasses.dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened at one moment of a run: a line of a list, and a mark in a chart.

    Attributes:
        seconds: Of the run; `NEVER` where that is not known.
        kind: What sort of event it is.
        words: What happened, such as ``max cache size 1k → 10k``.
        request: The first request that it holds for, where that is known.
    """

    seconds: float
    kind: Kind
    words: str
    request: int | None = None

    @property
    def at(self) -> str:
        """Its time in words."""
        return "n/a" if self.seconds == NEVER else in_words(self.seconds, "seconds")

    @property
    def line(self) -> str:
        """The event with its time."""
        return f"{self.at}: {self.words}"


def events_of(
    bench: AnyBench,
    began_with: Mapping[str, str],
    changes: Iterable[Change],
    alerts: Iterable[AlertReport] = (),
) -> list[RunEvent]:
    """Return the events of a run in the order in which they happened.

    Args:
        bench: With its settings and actions.
        began_with: The settings at the start, as people write them; a setting that is missing is
            taken to have had its default.
        changes: Of settings, and the actions that were done.
        alerts: Fired or not.
    """
    actions = {action.name: action.event or action.word for action in bench.live.actions}
    found = []
    before = {key: _written(bench, key, text) for key, text in began_with.items()}
    for change in changes:
        seconds, request = float(change.get("seconds", 0.0)), change.get("request")
        name = change.get("action", "")
        if name:
            found.append(RunEvent(seconds, "action", actions.get(name, name), request))
            continue
        after = {key: _written(bench, key, v) for key, v in change.get("settings", {}).items()}
        words = _changed(bench, before, after)
        before |= after
        if words:
            found.append(RunEvent(seconds, "settings", words, request))
    found += [_fired(alert) for alert in alerts if alert.get("fired")]
    return sorted(found, key=lambda event: event.seconds)


def _changed(bench: AnyBench, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return which settings became what; empty where none did."""
    words = []
    for key, value in after.items():
        info = _info(bench, key)
        known = before.get(key, "" if info is None else info.title(info.default))
        if value != known:
            name = key if info is None else info.name
            words.append(f"{name} {known} → {value}" if known else f"{name} {value}")
    return ", ".join(words)


def _written(bench: AnyBench, key: str, value: object) -> str:
    """Return a value as people read it, whether a run has noted it as a text or as a number."""
    info = _info(bench, key)
    if info is None:
        return str(value)
    try:
        return info.title(info.parse(value) if isinstance(value, str) else value)
    except BadInputError:
        return str(value)


def _info(bench: AnyBench, key: str) -> SettingInfo | None:
    try:
        return bench.info(key)
    except BadInputError:  # of a setting that a file of another release has
        return None


def _fired(alert: AlertReport) -> RunEvent:
    value, seconds = alert.get("value"), alert.get("seconds")
    words = f"{alert.get('alert', '')} fired"
    if value is not None:
        words += f" with {metric(str(alert.get('metric', ''))).format(value)}"
    return RunEvent(NEVER if seconds is None else float(seconds), "alert", words)
