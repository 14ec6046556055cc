"""`EventsList`: what happened during a run, a line each, the newest first."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.errors.foreign_text import foreign_text
from perflab.lab.documents import AlertReport, Change
from perflab.lab.run_events import RunEvent, events_of
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning
from perflab.panels.run_words import GOES_ON
from perflab.panels.status import show_line
from perflab.settings import Settings
from perflab.units import counted

MOST_LINES = 40
_LONGEST = 300
_EMPTY = f"no events yet; a run {GOES_ON}, and ends after its limit"


class EventsList:
    """Settings that were changed, actions that were done and alerts that have fired.

    Args:
        bench: Whose runs they are of.

    Attributes:
        events: All of them, in the order in which they happened; charts mark them.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        self._began_with: Mapping[str, str] = {}
        self.events: Sequence[RunEvent] = ()
        self.widget = widgets.HTML()
        self.widget.add_class("perflab-events")
        self.begin()

    def begin(self, *began_with: Settings) -> None:
        """Empty the list, for a run that begins with these settings."""
        self._began_with = {key: text for of in began_with for key, text in of.describe().items()}
        self._put(())

    def show(self, changes: Sequence[Change], alerts: Sequence[AlertReport]) -> None:
        """Show what has happened so far; it is sent only when something has."""
        self._put(tuple(events_of(self._bench, self._began_with, list(changes), alerts)))

    def _put(self, events: Sequence[RunEvent]) -> None:
        self.events = events
        latest = events[-MOST_LINES:]
        lines = "".join(map(_line, reversed(latest)))
        earlier = len(events) - len(latest)
        more = f"<li>and {counted(earlier, 'earlier event')}</li>" if earlier else ""
        head = f"<div class='perflab-line'><b{titled(meaning('event'))}>Events</b>"
        said = f" · {counted(len(events), 'event')}" if events else f" · {_EMPTY}"
        shown = f"{head}{said}</div>"
        show_line(self.widget, f"{shown}<ul>{lines}{more}</ul>" if events else shown)


def _line(event: RunEvent) -> str:
    at = html.escape(event.at)
    words = html.escape(foreign_text(event.words, _LONGEST))
    style = " class='perflab-fired'" if event.kind == "alert" else ""
    return f"<li><span class='perflab-unit'>{at}</span> <span{style}>{words}</span></li>"
