"""`ReadingLine`: how far a workload is read, in words and per cent, and a button to give it up."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from perflab.errors.foreign_text import foreign_text
from perflab.units import percent

_MOST_NAME = 80


class ReadingLine:
    """A bar, a line of words and *Cancel*; hidden while nothing is read.

    Args:
        cancel: Called when the user gives the reading up; returns at once.
        tell: Called with the words whenever they change, and with an empty text at the end.
    """

    def __init__(self, cancel: Callable[[], None], tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._name = ""
        self.bar = widgets.FloatProgress(
            min=0, max=1, layout=widgets.Layout(width="180px", height="14px", flex="0 0 auto")
        )
        self.words = widgets.HTML()
        self.words.add_class("perflab-line")
        self.cancel = widgets.Button(
            description="Cancel",
            icon="times",
            tooltip="Stop reading; the workload stays as it is.",
            layout=widgets.Layout(width="90px", flex="0 0 auto"),
        )
        self.widget = widgets.HBox(
            [self.bar, self.words, self.cancel],
            layout=widgets.Layout(align_items="center", display="none"),
        )
        self.cancel.on_click(lambda _: cancel())

    def begin(self, name: str) -> None:
        """Show that a workload is being read."""
        self._name = foreign_text(name, _MOST_NAME)
        self.bar.value = 0.0
        self._say(f"reading {self._name}")
        self.cancel.layout.display = self.bar.layout.display = None
        self.widget.layout.display = None

    def show(self, done: int, total: int) -> None:
        """Show how far that is; it is sent per whole per cent."""
        share = min(1.0, int(100 * done / total) / 100) if total > 0 else 0.0
        if share != self.bar.value:
            self.bar.value = share
            self._say(f"reading {self._name}: {percent(share)}")

    def end(self, words: str = "") -> None:
        """Show that nothing is read any more, and words on how that came, if there are any."""
        self._say("")
        self.words.value = html.escape(words)
        self.cancel.layout.display = self.bar.layout.display = "none"
        self.widget.layout.display = None if words else "none"

    def _say(self, words: str) -> None:
        self.words.value = html.escape(words)
        self._tell(words)
