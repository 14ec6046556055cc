"""`ServiceHead`: what the panel is, its workload, and the way to another workload."""

from __future__ import annotations

import html

import ipywidgets as widgets

from perflab.panels.found import describe, found_in
from perflab.panels.status import hidden_line, show_line
from perflab.workloads import Workload
from perflab.workloads.importers.dispatch import HowRead

TITLE = "Service"
QUESTION = "Where does the next GiB pay, and what survives when something fails?"


class ServiceHead:
    """Title and question, then the workload.

    Args:
        picker: Shown and hidden by a button; it stands elsewhere.
    """

    def __init__(self, picker: widgets.Widget) -> None:
        title = widgets.HTML(
            f"<span class='perflab-title' role='heading' aria-level='2'>{TITLE}</span>"
            f"<span class='perflab-question'>{QUESTION}</span>"
        )
        title.add_class("perflab-headline-title")
        self.toggle = widgets.ToggleButton(
            description="Workload",
            icon="folder-open-o",
            tooltip="Choose another workload: a built-in one, a file path, or an upload.",
            layout=widgets.Layout(width="108px", flex="0 0 auto"),
        )
        self.toggle.add_class("perflab-picks")
        self.toggle.observe(lambda change: self._open(wanted=bool(change["new"])), "value")
        self.workload = widgets.HTML(html.escape("reading the workload"))
        self.workload.add_class("perflab-line")
        self.notes = hidden_line("perflab-notes")
        self._picker = picker
        self._open(wanted=False)
        row = widgets.HBox([title, self.toggle])
        row.add_class("perflab-head")
        self.widget = widgets.VBox([row, self.workload, self.notes])

    def show(self, workload: Workload, found: HowRead | None) -> None:
        """Show the workload, and below it how its file was read and what was found in it."""
        self.workload.value = describe(workload)
        show_line(self.notes, found_in(workload, found))

    def missing(self) -> None:
        """Say that no workload is there yet, and open the picker."""
        self.workload.value = html.escape("no workload yet: choose one below")
        self.toggle.value = True

    def _open(self, *, wanted: bool) -> None:
        self._picker.layout.display = None if wanted else "none"
