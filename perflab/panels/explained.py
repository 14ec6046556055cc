"""The panel explains itself: captions with help, and a list of what its words and lines mean."""

from __future__ import annotations

import html
from collections.abc import Iterable

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.charts.marks import MARK_NAMES
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.panels.glossary import meaning, meaning_of, term_of

LINES = ("solid line", "faint line", "dashed line", "grey line", "shaded band")
COLUMNS = (
    *("what-if", "predicted before", "refitted", "measured"),
    *("difference", "whole run", "baseline"),
)


def caption(text: str, term: str = "") -> widgets.HTML:
    """Return a part's caption, with help under the pointer.

    Args:
        text: What it says.
        term: What the glossary calls it, if not so.
    """
    made = widgets.HTML(
        f"<span role='heading' aria-level='3'{titled(meaning(term or text))}>"
        f"{html.escape(text)}</span>"
    )
    made.add_class("perflab-caption")
    return made


def titled(text: str) -> str:
    """Return the attribute that shows a text under the pointer; nothing for an empty one."""
    return f" title='{html.escape(text, quote=True)}'" if text else ""


class MeaningsList:
    """A list that folds, with a line for each column, metric, mark and line of a panel.

    It is there for who has no pointer, and does not change while a run goes on.

    Args:
        bench: Whose metrics it explains.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        self.widget = widgets.HTML()
        self.widget.add_class("perflab-meanings")
        self.show(bench.display.headline)

    def show(self, names: Iterable[str]) -> None:
        """Explain some metrics of the table, beside those of the charts and all else."""
        parts = (
            ("Columns", [(term, meaning(term)) for term in COLUMNS]),
            ("Metrics", [(term_of(each), meaning_of(each)) for each in self._metrics(names)]),
            ("Marks and lines", [(term, meaning(term)) for term in (*MARK_NAMES.values(), *LINES)]),
        )
        lists = "".join(
            f"<h4>{title}</h4><dl>{''.join(map(_entry, dict(entries).items()))}</dl>"
            for title, entries in parts
        )
        self.widget.value = (
            f"<details><summary>What these words and lines mean</summary>{lists}</details>"
        )

    def _metrics(self, names: Iterable[str]) -> list[MetricInfo]:
        display = self._bench.display
        drawn = [name for chart in display.all_charts for name in (chart.metric, *chart.also)]
        live = [name for chart in display.live_charts for name in chart.metrics]
        return [metric(name) for name in dict.fromkeys((*names, *drawn, *live))]


def _entry(entry: tuple[str, str]) -> str:
    term, text = map(html.escape, entry)
    return f"<dt>{term}</dt><dd>{text}</dd>" if text else ""
