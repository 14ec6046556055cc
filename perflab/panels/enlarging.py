"""`Enlarging`: a button at each main chart, which lets it stand alone with its strip of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.panels.live_view import LiveView
from perflab.panels.views import WhatIfView


class Enlarging:
    """The main charts above their strips, and a button before each chart's title.

    Args:
        above: The main charts.
        below: Their strips of time.
        changed: Called when another chart stands alone, or none any more; draws both.

    Attributes:
        enlarged: The number of the chart that stands alone, if one does.
    """

    def __init__(self, above: WhatIfView, below: LiveView, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._syncing = False
        self._above = above
        self._in_row = len(above.charts)
        self.enlarged: int | None = None
        self.buttons = [self._button(number) for number in range(len(above.charts))]
        charts = widgets.VBox([*above.pictured, *self.buttons])
        charts.add_class("perflab-enlarging")
        self.widget = widgets.VBox([charts, *below.pictured])
        above.titles_moved = self._follow
        self.stand(self._in_row)

    def stand(self, in_row: int) -> None:
        """Put the buttons where the charts are.

        Args:
            in_row: How many charts stand beside each other while none is enlarged.
        """
        self._in_row = min(in_row, len(self.buttons))
        for number, button in enumerate(self.buttons):
            alone = self.enlarged == number
            there = alone or (self.enlarged is None and number < self._in_row)
            button.layout.display = None if there else "none"
            button.layout.left = "2px" if alone else f"calc(100% * {number} / {self._in_row} + 2px)"
            button.layout.bottom = f"{self._above.under_titles}px"
            button.icon = "compress" if alone else "expand"
            title = self._above.charts[number].chart.title
            told = f"Show all main charts again; Escape does so too. Enlarged now: {title}."
            button.tooltip = told if alone else f"Enlarge: {title}."

    def _follow(self) -> None:
        self.stand(self._in_row)

    def shrink(self) -> None:
        """Show all main charts again."""
        self._enlarge(None)

    def _button(self, number: int) -> widgets.ToggleButton:
        button = widgets.ToggleButton(layout=widgets.Layout(width="22px", height="20px"))
        button.add_class("perflab-enlarge")
        button.observe(lambda change: self._press(number, change), "value")
        return button

    def _press(self, number: int, change: Mapping[str, bool]) -> None:
        if not self._syncing:
            self._enlarge(number if change["new"] else None)

    def _enlarge(self, number: int | None) -> None:
        self.enlarged = number
        self._syncing = True
        try:
            for place, button in enumerate(self.buttons):
                button.value = place == number
        finally:
            self._syncing = False
        self._changed()
