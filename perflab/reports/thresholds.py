"""`Threshold`: a limit, a target or an alert, and whether it was kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import METRICS
from perflab.lab.alerts import Condition, parse_alert, parse_condition, why_unchecked
from perflab.lab.run import Run
from perflab.reports.blocks import Cell, Column, Table
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.tuning.recommendation import Recommendation
from perflab.units import exact, in_words

_WORDS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Kind = Literal["limit", "target", "alert"]


@dataclasses.dataclass(frozen=True, slots=True)
class Threshold:
    """Something that was to be kept.

    Attributes:
        kind: A limit of tuning, the target of its objective, or an alert of a run.
        text: What it is, in words.
        found: What was found, in words.
        passed: Whether it was kept; None where nothing tells.
    """

    kind: Kind
    text: str
    found: str
    passed: bool | None

    @property
    def mark(self) -> str:
        """The answer as one word."""
        return {True: "passed", False: "failed", None: "not checked"}[self.passed]


def thresholds_of(scope: ReportScope, results: Sequence[AnyResult]) -> tuple[Threshold, ...]:
    """Return limits and target at the settings that are shipped, then the alerts of all runs.

    A metric that was measured there is judged by that, another one by what is predicted.
    """
    recommendation = scope.recommendation
    found: list[Threshold] = []
    if recommendation is not None:
        measured = measured_at_ship(scope)
        found += [_limit(text, recommendation, measured) for text in recommendation.limits]
        found += _target(scope, recommendation, measured)
    return (*found, *_alerts([result for result in results if isinstance(result, Run)]))


def measured_at_ship(scope: ReportScope) -> Mapping[str, float]:
    """Return what was measured at the settings of a recommendation; nothing if nobody did."""
    if scope.measured is not None:
        return scope.measured.since_change or scope.measured.metrics
    return scope.recommendation.measured if scope.recommendation is not None else {}


def thresholds_table(thresholds: Sequence[Threshold]) -> Table | None:
    """Return a row for each."""
    columns = (
        Column("result", "Result"),
        Column("threshold", "Threshold"),
        Column("found", "Found"),
    )
    rows = tuple(
        (
            Cell(each.mark, each.mark, _TONES[each.passed]),
            Cell(f"{each.kind}: {each.text}", f"{each.kind}: {each.text}"),
            Cell(each.found, each.found),
        )
        for each in thresholds
    )
    return Table("thresholds", "Thresholds", columns, rows) if rows else None


_TONES: Mapping[bool | None, Literal["better", "worse", ""]] = {
    True: "better",
    False: "worse",
    None: "",
}


def _limit(text: str, found: Recommendation, measured: Mapping[str, float]) -> Threshold:
    try:
        condition = parse_condition(text)
    except BadInputError:  # of a file that another pattern's release wrote
        return Threshold("limit", text, "n/a", None)
    return _judged("limit", condition, found.metrics, measured)


def _target(
    scope: ReportScope, found: Recommendation, measured: Mapping[str, float]
) -> Iterator[Threshold]:
    goal = scope.objective
    if goal.target is not None and goal.metric in METRICS:
        comparison = ">=" if goal.direction == "max" else "<="
        condition = Condition(goal.metric, comparison, goal.target)
        yield _judged("target", condition, found.metrics, measured)


def _judged(
    kind: Kind, condition: Condition, predicted: Mapping[str, float], measured: Mapping[str, float]
) -> Threshold:
    words = _words(condition)
    for name, values in (("measured", measured), ("predicted", predicted)):
        value = values.get(condition.metric)
        if value is not None:
            text = f"{METRICS[condition.metric].format(value)} {name}"
            return Threshold(kind, words, text, condition.holds(value))
    return Threshold(kind, words, "n/a", None)


def _words(condition: Condition) -> str:
    """Return a condition in words: ``p99 latency below 20 ms``."""
    info = METRICS[condition.metric]
    bound = info.format(condition.value)
    if info.unit in ("bytes", "seconds", "ratio"):
        bound = exact(condition.value, info.unit)
    return f"{info.plain} {_WORDS[condition.comparison]} {bound}"


def _alerts(runs: Sequence[Run]) -> Iterator[Threshold]:
    for number, run in enumerate(runs, 1):
        of = f", run {number}" if len(runs) > 1 else ""
        for alert in run.alerts:
            text = str(alert.get("alert", ""))
            words = _alert_words(text) + of
            if not alert.get("fired"):
                why = why_unchecked(alert, run)
                yield Threshold("alert", words, why or "did not fire", None if why else True)
                continue
            seconds, value = alert.get("seconds"), alert.get("value")
            info = METRICS.get(str(alert.get("metric", "")))
            found = "fired" if seconds is None else f"fired at {in_words(seconds, 'seconds')}"
            if info is not None and value is not None:
                found += f" with {info.format(value)}"
            yield Threshold("alert", words, found, passed=False)


def _alert_words(text: str) -> str:
    """Return what an alert watches over: the opposite of what fires it."""
    try:
        alert = parse_alert(text)
    except BadInputError:
        return text
    kept = dataclasses.replace(
        alert.condition, comparison=_OPPOSITE[alert.condition.comparison], written=""
    )
    lasting = in_words(alert.seconds, "seconds")
    return f"{_words(kept)}, but for less than {lasting}" if alert.seconds else _words(kept)
