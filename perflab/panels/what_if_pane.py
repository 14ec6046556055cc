"""`WhatIfPane`: all of the what-if side: a first row of charts, and the rest below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench, Observed, WhatIfChart
from perflab.charts import MarkKind
from perflab.charts.error_bands import Lines
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.frame import Frame
from perflab.panels.map_view import MapView, Values
from perflab.panels.pointer import Steering
from perflab.panels.row_picture import Place
from perflab.panels.status import hidden_line, in_a_line, show_line
from perflab.panels.time_view import TimeView
from perflab.panels.views import HEIGHT, Point, WhatIfView
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
ENLARGED_HEIGHT = 330
"""CSS pixels of a main chart that stands alone."""


class WhatIfPane:
    """The what-if pictures of a bench. Safe to use from several threads.

    A slider's move is answered by the first row; the rest is drawn after it has left.

    Args:
        bench: Whose charts and maps.

    Attributes:
        first: The main charts, as many beside each other as have room.
        others: A picture for each chart of its own: main charts that have none, then all others.
    """

    def __init__(self, bench: AnyBench) -> None:
        charts = bench.display.what_if_charts
        self.first = WhatIfView(bench, charts[:A_ROW])
        self.others = [
            WhatIfView(bench, (chart,), 1 / 2, shown=number >= A_ROW)
            for number, chart in enumerate(charts)
        ]
        self.maps = MapView(bench)
        self.standing = PolicyComparison()
        self.times = TimeView(bench)
        self._lines: Sequence[Lines] | None = None
        self._points: dict[MarkKind, Point | None] = {}

    def place(self, frame: Frame, enlarged: int | None = None) -> None:
        """Draw all for the room that the page gives.

        Args:
            frame: That room.
            enlarged: The main chart that stands alone in its row, if one does.
        """
        count = len(self.first.charts)
        row = tuple(range(min(count, frame.charts_in_row)))
        first = row if enlarged is None or enlarged >= count else (enlarged,)
        height = HEIGHT if first == row else ENLARGED_HEIGHT
        self.first.place(Place(frame.main, height, frame.scale(frame.main), first, frame.theme))
        for number, view in enumerate(self.others):
            shown = () if number in row else (0,)
            scale = frame.scale(frame.column)
            view.place(Place(frame.column, HEIGHT, scale, shown, frame.theme))
        self.maps.place(frame)
        self.times.place(frame)

    def wake(self, *, charts: bool, maps: bool, times: bool) -> None:
        """Draw what is seen, and no more what is not: the first row always is."""
        for view in self.others:
            view.wake(awake=charts)
        self.maps.wake(awake=maps)
        self.times.wake(awake=times)

    @property
    def points(self) -> dict[MarkKind, Point]:
        """What is marked."""
        return self.first.points

    def reach(self, workload: Workload) -> None:
        """Let the horizontal axes go as far as this workload's curves will."""
        for view in self._views:
            view.reach(workload)

    def turn_to(self, charts: Sequence[WhatIfChart]) -> None:
        """Let what is shown next be of other charts in the same places, if these are others."""
        self.first.turn_to(charts[:A_ROW])
        for view, chart in zip(self.others, charts, strict=True):
            view.turn_to((chart,))

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
        for number, view in enumerate(self.others):
            view.show(None if lines is None else lines[number : number + 1], points)
        self.maps.show(values, points, note)

    @property
    def _views(self) -> list[WhatIfView]:
        return [self.first, *self.others]
