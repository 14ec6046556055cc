"""The panel's head: what it is, its workload, where its costs come from, what is behind."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.lab.calibration import Calibration, age_in_words
from perflab.panels.found import describe, found_in
from perflab.panels.status import hidden_line, show_line
from perflab.units import percent
from perflab.workloads import Workload
from perflab.workloads.importers.dispatch import HowRead


class Header:
    """Title and question, and below them workload, servers of a run and calibration in two lines.

    Args:
        bench: Whose title it is.
        picker: Shown and hidden by a button; it stands elsewhere.
        measure: Measures the costs again; must return at once.
        beside: What stands beside the title, in its line.
    """

    def __init__(
        self,
        bench: AnyBench,
        picker: widgets.Widget,
        measure: Callable[[], object],
        beside: widgets.Widget,
    ) -> None:
        title = widgets.HTML(
            "<span class='perflab-title' role='heading' aria-level='2'>"
            f"{html.escape(bench.identity.title)}</span>"
            f"<span class='perflab-question'>{html.escape(bench.identity.question)}</span>"
        )
        title.add_class("perflab-headline-title")
        self.workload = widgets.HTML()
        self.calibration = widgets.HTML()
        self.servers = hidden_line("perflab-line")
        for line in (self.workload, self.calibration):
            line.add_class("perflab-line")
        self.toggle = widgets.ToggleButton(
            description="Workload",
            icon="folder-open-o",
            tooltip="Choose another workload: a built-in one, a file path, or an upload.",
            layout=widgets.Layout(width="108px", flex="0 0 auto"),
        )
        self.toggle.add_class("perflab-picks")
        self.again = widgets.Button(
            description="Measure again",
            icon="refresh",
            tooltip="Measure on this machine what the predictions rest on; takes some seconds.",
            disabled=True,
            layout=widgets.Layout(width="128px", flex="0 0 auto"),
        )
        self.again.on_click(lambda _: measure())
        self._picker = picker
        self._follows_rate = bench.live.follows_rate
        self._shown: Workload | None = None
        self._words: dict[bool, str] = {}
        picker.layout.display = "none"
        self.toggle.observe(lambda change: self._open(change["new"]), "value")
        self.notes = hidden_line("perflab-notes")
        row = widgets.HBox([title, beside, self.toggle, self.again])
        row.add_class("perflab-head")
        lines = widgets.HBox([self.workload, self.servers, self.calibration])
        lines.add_class("perflab-lines")
        self.widget = widgets.VBox([row, lines, self.notes])
        self.reading("reading the workload")

    def reading(self, text: str) -> None:
        """Say that no workload is there yet."""
        self.workload.value = html.escape(text)

    def show(self, workload: Workload, found: HowRead | None = None) -> None:
        """Show the workload, and below it how its file was read and what was found in it."""
        self._shown = workload
        self._words = {True: describe(workload)}
        self.workload.value = self._words[True]
        show_line(self.notes, found_in(workload, found))

    def heed(self, values: Mapping[str, object]) -> None:
        """Say of the workload that its rate has no effect, where that is so at some settings."""
        if self._shown is None:
            return
        follows, words = self._follows_rate(values), self._words
        # It takes a look at all requests, which is too long for each move of a slider.
        if follows not in words:
            words[follows] = describe(self._shown, follows_rate=follows)
        self.workload.value = words[follows]

    def show_calibration(self, calibration: Calibration) -> None:
        """Show where the costs come from in a few words, and all that is known of it on demand."""
        said, band = calibration.describe(), calibration.band
        if band is None:
            self.calibration.value = html.escape(said)
            return
        when = age_in_words(calibration.date) or calibration.date[:10]
        spread = f"± {percent(band)}".replace(" ", "\u00a0")
        short = html.escape(f"costs measured {when}, {spread}")
        self.calibration.value = f"<details><summary>{short}</summary>{html.escape(said)}</details>"

    def measurable(self, *, usable: bool) -> None:
        """Let the costs be measured again, or not."""
        if self.again.disabled == usable:
            self.again.disabled = not usable

    def show_servers(self, about: Mapping[str, str]) -> None:
        """Show which servers a run has behind it; nothing where there is none."""
        said = ", ".join(f"{name} ({text})" for name, text in about.items())
        show_line(self.servers, html.escape(f"Server: {said}") if said else "")

    def _open(self, wanted: bool) -> None:
        self._picker.layout.display = None if wanted else "none"
