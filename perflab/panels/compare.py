"""`Compare`: which values of a setting have a line of their own in the what-if charts."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.bench import AnyBench, WhatIfChart
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning

Changed = Callable[[str, tuple[object, ...]], None]


class Compare:
    """A button for each value that a chart can draw a line for; pressed ones have theirs.

    Args:
        bench: Whose charts.
        changed: Called with the setting and its chosen values, in the chart's order.
    """

    def __init__(self, bench: AnyBench, changed: Changed) -> None:
        self._changed = changed
        self._bench = bench
        self._silent = False
        self.buttons: dict[str, dict[object, widgets.ToggleButton]] = {}
        rows: list[widgets.Widget] = []
        for chart in bench.display.what_if_charts:
            if chart.lines is None or chart.lines in self.buttons or len(chart.values) < 2:
                continue
            rows.append(self._row(chart, chart.lines))
        self.widget = widgets.VBox(rows, layout=widgets.Layout(display=None if rows else "none"))

    def chosen(self, key: str) -> tuple[object, ...]:
        """Return the values of a setting that have a line."""
        return tuple(value for value, button in self.buttons[key].items() if button.value)

    def choose(self, values: Mapping[str, object]) -> None:
        """Choose other values, by setting; what is not there any more is left out."""
        for key, buttons in self.buttons.items():
            wanted = values.get(key)
            if isinstance(wanted, list | tuple):
                for value, button in buttons.items():
                    button.value = value in wanted

    def reset(self) -> None:
        """Choose what was chosen at the start."""
        self._silent = True
        try:
            for chart in self._bench.display.what_if_charts:
                for value, button in self.buttons.get(chart.lines or "", {}).items():
                    button.value = value in (chart.compared or chart.values)
        finally:
            self._silent = False
        for key in self.buttons:
            self._changed(key, self.chosen(key))

    def _row(self, chart: WhatIfChart, key: str) -> widgets.Widget:
        info = self._bench.info(key)
        buttons = {}
        for value in chart.values:
            button = widgets.ToggleButton(
                description=info.title(value),
                value=value in (chart.compared or chart.values),
                tooltip=f"Draw a line for {info.name} {info.title(value)}.",
                layout=widgets.Layout(width="auto"),
            )
            button.observe(lambda _: self._tell(key), "value")
            buttons[value] = button
        self.buttons[key] = buttons
        name = widgets.HTML(f"<span{titled(meaning('compare'))}>{html.escape(info.label)}</span>")
        name.add_class("perflab-label")
        chips = widgets.HBox(list(buttons.values()))
        chips.add_class("perflab-chips")
        return widgets.VBox([name, chips])

    def _tell(self, key: str) -> None:
        if not self._silent:
            self._changed(key, self.chosen(key))
