"""`Verdict`: the answer that a reader must get on the first screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import METRICS, MetricInfo
from perflab.lab.run import Run
from perflab.reports.blocks import Tone
from perflab.reports.subject import AnyResult, Subject
from perflab.reports.wording import (
    listed,
    sentence,
    setting_name,
    write_change,
    write_setting,
)
from perflab.tuning.comparison import judge
from perflab.tuning.objective import write_slack
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import counted

MOST_CARDS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """One metric that matters: its value now, what it was, and whether that is good.

    Attributes:
        label: The metric in words.
        value: With the settings to look at.
        before: With the settings before; empty where none are known.
        change: The difference, in points or per cent.
        tone: ``better`` or ``worse``; empty where it is neither.
    """

    label: str
    value: str
    before: str = ""
    change: str = ""
    tone: Tone = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        headline: What to ship, in one line.
        effect: What that changes, in words and numbers.
        measured: What a live run says of it; empty where there was none.
        cards: The metrics that matter most.
        notes: What was left out or guessed of the workloads, so that the answer may be wrong.
    """

    headline: str
    effect: str
    measured: str
    cards: tuple[Card, ...]
    notes: tuple[str, ...] = ()


def verdict_of(bench: AnyBench, subject: Subject, results: Sequence[AnyResult]) -> Verdict:
    """Put the answer into words."""
    infos = card_metrics(bench, subject)
    doubts = [doubt for result in results if isinstance(result, Run) for doubt in result.doubts]
    headline = _headline(bench, subject, results)
    return Verdict(
        headline=f"Doubtful, {doubts[0]}: {headline}" if doubts else headline,
        effect=_effect(bench, subject, infos, results),
        measured=_measured(subject, infos),
        cards=tuple(_card(subject, info) for info in infos),
        notes=_workload_notes(results),
    )


def _workload_notes(results: Sequence[AnyResult]) -> tuple[str, ...]:
    said = (str(note) for result in results for note in result.workload.get("notes") or ())
    return tuple(dict.fromkeys(sentence(note) for note in said))


def card_metrics(bench: AnyBench, subject: Subject) -> list[MetricInfo]:
    """Return the objective's metric and the first of each other unit among the headline's."""
    names = dict.fromkeys((subject.objective.metric, *bench.display.headline))
    known = [METRICS[n] for n in names if subject.after.metrics.get(n) is not None]
    by_unit: dict[str, MetricInfo] = {}
    for info in known:
        by_unit.setdefault(info.unit, info)
    units = [info for info in by_unit.values() if info.better != "neither"]
    return [info for info in units if info.unit not in ("requests", "entries")][:MOST_CARDS]


