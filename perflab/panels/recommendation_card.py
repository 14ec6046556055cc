"""The card of a recommendation: settings, the reason in words, and a button that applies them."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from perflab.bench import AnyBench, AnyModel
from perflab.instrumentation.catalog import metric
from perflab.panels.controls import written
from perflab.reports.verdict import tuned_keys
from perflab.tuning.recommend import tune
from perflab.tuning.recommendation import Recommendation
from perflab.workloads import Trace


class RecommendationCard:
    """Hidden until there is something to show.

    Args:
        bench: Names the settings that tuning looks for.
        apply: Called with those settings when the user takes them.
    """

    def __init__(self, bench: AnyBench, apply: Callable[[Mapping[str, Any]], None]) -> None:
        self._bench = bench
        self._leading = bench.tuning.objective.metric
        self._keys: tuple[str, ...] = ()
        self._apply = apply
        self.progress = widgets.FloatProgress(
            min=0, max=1, description="looking", layout=widgets.Layout(width="300px")
        )
        self.widget = widgets.VBox([], layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-card")
        self.buttons: list[widgets.Button] = []

    def search(
        self, trace: Trace, values: Mapping[str, Any], model: AnyModel | None
    ) -> Recommendation:
        """Look for the settings to ship, with progress; nothing is shown where that fails.

        Raises:
            BadInputError: If the model cannot answer.
        """
        self.working(0, 1)
        try:
            return tune(
                self._bench.identity.pattern,
                trace,
                settings=values,
                progress=self.working,
                model=model,
            )
        except Exception:
            self.hide()
            raise

    def working(self, done: int, total: int) -> None:
        """Show how far the search has come."""
        self.progress.value = done / total if total else 0.0
        if self.progress not in self.widget.children:
            self._put([self.progress])

    def hide(self) -> None:
        """Show nothing."""
        self._put([])

    def show(self, found: Recommendation) -> None:
        """Show a recommendation and its alternatives."""
        self._leading = found.objective.partition(":")[2]
        moved = self._bench.tuning.tuned_by(found.settings)
        moved = moved if moved in tuned_keys(self._bench, found) else self._bench.tuning.tuned
        self._keys = (moved, *self._bench.tuning.also_tuned)
        name = "Closest" if found.unreached else "Recommended"
        # The line above it has said the beginning.
        reason = found.reason.removeprefix(found.unreached).lstrip(":. ")
        reason = f"{reason[:1].upper()}{reason[1:]}" if found.unreached else reason
        first = self._row(name, found.settings, found.metrics, reason)
        others = [
            self._row(
                str(other["name"]).capitalize(),
                other["settings"],
                other["metrics"],
                str(other["reason"]),
            )
            for other in found.alternatives
        ]
        self._put([*self._unreached(found), first, *others])

    def _unreached(self, found: Recommendation) -> list[widgets.HTML]:
        """Return the line that says first what no setting reaches, if so."""
        if not found.unreached:
            return []
        said = html.escape(found.unreached)
        return [widgets.HTML(f"<div class='perflab-line'><b>{said}.</b></div>")]

    def _put(self, children: list[widgets.Widget]) -> None:
        for old in self.widget.children:
            if old is not self.progress and old not in children:
                old.close()
        self.buttons = [child.children[0] for child in children if isinstance(child, widgets.HBox)]
        self.widget.children = children
        self.widget.layout.display = None if children else "none"

    def _row(
        self, name: str, settings: Mapping[str, Any], metrics: Mapping[str, float], reason: str
    ) -> widgets.HBox:
        chosen = {key: settings[key] for key in self._keys}
        button = widgets.Button(
            description="Apply",
            icon="check",
            tooltip="Set the sliders to these settings; a run that is going takes them over.",
            layout=widgets.Layout(width="86px", flex="0 0 auto"),
        )
        button.on_click(lambda _: self._apply(chosen))
        info = metric(self._leading)
        said = ", ".join(
            f"{key} = {written(self._bench.info(key), value)}" for key, value in chosen.items()
        )
        value = info.format(metrics.get(info.name))
        text = widgets.HTML(
            f"<div class='perflab-line'><b>{html.escape(name)}: {html.escape(said)}</b> "
            f"({html.escape(info.label)} {value}). {html.escape(reason)}</div>"
        )
        return widgets.HBox([button, text])
