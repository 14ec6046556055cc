"""What happened during a run, each with its time and in words: settings, actions and alerts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.documents import AlertReport, Change
from perflab.units import in_words

Kind = Literal["settings", "action", "alert"]


@dataclasses.dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened at one moment of a run: a line of a list, and a mark in a chart.

    Attributes:
        seconds: Of the run.
        kind: What sort of event it is.
        words: What happened, such as ``max cache size 1k → 10k``.
    """

    seconds: float
    kind: Kind
    words: str

    @property
    def line(self) -> str:
        """The event with its time."""
        return f"{in_words(self.seconds, 'seconds')}: {self.words}"


def events_of(
    bench: AnyBench,
    began_with: Mapping[str, str],
    changes: Iterable[Change],
    alerts: Iterable[AlertReport] = (),
) -> list[RunEvent]:
    """Return the events of a run in the order in which they happened.

    Args:
        bench: With its settings and actions.
        began_with: The settings at the start, as people write them.
        changes: Of settings, and the actions that were done.
        alerts: Fired or not.
    """
    actions = {action.name: action.event or action.word for action in bench.live.actions}
    found, before = [], dict(began_with)
    for change in changes:
        seconds = float(change.get("seconds", 0.0))
        name = change.get("action", "")
        if name:
            found.append(RunEvent(seconds, "action", actions.get(name, name)))
            continue
        after = {key: str(value) for key, value in change.get("settings", {}).items()}
        words = _changed(bench, before, after)
        before |= after
        if words:
            found.append(RunEvent(seconds, "settings", words))
    found += [_fired(alert) for alert in alerts if alert.get("fired")]
    return sorted(found, key=lambda event: event.seconds)


def _changed(bench: AnyBench, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return which settings became what; empty where none did."""
    return ", ".join(
        f"{_name(bench, key)} {before[key]} → {value}"
        if key in before
        else f"{_name(bench, key)} {value}"
        for key, value in after.items()
        if before.get(key) != value
    )


def _name(bench: AnyBench, key: str) -> str:
    try:
        return bench.info(key).name
    except BadInputError:  # of a setting that a file of another release has
        return key


def _fired(alert: AlertReport) -> RunEvent:
    value = metric(str(alert["metric"])).format(alert.get("value"))
    return RunEvent(
        float(alert.get("seconds") or 0.0), "alert", f"{alert['alert']} fired with {value}"
    )