def changed_keys(
    bench: AnyBench, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the pattern's settings that differ, in the order of their declaration."""
    keys = bench.identity.settings_class.model_fields
    return tuple(key for key in keys if before.get(key) != after.get(key))


def _headline(bench: AnyBench, subject: Subject, results: Sequence[AnyResult]) -> str:
    if subject.unreached:
        return subject.unreached
    after = subject.after.settings
    if subject.before is None:
        if subject.basis == "measured":
            return f"Measured with {_written(bench, after, _leading(bench))}"
        points = sum(len(r.points) for r in results if isinstance(r, Predictions))
        words = f"Predicted for {_written(bench, after, _leading(bench))}"
        return (
            words if points < 2 else f"{words}, the smallest good one of {counted(points, 'point')}"
        )
    before = subject.before.settings
    changed = changed_keys(bench, before, after)
    if not changed:
        return f"Keep {_written(bench, after, _leading(bench))}"
    if subject.is_worse:
        return (
            f"Keep {_written(bench, before, changed)}, rather than {_bare(bench, after, changed)}"
        )
    parts = [
        f"{setting_name(bench.info(key))} {_value(bench, after, key)}"
        f" instead of {_value(bench, before, key)}"
        for key in changed
    ]
    return f"Ship {listed(parts)}"


def _effect(
    bench: AnyBench, subject: Subject, infos: Sequence[MetricInfo], results: Sequence[AnyResult]
) -> str:
    after = subject.after.metrics
    over = _over(subject, results)
    if subject.before is None:
        values = [f"{info.plain} {info.format(after[info.name])}" for info in infos]
        return sentence(f"{subject.basis} {over}: {listed(values)}")
    before = subject.before.metrics
    changes = [
        write_change(info, before[info.name], after[info.name])
        for info in infos
        if before.get(info.name) is not None
    ]
    if not changes:
        return ""
    turn = "the change is for the worse; " if subject.is_worse else ""
    if subject.unreached:
        turn = f"{_least_bad(bench, subject)}; "
    return sentence(f"{subject.basis} {over}: {turn}{listed(changes)}")


def _least_bad(bench: AnyBench, subject: Subject) -> str:
    """Return which settings do least harm where none reaches what is looked for."""
    assert subject.before is not None  # noqa: S101  (asked only where there are two)
    before, after = subject.before.settings, subject.after.settings
    changed = changed_keys(bench, before, after)
    if not changed:
        return f"keep {_written(bench, after, _leading(bench))}"
    return (
        f"{_written(bench, after, changed)} instead of {_bare(bench, before, changed)} does "
        "least harm"
    )


def _over(subject: Subject, results: Sequence[AnyResult]) -> str:
    requests = subject.after.metrics.get("requests")
    name = results[-1].workload.get("name", "the workload")
    if subject.recommendation is not None:
        name = subject.recommendation.workload.get("name", name)
    return f"over {counted(requests, 'request')} of {name}" if requests else f"on {name}"


def _measured(subject: Subject, infos: Sequence[MetricInfo]) -> str:
    """Say what a live run at the recommended settings measured, and what was predicted for it."""
    recommendation = subject.recommendation
    if recommendation is None:
        return ""
    if subject.measured is not None:
        run = subject.measured
        measured, predicted = run.since_change or run.metrics, run.predicted
    else:
        measured, predicted = recommendation.measured, {}
    parts = []
    for info in infos[:2]:
        if measured.get(info.name) is None:
            continue
        text = f"{info.plain} {info.format(measured[info.name])}"
        if predicted.get(info.name) is not None:
            text += f" (predicted for the same requests: {info.format(predicted[info.name])})"
        parts.append(text)
    if not parts:
        return ""
    requests = measured.get("requests")
    over = f" over {counted(requests, 'request')}" if requests else ""
    return sentence(f"measured live at these settings{over}: {listed(parts)}")


def _card(subject: Subject, info: MetricInfo) -> Card:
    after = subject.after.metrics[info.name]
    label = info.plain
    if subject.before is None or subject.before.metrics.get(info.name) is None:
        return Card(label, info.format(after))
    before = subject.before.metrics[info.name]
    judged = judge(info, before, after)
    tone: Tone = "better" if judged == "better" else "worse" if judged == "worse" else ""
    change = "no change" if judged == "same" else info.difference(before, after)
    return Card(label, info.format(after), info.format(before), change, tone)


def objective_text(subject: Subject) -> str:
    """Return what was looked for, in words."""
    goal = subject.objective
    best = "highest" if goal.direction == "max" else "lowest"
    label = METRICS[goal.metric].plain if goal.metric in METRICS else goal.metric
    if goal.target is not None and goal.metric in METRICS:
        bound = "at least" if goal.direction == "max" else "at most"
        return f"a {label} of {bound} {METRICS[goal.metric].format(goal.target)}"
    return f"the {best} {label}, within {write_slack(goal)} of the best"


def tuned_keys(bench: AnyBench, recommendation: Recommendation) -> tuple[str, ...]:
    """Return the settings that differ among the points that were looked at."""
    keys = bench.identity.settings_class.model_fields
    seen = {key: {repr(p["settings"].get(key)) for p in recommendation.points} for key in keys}
    return tuple(key for key in keys if len(seen[key]) > 1)


def _leading(bench: AnyBench) -> tuple[str, ...]:
    keys = bench.identity.settings_class.model_fields
    return tuple(
        dict.fromkeys((bench.tuning.tuned, *(k for k in bench.display.sliders if k in keys)))
    )


def _written(bench: AnyBench, settings: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Write settings with their names; of several, those that are none are left out."""
    shown = [key for key in keys if settings.get(key) is not None] or list(keys)
    return listed(
        f"{setting_name(bench.info(key))} {_value(bench, settings, key)}" for key in shown
    )


def _bare(bench: AnyBench, settings: Mapping[str, Any], keys: Sequence[str]) -> str:
    return listed(_value(bench, settings, key) for key in keys)


def _value(bench: AnyBench, settings: Mapping[str, Any], key: str) -> str:
    return write_setting(bench.info(key), settings.get(key))
