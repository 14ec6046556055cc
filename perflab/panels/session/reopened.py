"""`ReopenedLine`: says that a session was reopened, and offers to start afresh."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime

import ipywidgets as widgets

from perflab.panels.status import hidden_line, show_line


class ReopenedLine:
    """A line that is hidden until there is something to say, beside a button.

    Args:
        afresh: Called when a user wants none of a session that was reopened.

    Attributes:
        afresh: The button.
    """

    def __init__(self, afresh: Callable[[], object]) -> None:
        self._told = hidden_line("perflab-line")
        self.afresh = widgets.Button(
            description="Start afresh", tooltip="Put everything back to what this cell says."
        )
        self.afresh.on_click(lambda _: self.say(""))
        self.afresh.on_click(lambda _: afresh())
        self.widget = widgets.HBox([self._told, self.afresh], layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-reopened")

    def say(self, text: str) -> None:
        """Show a text and the button; nothing for an empty one."""
        show_line(self._told, html.escape(text))
        self.widget.layout.display = None if text else "none"


def kept_at(date: object) -> str:
    """Return when a session was written, in the local time.

    Args:
        date: As its environment has it, ISO 8601.
    """
    try:
        when = datetime.fromisoformat(str(date)).astimezone()
    except (ValueError, OverflowError):
        return "before"
    return when.strftime("%Y-%m-%d %H:%M")
