"""`HistoryTab`: the list on the panel, with undo, redo and what can be done with each entry."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.files import csv_frame, free_names, whole_path
from perflab.instrumentation.catalog import metric
from perflab.panels.guests.download import Download
from perflab.panels.history.table import clock_time, comparison, differing, frame_of, words_of
from perflab.panels.history.tried import Trail, Tried
from perflab.panels.status import hidden_line, show_line

_SHOWN = 50


class HistoryTab:
    """Shows what was tried, the latest first.

    Args:
        bench: Names settings and metrics.
        trail: What was tried.
        restore: Called with an entry whose settings a user wants back.
        pin: Called with an entry that is to be the baseline.
        guest: Whether the table is downloaded, and no file is written.
    """

    def __init__(
        self,
        bench: AnyBench,
        trail: Trail,
        restore: Callable[[Tried], None],
        pin: Callable[[Tried], None],
        *,
        guest: bool = False,
    ) -> None:
        self._bench, self._trail = bench, trail
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
        self._ticks: dict[int, widgets.Checkbox] = {}
        self._seen: tuple[object, ...] = ()
        buttons = widgets.HBox([self.undo, self.redo, self.compare, self.export])
        if self.download is not None:
            buttons.children += (self.download,)
        buttons.add_class("perflab-history-buttons")
        self.widget = widgets.VBox([buttons, self._said, self._side, self._list])
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now; nothing is sent where nothing is other."""
        entries = self._trail.entries
        self.undo.disabled = self._trail.place <= 0
        self.redo.disabled = not 0 <= self._trail.place < len(entries) - 1
        self.compare.disabled = self.export.disabled = not entries
        keys = differing(entries) or [self._bench.tuning.tuned]
        seen = (self._trail.place, *(_line(self._bench, entry, keys) for entry in entries))
        if seen == self._seen:
            return
        self._seen = seen
        ticked = {number for number, tick in self._ticks.items() if tick.value}
        old = self._list.children
        self._ticks = {}
        shown = list(enumerate(entries))[-_SHOWN:]
        self._list.children = [self._row(n, entry, keys, ticked) for n, entry in reversed(shown)]
        for row in old:
            for child in row.children:
                child.close()
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
        chosen = [number for number, tick in sorted(self._ticks.items()) if tick.value]
        numbers = chosen or sorted(self._ticks)
        self._side.value = comparison(
            self._bench, [entries[number] for number in numbers if number < len(entries)]
        )
        self._side.layout.display = None

    def write(self) -> Path | None:
        """Write all entries as CSV under a new name in the working folder and return its path.

        A guest gets a link that downloads them, and no file is written.

        Raises:
            BadInputError: If it cannot be written.
        """
        name = Path(f"perflab-tried-{self._bench.identity.pattern.replace('_', '-')}.csv")
        text = csv_frame(frame_of(self._trail.entries))
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

    def _row(self, number: int, entry: Tried, keys: list[str], ticked: set[int]) -> widgets.HBox:
        line = _line(self._bench, entry, keys)
        tick = widgets.Checkbox(
            value=number in ticked,
            indent=False,
            description=line,
            tooltip="Compare it with the others that are ticked.",
        )
        tick.add_class("perflab-tried")
        if number == self._trail.place:
            tick.add_class("perflab-present")
        tick.observe(lambda _: self._ticked(), "value")
        self._ticks[number] = tick
        back = _button("Restore", "", f"Set {line}")
        back.on_click(lambda _: self._step(lambda: self._trail.go(number)))
        pin = _button("Pin", "", f"Make it the baseline: {line}")
        pin.on_click(lambda _: self._pin(entry))
        return widgets.HBox([tick, back, pin])


def _button(name: str, icon: str, tooltip: str) -> widgets.Button:
    return widgets.Button(
        description=name, icon=icon, tooltip=tooltip, layout=widgets.Layout(width="auto")
    )


def _line(bench: AnyBench, entry: Tried, keys: list[str]) -> str:
    """Return an entry in words: time, settings that differ, and the metric that matters."""
    name = bench.tuning.objective.metric
    info = metric(name)
    said = [
        f"{kind} {info.format(entry[kind][name])}"
        for kind in ("predicted", "refitted", "measured")
        if name in entry[kind]
    ]
    return f"{clock_time(entry)}  {words_of(bench, entry, keys)}: {info.plain} {', '.join(said)}"
