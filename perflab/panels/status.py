"""The status line: what is going on, what a reader must know, and what went wrong."""

from __future__ import annotations

import html
import logging
import threading
from collections.abc import Sequence
from typing import Literal

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text

MOST_WORDS = 600
"""Of an error on a panel, which may hold what a file or a server says, or what was typed."""

Mood = Literal["idle", "busy", "live", "held", "exact"]

_log = logging.getLogger(__name__)


class StatusLine:
    """One line of several parts, each set on its own; sent only when it changes.

    Attributes:
        widget: What is going on, and what went wrong.
        remarks: What a reader must know, elsewhere.
    """

    def __init__(self) -> None:
        self.remarks = hidden_line("perflab-remarks")
        self.widget = widgets.HTML()
        self.widget.add_class("perflab-status")
        self._lock = threading.Lock()
        self._parts: dict[str, tuple[Mood, str]] = {}
        self._remarks: tuple[str, ...] = ()
        self._problem = ""

    @property
    def problem(self) -> str:
        """The error shown, or an empty text."""
        return self._problem

    @property
    def text(self) -> str:
        """All that is shown, as plain text."""
        parts = [text for _, text in self._parts.values()]
        return " · ".join([*parts, *self._remarks, *([self._problem] if self._problem else [])])

    def say(self, part: str, text: str, mood: Mood = "idle") -> None:
        """Set what one part of the panel is doing; an empty text takes it away."""
        with self._lock:
            if text:
                self._parts[part] = (mood, text)
            else:
                self._parts.pop(part, None)
            self._show()

    def remark(self, remarks: Sequence[str]) -> None:
        """Set what a reader must know."""
        with self._lock:
            self._remarks = tuple(remarks)
            show_line(self.remarks, " · ".join(map(html.escape, self._remarks)))

    def clear(self) -> None:
        """Take the error away."""
        with self._lock:
            self._problem = ""
            self._show()

    def fail(self, error: Exception | str) -> None:
        """Show an error in one line: a user's mistake as it is, ours with its kind."""
        text = what_failed(error)
        with self._lock:
            self._problem = foreign_text(text, MOST_WORDS)
            self._show()

    def _show(self) -> None:
        said = [
            f"<span class='now {mood}'>{html.escape(text)}</span>"
            for mood, text in self._parts.values()
        ]
        if self._problem:
            said.append(f"<span class='problem'>{html.escape(self._problem)}</span>")
        shown = " &nbsp; ".join(said)
        if shown != self.widget.value:
            self.widget.value = shown


def what_failed(error: Exception | str) -> str:
    """Return an error in words: a user's mistake as it is, ours with its kind."""
    if isinstance(error, (str, BadInputError)):
        return str(error)
    _log.debug("shown on the panel", exc_info=error)
    return f"perflab failed: {type(error).__name__}: {error}"


def hidden_line(style: str) -> widgets.HTML:
    """Return a line that is hidden until `show_line` or `explain` has something to show."""
    line = widgets.HTML(layout=widgets.Layout(display="none"))
    line.add_class(style)
    return line


def show_line(line: widgets.HTML, shown: str) -> None:
    """Show HTML in a line, or hide it for an empty text; it is sent only when it changes."""
    if shown != line.value:
        line.value = shown
        line.layout.display = None if shown else "none"


def explain(line: widgets.HTML, message: str) -> None:
    """Show what is wrong with what a user entered, which the message may repeat."""
    show_line(line, html.escape(foreign_text(message, MOST_WORDS)))


def in_a_line(words: Sequence[str]) -> str:
    """Return some findings as HTML in one line, the first in bold."""
    said = [html.escape(word) for word in words]
    return " · ".join([f"<b>{said[0]}</b>", *said[1:]]) if said else ""
