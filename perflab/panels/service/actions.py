"""`ServiceActions`: the bar of buttons of a service's panel, and for how long a run goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.actions import Action
from perflab.panels.copying import copy_button
from perflab.panels.explained import titled
from perflab.panels.field_error import FieldError
from perflab.panels.presses import Presses
from perflab.units import parse_quantity

_USUAL = "20s"
_LENGTH = (
    "For how long requests come in a run, such as 20s or 2m; it goes on when this tab is closed."
)
_RUN = (
    "Run the real service with these settings: each worker a process, before a Valkey (or Redis) "
    "and a PostgreSQL of perflab's own. Sliders that are moved meanwhile do not change it."
)
_STOP = "Let no more requests come, and keep what was measured."
_WITH = (
    "Whether what the scenario's field says happens in the run: Redis is killed, workers restart."
)
_COPY = "Copy the answer in ten lines of Markdown, for a pull request."
_KEYS = {
    "reset": Action(
        "Reset", "undo", "End the run and put all settings back to where they were.", "auto"
    ),
    "budget": Action(
        "Split budget",
        "pie-chart",
        "Split memory and connections between the stages, within the limits of the field, and say "
        "where more would pay.",
        "auto",
    ),
    "fleet": Action(
        "Size fleet",
        "server",
        "Size the pools of all processes within max_connections, now and at the autoscaler's most, "
        "against one shared PgBouncer.",
        "auto",
    ),
    "export": Action(
        "Export report",
        "file-text-o",
        "Write a report of all that this panel has found: report.html, report.md and report.json "
        "in a new folder.",
        "auto",
    ),
}
_CALLS = ("budget", "fleet")
"""What these find stands in a tab below, where the page scrolls to."""


class ServiceActions:
    """The buttons; each handler must return at once.

    Args:
        handlers: By ``run``, ``reset``, ``budget``, ``fleet`` and ``export``.
    """

    def __init__(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        presses = Presses()
        self.run = widgets.Button(layout=widgets.Layout(width="74px"), disabled=True)
        self.run.on_click(lambda _: presses.press("run", handlers["run"]))
        self.buttons = {"run": self.run}
        for key, action in _KEYS.items():
            button = widgets.Button(
                description=action.word,
                icon=action.icon,
                tooltip=action.tooltip,
                disabled=True,
                layout=widgets.Layout(width=action.width),
            )
            handler = handlers[key]
            button.on_click(lambda _, key=key, handler=handler: presses.press(key, handler))
            if key in _CALLS:
                button.add_class("perflab-calls")
            self.buttons[key] = button
        self.seconds = 20.0
        self.length = widgets.Text(
            value=_USUAL,
            tooltip=_LENGTH,
            continuous_update=False,
            layout=widgets.Layout(width="52px"),
        )
        self.length.observe(lambda change: self._read(str(change["new"])), "value")
        self._valid = _USUAL
        self.error = FieldError(self.length, self._restore)
        self.happens = widgets.Checkbox(
            value=False,
            indent=False,
            description="with the scenario",
            tooltip=_WITH,
            layout=widgets.Layout(width="auto"),
        )
        self._copy = widgets.HTML()
        label = widgets.HTML(f"<span class='perflab-line'{titled(_LENGTH)}>for</span>")
        gap = widgets.HTML()
        gap.add_class("perflab-gap")
        first = [self.run, label, self.length, self.happens, self.error.widget]
        others = [each for key, each in self.buttons.items() if key != "run"]
        self.widget = widgets.HBox([*first, gap, *others, self._copy])
        self.widget.add_class("perflab-bar")
        self.show(running=False, enabled={})

    def show(self, *, running: bool, enabled: Mapping[str, bool]) -> None:
        """Show what can be done now.

        Args:
            running: Whether a run is going, so that Run is Stop.
            enabled: By key, whether a button can be used.
        """
        word = "Stop" if running else "Run"
        if self.run.description != word:
            self.run.description, self.run.tooltip = word, _STOP if running else _RUN
            self.run.icon = "stop" if running else "play"
            self.run.button_style = "danger" if running else "primary"
        for key, usable in enabled.items():
            if self.buttons[key].disabled == usable:
                self.buttons[key].disabled = not usable

    def offer(self, summary: str) -> None:
        """Let a summary be copied; nothing for an empty one."""
        shown = copy_button("Copy summary", _COPY, summary)
        if shown != self._copy.value:
            self._copy.value = shown

    def _read(self, text: str) -> None:
        try:
            seconds = parse_quantity(text, "seconds")
        except BadInputError:
            seconds = 0.0
        if not 0 < seconds <= 86_400:
            self.error.say("must be a time such as 20s or 2m, at most a day")
            return
        self.seconds, self._valid = seconds, text
        self.error.clear()

    def _restore(self) -> None:
        self.length.value = self._valid
