"""The buttons of what a bench can do to a run that is going, such as killing its server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from perflab.bench.session import Action
from perflab.lab.live import LiveRun
from perflab.panels.status import StatusLine
from perflab.units import in_words

PATIENCE = 30.0
_LOOK_SECONDS = 0.05
_PART = "action"


class BenchActions:
    """A row of buttons, one for each action; nothing where there is none.

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
            button.on_click(lambda _, action=action: act(action))
            self.buttons[action.name] = button
        self.widget = widgets.HBox(list(self.buttons.values()))
        self.widget.add_class("perflab-actions")
        self.widget.layout.display = None if self.buttons else "none"

    def show(self, *, enabled: bool) -> None:
        """Let the buttons be pressed, or not."""
        for button in self.buttons.values():
            if button.disabled == enabled:
                button.disabled = not enabled


def perform(live: LiveRun, action: Action, status: StatusLine, patience: float = PATIENCE) -> None:
    """Do an action to a run, wait until it is done, and say so or why it could not be."""
    before = _times_done(live, action)
    live.trouble = None
    status.say(_PART, f"{action.word}: under way", "busy")
    live.act(action.name)
    end = time.monotonic() + patience
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
