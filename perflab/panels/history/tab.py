"""`HistoryTab`: the list on the panel, with undo, redo and what can be done with each entry."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from perflab.files import csv_frame, free_names, whole_path
from perflab.instrumentation.catalog import metric
from perflab.panels.guests.download import Download
from perflab.panels.history.names import Names
from perflab.panels.history.table import clock_time, comparison, differing, frame_of, words_of
from perflab.panels.history.tried import Trail, Tried
from perflab.panels.status import hidden_line, show_line

_SHOWN = 50


class HistoryTab:
    """Shows what was tried, the latest first.

    Args:
        names: What settings and metrics are called.
        trail: What was tried.
        restore: Called with an entry whose settings a user wants back.
        pin: Called with an entry that is to be the baseline; none where there is no baseline.
        guest: Whether the table is downloaded, and no file is written.
    """

    def __init__(
        self,
        names: Names,
        trail: Trail,
        restore: Callable[[Tried], None],
        pin: Callable[[Tried], None] | None,
        *,
        guest: bool = False,
    ) -> None:
        self._names, self._trail = names, trail
        self._restore, self._pin = restore, pin
        self.download = Download() if guest else None
        self.undo = _button("Undo", "undo", "Go back to the settings before these.")
        self.redo = _button("Redo", "repeat", "Go on to the settings after these.")
        self.compare = _button("Compare", "columns", "Put the ticked ones side by side.")
        self.export = _button("Export CSV", "download", "Write all of them as a table.")
        self.undo.on_click(lambda _: self._step(self._trail.undo))
        self.redo.on_click(lambda _: self._step(self._trail.redo))
        self.compare.on_click(lambda _: self.toggle_comparison())
        self.export.on_click(lambda _: self.write())
        self._said = hidden_line("perflab-line")
        self._list = widgets.VBox([])
        self._list.add_class("perflab-history")
        self._side = widgets.HTML(layout=widgets.Layout(display="none"))
        self._rows: dict[int, _Row] = {}
        self._lock = threading.RLock()
        self._seen: tuple[object, ...] = ()
        buttons = widgets.HBox([self.undo, self.redo, self.compare, self.export])
        if self.download is not None:
            buttons.children += (self.download,)
        buttons.add_class("perflab-history-buttons")
        self.widget = widgets.VBox([buttons, self._said, self._side, self._list])
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now; nothing is sent where nothing is other.

        Safe to use from several threads.
        """
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        entries = self._trail.entries
        self.undo.disabled = self._trail.place <= 0
        self.redo.disabled = not 0 <= self._trail.place < len(entries) - 1
        self.compare.disabled = self.export.disabled = not entries
        keys = differing(entries) or [self._names.always]
        seen = (self._trail.place, *(_line(self._names, entry, keys) for entry in entries))
        if seen == self._seen:
            for number, row in self._rows.items():
                row.entry = entries[number]
            return
        self._seen = seen
        # A row is some ten widgets: those that are there stay, with other words where they differ.
        before, self._rows = self._rows, {}
        for number in range(len(entries))[: -_SHOWN - 1 : -1]:
            row = before.pop(number) if number in before else self._row()
            self._rows[number], row.entry = row, entries[number]
            line = _line(self._names, entries[number], keys)
            row.show(line, present=number == self._trail.place)
        self._list.children = [row.widget for row in self._rows.values()]
        for row in before.values():
            row.close()

    def toggle_comparison(self) -> None:
        """Show the comparison, which then follows the ticks, or take it away again."""
        if self._side.layout.display is None:
            self._side.layout.display = "none"
        else:
            self.show_comparison()

    def _ticked(self) -> None:
        if self._side.layout.display is None:
            self.show_comparison()

    def show_comparison(self) -> None:
        """Put the ticked entries side by side; all that are shown where none is ticked."""
        entries = self._trail.entries
        numbers = sorted(n for n, row in self._rows.items() if row.tick.value) or sorted(self._rows)
        self._side.value = comparison(
            self._names, [entries[number] for number in numbers if number < len(entries)]
        )
        self._side.layout.display = None

    def write(self) -> Path | None:
        """Write all entries as CSV under a new name in the working folder and return its path.

        A guest gets a link that downloads them, and no file is written.

        Raises:
            BadInputError: If it cannot be written.
        """
        name = Path(f"perflab-tried-{self._names.of.replace('_', '-')}.csv")
        text = csv_frame(frame_of(self._trail.plain))
        if self.download is not None:
            self.download.offer(name.name, text)
            return None
        path = next(each for each in free_names(name) if not each.exists())
        with whole_path(path, new=True) as scratch:
            scratch.write_text(text, encoding="utf-8")
        show_line(self._said, f"wrote {html.escape(str(path))}")
        return path

    def _step(self, move: Callable[[], Tried | None]) -> None:
        entry = move()
        if entry is not None:
            self._restore(entry)
        self.refresh()

    def _row(self) -> _Row:
        row = _Row(pinnable=self._pin is not None)
        row.tick.observe(lambda _: self._ticked(), "value")
        row.back.on_click(lambda _: self._step(lambda: self._go(row.entry)))
        if row.pin is not None and (pinned := self._pin) is not None:
            row.pin.on_click(lambda _: None if row.entry is None else pinned(row.entry))
        return row

    def _go(self, entry: Tried | None) -> Tried | None:
        """Go to an entry, if it is in the list still."""
        for number, each in enumerate(self._trail.entries):
            if each is entry:
                return self._trail.go(number)
        return None


class _Row:
    """One entry of the list, with its tick and its buttons.

    Attributes:
        entry: What they act on; none before there is one.
    """

    def __init__(self, *, pinnable: bool) -> None:
        self.entry: Tried | None = None
        self.tick = widgets.Checkbox(
            value=False, indent=False, tooltip="Compare it with the others that are ticked."
        )
        self.tick.add_class("perflab-tried")
        self.back = _button("Restore", "", "")
        self.pin = _button("Pin", "", "") if pinnable else None
        buttons = (self.back,) if self.pin is None else (self.back, self.pin)
        self.widget = widgets.HBox([self.tick, *buttons])

    def show(self, line: str, *, present: bool) -> None:
        """Show an entry in words, and whether it is the present one."""
        mark = self.tick.add_class if present else self.tick.remove_class
        mark("perflab-present")
        if self.tick.description != line:
            self.tick.description = line
            self.back.tooltip = f"Set {line}"
            if self.pin is not None:
                self.pin.tooltip = f"Make it the baseline: {line}"

    def close(self) -> None:
        """Close all that it consists of."""
        for each in (*self.widget.children, self.widget):
            each.close()


def _button(name: str, icon: str, tooltip: str) -> widgets.Button:
    return widgets.Button(
        description=name, icon=icon, tooltip=tooltip, layout=widgets.Layout(width="auto")
    )


def _line(names: Names, entry: Tried, keys: list[str]) -> str:
    """Return an entry in words: time, settings that differ, and the metric that matters."""
    name = names.leading
    info = metric(name)
    said = [
        f"{kind} {info.format(entry[kind][name])}"
        for kind in ("predicted", "refitted", "measured")
        if name in entry[kind]
    ]
    return f"{clock_time(entry)}  {words_of(names, entry, keys)}: {info.plain} {', '.join(said)}"
