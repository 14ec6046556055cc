"""The card of a recommendation: settings, the reason in words, and a button that applies them."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench, AnyModel
from perflab.charts.themes import LIGHT, Theme
from perflab.charts.trade_off import trade_off_figure, trade_off_in_words
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import Alternative
from perflab.panels.canvas import StillImage
from perflab.panels.live_check import LiveCheck, is_comparable
from perflab.reports.verdict import tuned_keys
from perflab.tuning.reason import LEFT_OUT
from perflab.tuning.recommend import tune
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.trade_off import trade_off_of
from perflab.units import counted, grouped
from perflab.workloads import Workload

_CHART = (480, 260)
"""In CSS pixels."""


class RecommendationCard:
    """Hidden until there is something to show.

    Args:
        bench: Names the settings that tuning looks for.
        apply: Called with those settings when the user takes them.
        check: Called with a budget in seconds when the user wants them run beside their rivals.

    Attributes:
        check: What offers that, and shows what came of it.
    """

    def __init__(
        self,
        bench: AnyBench,
        apply: Callable[[Mapping[str, object]], None],
        check: Callable[[float], None],
    ) -> None:
        self.check = LiveCheck(check)
        self._bench = bench
        self._leading = bench.tuning.objective.metric
        self._keys: tuple[str, ...] = ()
        self._apply = apply
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="200px"))
        self._how_far = widgets.HTML()
        self.progress = widgets.HBox([self._how_far, self._bar])
        self.widget = widgets.VBox([], layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-card")
        self.buttons: list[widgets.Button] = []
        self._picture: StillImage | None = None
        self._theme = LIGHT

    def wear(self, theme: Theme) -> None:
        """Show the chart of costs in the colours of a theme."""
        self._theme = theme
        if self._picture is not None:
            self._picture.wear(theme)

    def search(
        self,
        workload: Workload,
        values: Mapping[str, object],
        limits: Sequence[str],
        model: AnyModel | None,
    ) -> Recommendation:
        """Look for the settings to ship, with progress; nothing is shown where that fails.

        Raises:
            BadInputError: If a limit is not valid, or the model cannot answer.
            BrokenLimitError: If no setting satisfies the limits.
        """
        self.working(0, 1)
        try:
            return tune(
                self._bench.identity.pattern,
                workload,
                limits=limits,
                settings=values,
                progress=self.working,
                model=model,
            )
        except Exception:
            self.hide()
            raise

    def check_live(
        self,
        workload: Workload,
        values: Mapping[str, object],
        limits: Sequence[str],
        model: AnyModel | None,
        budget: float,
    ) -> Recommendation:
        """Look for the settings to ship and run them beside their rivals, with progress.

        Args:
            workload: What is run; it begins again at its end, as in a run of the panel.
            values: What the user has now.
            limits: What must be kept.
            model: A model of the workload that has computed something already.
            budget: The seconds that all turns together may take.

        Raises:
            BadInputError: If the recommended settings cannot run, or a server is not agreed to.
            RuntimeError: If their child process died.
        """
        self.check.begin()
        try:
            return tune(
                self._bench.identity.pattern,
                workload,
                limits=limits,
                live=True,
                settings={**values, "loop": True},
                model=model,
                budget=budget,
                turn_progress=self.check.progress,
                cancelled=lambda: self.check.cancelled,
            )
        finally:
            self.check.end()

    def working(self, done: int, total: int) -> None:
        """Show how far the search has come."""
        self._bar.value = done / total if total else 0.0
        far = f"{grouped(done)} of {counted(total, 'point')}" if total > 1 else "begun"
        self._how_far.value = f"<div class='perflab-line'>Comparing settings: {far}</div>"
        if self.progress not in self.widget.children:
            self._put([self.progress])

    def hide(self) -> None:
        """Show nothing, and end a check that is going."""
        self.check.cancel()
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
        checks = []
        if is_comparable(found):
            self.check.show(found)
            checks = [self.check.widget]
        self._put([*self._unreached(found), first, *others, *checks, *self._beside(found)])

    def _unreached(self, found: Recommendation) -> list[widgets.HTML]:
        """Return the line that says first what no setting reaches, if so."""
        if not found.unreached:
            return []
        said = html.escape(found.unreached)
        return [widgets.HTML(f"<div class='perflab-line'><b>{said}.</b></div>")]

    def _beside(self, found: Recommendation) -> list[widgets.Widget]:
        """Return what else may change, what was left out, and the chart of costs."""
        said = [f"With {other['name']}: {other['reason']}" for other in found.sensitivity]
        said += [note for note in found.notes if note.startswith(LEFT_OUT)]
        texts = [f"{each[:1].upper()}{each[1:]}." for each in said]
        parts: list[widgets.Widget] = []
        if texts:
            parts.append(
                widgets.HTML(f"<div class='perflab-line'>{html.escape(' '.join(texts))}</div>")
            )
        shown = trade_off_of(found)
        if shown is not None:
            figure = trade_off_figure(shown, self._bench, *_CHART, scale=2.0)
            self._picture = StillImage(figure, _CHART[0], self._theme)
            words = Alternative()
            words.say(trade_off_in_words(shown, self._bench))
            parts += [self._picture.widget, words.widget]
        return parts

    def _put(self, children: list[widgets.Widget]) -> None:
        for old in self.widget.children:
            kept = (self.progress, self.check.widget, *children)
            if old not in kept:
                old.close()
        rows = [child for child in children if isinstance(child, widgets.HBox)]
        self.buttons = [row.children[0] for row in rows if row is not self.progress]
        self.widget.children = children
        self.widget.layout.display = None if children else "none"

    def _row(
        self, name: str, settings: Mapping[str, object], metrics: Mapping[str, float], reason: str
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
            f"{key} = {self._bench.info(key).in_full(value)}" for key, value in chosen.items()
        )
        value = info.format(metrics.get(info.name))
        text = widgets.HTML(
            f"<div class='perflab-line'><b>{html.escape(name)}: {html.escape(said)}</b> "
            f"({html.escape(info.label)} {value}). {html.escape(reason)}</div>"
        )
        return widgets.HBox([button, text])
