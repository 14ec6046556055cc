"""The row of buttons: the verbs of perflab on the panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.panels.presses import Presses


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """One button: its word, its icon, and what it does in a sentence."""

    word: str
    icon: str
    tooltip: str
    width: str
    style: str = ""


RUN = Action(
    "Run",
    "play",
    "Run the real pattern with these settings in a process of its own, until you stop it or its "
    "limit is reached. It goes on when this tab is closed.",
    "74px",
    "primary",
)
STOP = Action("Stop", "stop", "End the run and keep what it measured.", "74px", "danger")
PAUSE = Action("Pause", "pause", "Pause the load; the pattern keeps its state.", "86px")
RESUME = Action("Resume", "play", "Resume the load.", "86px")
RESET = Action(
    "Reset",
    "undo",
    "End the run, empty the live charts, forget the baseline and put all settings back to where "
    "they were at the start.",
    "74px",
)
PIN = Action(
    "Pin baseline",
    "thumb-tack",
    "Keep the present settings as the baseline that others are compared with.",
    "114px",
)
RECOMMEND = Action(
    "Recommend", "magic", "Look for the smallest settings that are good enough.", "114px"
)
EXPORT = Action(
    "Export report",
    "file-text-o",
    "End the run, if one is going, and write report.html, report.md and report.json into a new "
    "folder; its name is set under Limits and report.",
    "120px",
)

_KEYS = {
    "run": RUN,
    "pause": PAUSE,
    "reset": RESET,
    "pin": PIN,
    "recommend": RECOMMEND,
    "export": EXPORT,
}
_GAPS_BEFORE = ("pin", "export")


DOWNLOAD = dataclasses.replace(
    EXPORT, tooltip="End the run, if one is going, and make a report to download."
)


class Actions:
    """The buttons, and the field for the report's folder, which stands elsewhere.

    Args:
        handlers: By ``run``, ``pause``, ``reset``, ``pin``, ``recommend`` and ``export``; each
            must return at once.
        folder: How the name begins that a report gets unless the user says another.
        beside: What stands behind a button, by its key.
        guest: Whether a report is downloaded, and no folder is named.
    """

    def __init__(
        self,
        handlers: Mapping[str, Callable[[], None]],
        folder: str,
        beside: Mapping[str, widgets.Widget] | None = None,
        *,
        guest: bool = False,
    ) -> None:
        presses = Presses()
        shown = {**_KEYS, "export": DOWNLOAD} if guest else _KEYS
        self.buttons = {key: _button(action) for key, action in shown.items()}
        # What it finds stands below the charts, where the page scrolls to.
        self.buttons["recommend"].add_class("perflab-calls")
        self.folder = widgets.Text(
            value="",
            placeholder=f"{folder}-...",
            tooltip="The folder of the report; where empty, named after workload and time. "
            "One that is there stays, and the report gets a number behind its name.",
            layout=widgets.Layout(width="auto", display="none" if guest else None),
        )
        parts: list[widgets.Widget] = []
        for key, button in self.buttons.items():
            if key in _GAPS_BEFORE:
                gap = widgets.HTML()
                gap.add_class("perflab-gap")
                parts.append(gap)
            parts += [button, *([beside[key]] if beside and key in beside else [])]
            handler = handlers[key]
            button.on_click(lambda _, key=key, handler=handler: presses.press(key, handler))
        self.widget = widgets.HBox(parts)
        self.widget.add_class("perflab-bar")

    def show(self, *, running: bool, paused: bool, enabled: Mapping[str, bool]) -> None:
        """Show what can be done now; a button that cannot be used is disabled."""
        _dress(self.buttons["run"], STOP if running else RUN)
        _dress(self.buttons["pause"], RESUME if paused else PAUSE)
        for key, usable in enabled.items():
            if self.buttons[key].disabled == usable:
                self.buttons[key].disabled = not usable


def _button(action: Action) -> widgets.Button:
    button = widgets.Button(disabled=True, layout=widgets.Layout(width=action.width))
    _dress(button, action)
    return button


def _dress(button: widgets.Button, action: Action) -> None:
    if button.description == action.word:
        return
    button.description = action.word
    button.icon = action.icon
    button.tooltip = action.tooltip
    button.button_style = action.style
