"""The numbers of a service as tables: each stage's, a scenario's, and the ways to survive."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from perflab.instrumentation.catalog import metric
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning, meaning_of
from perflab.service import ServicePrediction
from perflab.service.scenarios import ScenarioOutcome
from perflab.service.scenarios.survive import Survival
from perflab.units import times

_NONE = "&ndash;"
_AS_RATES = ("requests", "hits", "misses")
"""Counts of which the table has the rates."""


def stages_table(prediction: ServicePrediction) -> str:
    """Return a row per metric and a column per stage, the service last, as HTML."""
    columns = [(row.title, row.metrics) for row in prediction.stages]
    columns.append(("Service", prediction.metrics))
    names = dict.fromkeys(name for _, metrics in columns for name in metrics)
    shown = (name for name in names if name not in _AS_RATES)
    rows = []
    for info in map(metric, shown):
        cells = [
            html.escape(info.format(metrics[info.name])) if info.name in metrics else _NONE
            for _, metrics in columns
        ]
        rows.append((html.escape(info.label), titled(meaning_of(info)), cells))
    return table_of([title for title, _ in columns], rows)


def scenario_table(outcome: ScenarioOutcome) -> str:
    """Return a scenario's numbers beside those of a calm day, as HTML."""
    rows = [
        (html.escape(name), "", [html.escape(calm) or _NONE, html.escape(then)])
        for name, calm, then in outcome.table()
    ]
    return table_of(["calm day", outcome.title], rows)


def ways_table(found: Survival) -> str:
    """Return each setting that was changed by itself, with what becomes then; as HTML."""
    rows = []
    for way in found.ways:
        after = html.escape(way.after) if way.after is not None else "not by itself"
        larger = "" if way.times is None else f" ({times(way.times)})"
        said = html.escape(way.verdict or way.bound)
        cells = [html.escape(way.before), f"{after}{larger}", f"<small>{said}</small>"]
        rows.append((html.escape(way.key), "", cells))
    return table_of(["now", "survives from", "then"], rows) if rows else ""


def lines_of(texts: Iterable[str], style: str) -> str:
    """Return texts as HTML, a line each; nothing for none."""
    return "".join(f"<div class='{style}'>{html.escape(text)}</div>" for text in texts)


def table_of(heads: Sequence[str], rows: Sequence[tuple[str, str, list[str]]]) -> str:
    """Return a table: each row's name and help, then its cells, which are HTML."""
    head = "".join(
        f"<th scope='col'{titled(meaning(each.lower()))}>{html.escape(each)}</th>" for each in heads
    )
    body = "".join(
        f"<tr><th scope='row'{help_text}>{name}</th>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"
        for name, help_text, cells in rows
    )
    return (
        f"<table class='perflab-table perflab-of-stages'><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
