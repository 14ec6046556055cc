"""`WhatIfPane`: all of the what-if side: a first row of charts, and beside each other the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench, Observed, WhatIfChart
from perflab.charts import MarkKind
from perflab.charts.error_bands import Lines
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.map_view import MapView, Values, beside_each_other
from perflab.panels.pointer import Steering
from perflab.panels.status import hidden_line, in_a_line, show_line
from perflab.panels.time_view import TimeView
from perflab.panels.views import Point, WhatIfView
from perflab.tuning.standing import Standing
from perflab.workloads import Workload


class PolicyComparison:
    """Hidden where a bench compares nothing."""

    def __init__(self) -> None:
        self.widget = hidden_line("perflab-standing")

    @property
    def text(self) -> str:
        """What is said, as HTML."""
        return str(self.widget.value)

    def show(self, standing: Standing | None) -> None:
        """Show a standing; it is sent only when it changes."""
        show_line(self.widget, in_a_line(standing.words() if standing else ()))


A_ROW = 3


class WhatIfPane:
    """The what-if pictures of a bench. Safe to use from several threads.

    A slider's move is answered by the first row; the rest is drawn after it has left.

    Args:
        bench: Whose charts and maps.
    """

    def __init__(self, bench: AnyBench) -> None:
        charts = bench.display.what_if_charts
        self.first = WhatIfView(bench, charts[:A_ROW])
        more = charts[A_ROW:]
        self.more = WhatIfView(bench, more, len(more) / 2) if more else None
        self.maps = MapView(bench, beside=bool(more))
        self.standing = PolicyComparison()
        self.times = TimeView(bench)
        beside = [self.maps.widget, *self.times.boxes]
        if self.more is not None:
            pictured = [self.more.widget, self.more.alternative.widget]
            beside.insert(0, beside_each_other(pictured, len(more)))
        rest = widgets.HBox(beside)
        rest.add_class("perflab-beside")
        first = [self.first.widget, self.first.alternative.widget]
        self.widget = widgets.VBox([*first, self.standing.widget, rest, self.times.words])
        self._lines: Sequence[Lines] | None = None
        self._points: dict[MarkKind, Point | None] = {}

    @property
    def points(self) -> dict[MarkKind, Point]:
        """What is marked."""
        return self.first.points

    @property
    def halves(self) -> int:
        """How many charts and maps stand two in a row, before those over time."""
        return (0 if self.more is None else len(self.more.charts)) + len(self.maps.maps)

    def reach(self, workload: Workload) -> None:
        """Let the horizontal axes go as far as this workload's curves will."""
        for view in self._views:
            view.reach(workload)

    def turn_to(self, charts: Sequence[WhatIfChart]) -> None:
        """Let what is shown next be of other charts in the same places, if these are others."""
        self.first.turn_to(charts[:A_ROW])
        if self.more is not None:
            self.more.turn_to(charts[A_ROW:])

    def steer(self, steering: Steering) -> None:
        """Let the dot of the present settings be moved, in all pictures."""
        for view in self._views:
            view.steer(steering)
        self.maps.steer(steering)

    def share(self, budget: ByteBudget) -> None:
        """Take the pictures of the charts off a panel's budget."""
        for view in self._views:
            view.share(budget)

    def observe(self, observed: Observed | None) -> None:
        """Let what is shown next have points that were measured elsewhere, or none."""
        for view in self._views:
            view.observe(observed)

    def show(
        self,
        lines: Sequence[Lines] | None = None,
        points: Mapping[MarkKind, Point | None] | None = None,
    ) -> None:
        """Show other lines, or other marks, in all pictures; a mark of None goes."""
        self.show_first(lines, points)
        self.show_rest()

    def show_first(
        self,
        lines: Sequence[Lines] | None = None,
        points: Mapping[MarkKind, Point | None] | None = None,
    ) -> None:
        """Show them in the first row; `show_rest` has the others follow."""
        if lines is not None:
            self._lines = lines
        self._points |= points or {}
        self.first.show(None if lines is None else lines[:A_ROW], points)

    def show_rest(self, values: Sequence[Values] | None = None, note: str | None = None) -> None:
        """Let the other pictures show what the first row shows, and the maps other values."""
        lines, points = self._lines, dict(self._points)
        if self.more is not None:
            self.more.show(None if lines is None else lines[A_ROW:], points)
        self.maps.show(values, points, note)

    @property
    def _views(self) -> list[WhatIfView]:
        return [self.first, *([] if self.more is None else [self.more])]
