"""The buttons of what a bench can do to a run that is going, such as killing its server."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from perflab.bench.session import Action
from perflab.lab.live import LiveRun
from perflab.panels.presses import Presses
from perflab.panels.status import StatusLine, hidden_line, show_line
from perflab.units import grouped, in_words

PATIENCE = 30.0
_LOOK_SECONDS = 0.05
_PART = "action"


class BenchActions:
    """A row of buttons, one for each action, and the server's state; nothing without actions.

    Args:
        actions: What a bench can do.
        act: Called with the action whose button was pressed; must return at once.
    """

    def __init__(self, actions: Sequence[Action], act: Callable[[Action], None]) -> None:
        self.buttons: dict[str, widgets.Button] = {}
        for action in actions:
            button = widgets.Button(
                description=action.word,
                icon=action.icon,
                tooltip=action.meaning,
                disabled=True,
                layout=widgets.Layout(width="auto"),
            )
            button.on_click(lambda button, action=action: self._press(button, action))
            self.buttons[action.name] = button
        self._actions = tuple(actions)
        self._act = act
        self._presses = Presses()
        self.state = hidden_line("perflab-server-state")
        tells = any(action.needs for action in self._actions)
        self.widget = widgets.HBox([*self.buttons.values(), *([self.state] if tells else [])])
        self.widget.add_class("perflab-actions")
        self.widget.layout.display = None if self.buttons else "none"

    def show(self, *, going: bool, server_up: bool | None, under_way: str | None) -> None:
        """Say what the server is, and let those buttons be pressed whose action can be done.

        Args:
            going: Whether there is a run that takes actions.
            server_up: As `Session.server_up` returns it.
            under_way: The name of the action that is being done, if one is.
        """
        for action in self._actions:
            enabled = going and under_way is None and action.possible(server_up)
            button = self.buttons[action.name]
            if button.disabled == enabled:
                button.disabled = not enabled
        show_line(self.state, html.escape(self._state(going, server_up, under_way)))

    def _press(self, button: widgets.Button, action: Action) -> None:
        # A press may have waited in the kernel until its button was disabled.
        if not button.disabled:
            self._presses.press(action.name, lambda: self._act(action))

    def _state(self, going: bool, server_up: bool | None, under_way: str | None) -> str:
        if not going:
            return "server: waits for a run"
        doing = next((each for each in self._actions if each.name == under_way), None)
        if doing is not None:
            return f"server: {doing.meanwhile or f'{doing.word} is under way'}"
        if server_up is None:
            return "server: none of perflab's own behind this run, so nothing to kill or restart"
        return "server: up" if server_up else "server: down"


def perform(live: LiveRun, action: Action, status: StatusLine, patience: float = PATIENCE) -> None:
    """Do an action to a run, wait until it is done, and say so or why it could not be."""
    before = _times_done(live, action)
    live.trouble = None
    began = time.monotonic()
    live.act(action.name)
    end = began + patience
    while live.state in ("running", "paused") and time.monotonic() < end:
        if live.trouble is not None:
            status.say(_PART, "")
            status.fail(f"{action.word}: {live.trouble}")
            return
        if _times_done(live, action) > before:
            status.say(
                _PART, f"{action.word}: done at {in_words(live.changes[-1]['seconds'], 'seconds')}"
            )
            return
        waited = grouped(int(time.monotonic() - began))
        status.say(_PART, f"{action.word}: under way, {waited} s", "busy")
        time.sleep(_LOOK_SECONDS)
    going = live.state in ("running", "paused")
    status.say(
        _PART, f"{action.word}: not done after {in_words(patience, 'seconds')}" if going else ""
    )


def forget(status: StatusLine) -> None:
    """Take away what was said of the last action."""
    status.say(_PART, "")


def _times_done(live: LiveRun, action: Action) -> int:
    return sum(change.get("action") == action.name for change in live.changes)
