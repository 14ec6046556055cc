"""`Verdict`: the answer that a reader must get on the first screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import METRICS, MetricInfo
from perflab.lab.run import Run
from perflab.reports.blocks import Tone
from perflab.reports.facts import said_of
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.wording import (
    listed,
    sentence,
    setting_name,
    write_change,
    write_setting,
)
from perflab.tuning.comparison import brief_note
from perflab.tuning.noise import has_band
from perflab.tuning.objective import write_slack
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import counted, in_words

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
        alerts: The alerts that fired in live runs, a sentence each.
        notes: What was left out or guessed of the workloads, or measured too briefly, so that the
            answer may be wrong.
    """

    headline: str
    effect: str
    measured: str
    cards: tuple[Card, ...]
    alerts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verdict_of(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> Verdict:
    """Put the answer into words."""
    infos = card_metrics(bench, scope)
    doubts = [doubt for result in results if isinstance(result, Run) for doubt in result.doubts]
    headline = _headline(bench, scope, results)
    return Verdict(
        headline=f"Doubtful, {doubts[0]}: {headline}" if doubts else headline,
        effect=_effect(bench, scope, infos, results),
        measured=_measured(scope, infos),
        cards=tuple(_card(scope, info) for info in infos),
        alerts=_fired(results),
        notes=(*_workload_notes(results), *_brief_notes(scope, results)),
    )


def _fired(results: Sequence[AnyResult]) -> tuple[str, ...]:
    """Return which alerts fired, when and at what value; of several runs, in which."""
    runs = [result for result in results if isinstance(result, Run)]
    said = []
    for number, run in enumerate(runs, 1):
        for alert in run.alerts:
            if not alert.get("fired"):
                continue
            value, seconds = alert.get("value"), alert.get("seconds")
            info = METRICS.get(alert.get("metric", ""))
            of = f" of run {number}" if len(runs) > 1 else ""
            when = "" if seconds is None else f" at {in_words(seconds, 'seconds')}{of}"
            at = "" if info is None or value is None else f" with {info.format(value)}"
            said.append(f"Alert: {alert.get('alert', '')} fired{when}{at}.")
    return tuple(said)


def _workload_notes(results: Sequence[AnyResult]) -> tuple[str, ...]:
    said = (str(note) for result in results for note in result.workload.get("notes") or ())
    return tuple(dict.fromkeys(sentence(note) for note in said))


def _brief_notes(scope: ReportScope, results: Sequence[AnyResult]) -> tuple[str, ...]:
    """Return which runs that are compared are too short to know their noise."""
    if scope.basis != "measured" or scope.before is None or not scope.alike:
        return ()
    runs = [result for result in results if isinstance(result, Run)]
    said = (brief_note(run) for run in (runs[0], runs[-1]) if not has_band(run))
    return tuple(dict.fromkeys(sentence(note) for note in said))


def card_metrics(bench: AnyBench, scope: ReportScope) -> list[MetricInfo]:
    """Return the objective's metric and the first of each other unit among the headline's."""
    names = dict.fromkeys((scope.objective.metric, *bench.display.headline))
    known = [METRICS[n] for n in names if scope.after.metrics.get(n) is not None]
    by_unit: dict[str, MetricInfo] = {}
    for info in known:
        by_unit.setdefault(info.unit, info)
    units = [info for info in by_unit.values() if info.better != "neither"]
    return [info for info in units if info.unit not in ("requests", "entries")][:MOST_CARDS]


def changed_keys(
    bench: AnyBench, before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[str, ...]:
    """Return the pattern's settings that differ, in the order of their declaration."""
    keys = bench.identity.settings_class.model_fields
    return tuple(key for key in keys if before.get(key) != after.get(key))


def _headline(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> str:
    if scope.unreached:
        return scope.unreached
    after = scope.after.settings
    leading = [key for key in _leading(bench) if not _is_idle(key, results)]
    if scope.before is None:
        if scope.basis == "measured":
            return f"Measured with {_written(bench, after, leading)}"
        points = sum(len(r.points) for r in results if isinstance(r, Predictions))
        words = f"Predicted for {_written(bench, after, leading)}"
        return (
            words if points < 2 else f"{words}, the smallest good one of {counted(points, 'point')}"
        )
    before = scope.before.settings
    changed = changed_keys(bench, before, after)
    if not changed:
        return f"Keep {_written(bench, after, leading)}"
    if scope.is_worse:
        return (
            f"Keep {_written(bench, before, changed)}, rather than {_bare(bench, after, changed)}"
        )
    parts = [
        f"{setting_name(bench.info(key))} {_value(bench, after, key)}"
        f" instead of {_value(bench, before, key)}"
        for key in changed
    ]
    worse = "" if scope.recommendation is None else scope.recommendation.worse
    return f"Ship {listed(parts)}{f', at the cost of {worse}' if worse else ''}"


def _effect(
    bench: AnyBench, scope: ReportScope, infos: Sequence[MetricInfo], results: Sequence[AnyResult]
) -> str:
    after = scope.after.metrics
    over = _over(scope, results)
    if scope.before is None:
        values = [f"{info.plain} {info.format(after[info.name])}" for info in infos]
        return sentence(f"{scope.basis} {over}: {listed(values)}")
    before = scope.before.metrics
    changes = [
        write_change(info, before[info.name], after[info.name])
        for info in infos
        if before.get(info.name) is not None
    ]
    if not changes:
        return ""
    turn = "the change is for the worse; " if scope.is_worse else ""
    if scope.unreached:
        turn = f"{_least_bad(bench, scope)}; "
    return sentence(f"{scope.basis} {over}: {turn}{listed(changes)}")


def _least_bad(bench: AnyBench, scope: ReportScope) -> str:
    """Return which settings do least harm where none reaches what is looked for."""
    assert scope.before is not None  # noqa: S101  (asked only where there are two)
    before, after = scope.before.settings, scope.after.settings
    changed = changed_keys(bench, before, after)
    if not changed:
        return f"keep {_written(bench, after, _leading(bench))}"
    return (
        f"{_written(bench, after, changed)} instead of {_bare(bench, before, changed)} does "
        "least harm"
    )


def _over(scope: ReportScope, results: Sequence[AnyResult]) -> str:
    requests = scope.after.metrics.get("requests")
    name = results[-1].workload.get("name", "the workload")
    if scope.recommendation is not None:
        name = scope.recommendation.workload.get("name", name)
    return f"over {counted(requests, 'request')} of {name}" if requests else f"on {name}"


def _measured(scope: ReportScope, infos: Sequence[MetricInfo]) -> str:
    """Say what a live run at the recommended settings measured, and what was predicted for it."""
    recommendation = scope.recommendation
    if recommendation is None:
        return ""
    if scope.measured is not None:
        run = scope.measured
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


def _card(scope: ReportScope, info: MetricInfo) -> Card:
    after = scope.after.metrics[info.name]
    label = info.plain
    if scope.before is None or scope.before.metrics.get(info.name) is None:
        return Card(label, info.format(after))
    before = scope.before.metrics[info.name]
    judged = scope.judge(info, before, after)
    tone: Tone = "better" if judged == "better" else "worse" if judged == "worse" else ""
    change = "no change" if judged == "same" else info.difference(before, after)
    if judged == "within noise":
        change = f"{change}, within noise"
    return Card(label, info.format(after), info.format(before), change, tone)


def objective_text(scope: ReportScope) -> str:
    """Return what was looked for, in words."""
    goal = scope.objective
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


def _is_idle(key: str, results: Sequence[AnyResult]) -> bool:
    """Say whether a setting has no effect on the workload, as each result says."""
    told = f"{key} has no effect"
    return all(
        any(told in note and not note.startswith("at ") for note in said_of(result))
        for result in results
    )


def _written(bench: AnyBench, settings: Mapping[str, object], keys: Sequence[str]) -> str:
    """Write settings with their names; of several, those that are none are left out."""
    shown = [key for key in keys if settings.get(key) is not None] or list(keys)
    return listed(
        f"{setting_name(bench.info(key))} {_value(bench, settings, key)}" for key in shown
    )


def _bare(bench: AnyBench, settings: Mapping[str, object], keys: Sequence[str]) -> str:
    return listed(_value(bench, settings, key) for key in keys)


def _value(bench: AnyBench, settings: Mapping[str, object], key: str) -> str:
    return write_setting(bench.info(key), settings.get(key))
