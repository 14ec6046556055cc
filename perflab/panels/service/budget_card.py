"""`BudgetCard`: the split of memory and connections to take, and where more of them would pay."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping

from perflab.charts.service import budget_picture
from perflab.instrumentation.catalog import metric
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning_of
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.names import flat, info_of
from perflab.panels.service.numbers import table_of
from perflab.panels.service.result_card import ResultCard
from perflab.service import Budget, BudgetPoint, Service
from perflab.units import in_words

_METRICS = (
    *("latency_seconds_mean", "latency_seconds_p99", "hit_rate"),
    *("database_per_second", "errors", "memory_bytes", "most_connections"),
)
_TAKE = "Set the sliders to the recommended split."


class BudgetCard(ResultCard[Budget]):
    """Shows a budget.

    Args:
        apply: Called with the recommended values by their keys when the user takes them.
    """

    def __init__(self, apply: Callable[[Mapping[str, object]], object]) -> None:
        self.picture: Drawing[Budget] = Drawing(budget_picture)
        super().__init__(apply, _TAKE, self.picture)

    def show(self, found: Budget) -> None:
        """Show a budget."""
        goal = ", ".join((found.objective, *found.limits))
        text = (
            f"<div><b>{html.escape(_sentence(found.reason))}</b></div>"
            f"<div class='perflab-line'>Looked for {html.escape(goal)}.</div>"
        )
        values = changed(found.before, found.settings)
        tables = [_settings(values, found.before), _metrics(found), _steps(found)]
        curves = (
            ("memory of all caches", found.curve),
            ("connections", found.connections_curve),
        )
        tables += [_curve(head, points, found) for head, points in curves if len(points) > 1]
        remarks = "".join(
            f"<div class='perflab-line'>{html.escape(r)}</div>" for r in found.remarks
        )
        fits = (found.before, found.settings)
        self.put(found, text, "".join(filter(None, tables)) + remarks, values, fits)


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return the values that differ between two services, by the keys of `Service.change`.

    Args:
        before: As `Service.shown` returns it.
        after: Likewise.
    """
    old, new = (flat(Service.from_mapping(each)) for each in (before, after))
    return {key: value for key, value in new.items() if old[key] != value}


def _settings(values: Mapping[str, object], before: Mapping[str, object]) -> str:
    """Return what changes, now and recommended; nothing where nothing does."""
    service = Service.from_mapping(before)
    now = flat(service)
    rows = []
    for key, value in values.items():
        info = info_of(key)
        cells = [html.escape(info.format(now[key])), html.escape(info.format(value))]
        rows.append((html.escape(info.name), titled(info.meaning), cells))
    return table_of(["now", "recommended"], rows) if rows else ""


def _metrics(found: Budget) -> str:
    rows = []
    for info in (metric(name) for name in _METRICS if name in found.metrics):
        values = (found.before_metrics.get(info.name), found.metrics.get(info.name))
        cells = [html.escape(info.format(value)) for value in values]
        rows.append((html.escape(info.label), titled(meaning_of(info)), cells))
    return table_of(["now", "recommended"], rows)


def _steps(found: Budget) -> str:
    """Return what one step more of each thing gains."""
    info = metric(found.objective.partition(":")[2])
    chosen = found.metrics.get(info.name)
    rows = []
    for point in found.next_steps:
        value = point.metrics.get(info.name)
        gain = "" if None in (value, chosen) else info.difference(chosen, value)  # type: ignore[arg-type]
        rows.append((html.escape(point.name), "", [info.format(value), html.escape(gain)]))
    return table_of([info.label, "change"], rows) if rows else ""


def _curve(head: str, points: Iterable[BudgetPoint], found: Budget) -> str:
    info = metric(found.objective.partition(":")[2])
    rows = []
    for point in points:
        taken = point.name if head == "connections" else in_words(point.total_bytes, "bytes")
        rows.append(
            (html.escape(taken), "", [html.escape(info.format(point.metrics.get(info.name)))])
        )
    return table_of([f"{info.label}, by {head}"], rows)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
