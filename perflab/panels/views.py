"""`WhatIfView`: a row of what-if charts in one picture, with one legend for all."""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Mapping, Sequence

from matplotlib.lines import Line2D

from perflab.bench import AnyBench, Observed, WhatIfChart
from perflab.charts import Mark, MarkKind, WhatIfAxes, legend_on_top, style
from perflab.charts.error_bands import Lines
from perflab.charts.marks import MARK_NAMES, MOVING
from perflab.charts.observed import observed_marks
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import place_in_words, points_in_words
from perflab.panels.pointer import Steering
from perflab.panels.row_picture import RowPicture
from perflab.settings import Settings
from perflab.workloads import Workload

HEIGHT = 228
TOP = 56
BOTTOM = 54
_COMMON = 5
"""CSS pixels below the label of an axis that all charts share."""
_TITLE = 22
"""CSS pixels between a legend and the axes, for their titles."""


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """Settings, and metrics predicted or measured there: a mark on every what-if chart.

    Attributes:
        settings: Where it stands.
        metrics: What it says.
        curve: What the curves say there, where it is joined to them.
        note: Why it is off them.
    """

    settings: Settings
    metrics: Mapping[str, float]
    curve: Mapping[str, float] = dataclasses.field(default_factory=dict)
    note: str = ""


class WhatIfView(RowPicture):
    """Some what-if charts of a bench in one picture. Safe to use from several threads.

    Args:
        bench: Whose charts.
        charts: Which of them.
        share: Of the width of a whole row.
        shown: Whether it is there before it gets a place.

    Attributes:
        charts: All of them, also those that are not shown.
    """

    def __init__(
        self,
        bench: AnyBench,
        charts: Sequence[WhatIfChart],
        share: float = 1.0,
        *,
        shown: bool = True,
    ) -> None:
        super().__init__(
            len(charts),
            share=share,
            height=HEIGHT,
            top=TOP,
            bottom=BOTTOM,
            style="perflab-what-if" if share == 1 else "perflab-more",
            shown=shown,
        )
        self._bench = bench
        self.charts = [
            WhatIfAxes(axes, chart, bench, looks_from=first)
            for axes, chart, first in zip(self._row, charts, _first_looks(charts), strict=True)
        ]
        self._lines: Sequence[Lines] = [{} for _ in charts]
        self._points: dict[MarkKind, Point] = {}
        self._observed: Observed | None = None
        self._anew = True
        self._common = self._figure.text(
            0.0, 0.0, "", ha="center", va="bottom", color=style.QUIET, fontsize=style.LABEL_SIZE
        )
        self._workload: Workload | None = None
        self._legend: list[str] = []
        self._draw()

    @property
    def points(self) -> dict[MarkKind, Point]:
        """What is marked."""
        return dict(self._points)

    def steer(self, steering: Steering) -> None:
        """Let the dot of the present settings be moved."""
        self._canvas.steer(steering)

    def reach(self, workload: Workload) -> None:
        """Let the horizontal axes go as far as this workload's curves will."""
        with self._lock:
            self._workload = workload
            for drawn in self.charts:
                self._reach(drawn)

    def turn_to(self, charts: Sequence[WhatIfChart]) -> None:
        """Let what is shown next be of other charts, as many as before, if these are others."""
        with self._lock:
            for drawn, chart in zip(self.charts, charts, strict=True):
                if drawn.chart != chart:
                    drawn.turn_to(chart)
                    self._reach(drawn)
                    self._legend = []

    def observe(self, observed: Observed | None) -> None:
        """Let what is shown next have points that were measured elsewhere, or none."""
        with self._lock:
            self._anew = self._anew or observed != self._observed
            self._observed = observed

    def show(
        self,
        lines: Sequence[Lines] | None = None,
        points: Mapping[MarkKind, Point | None] | None = None,
    ) -> None:
        """Show other lines, or other marks; what is not given stays, a mark of None goes."""
        if self._is_drawn:
            self._canvas.budget.wait()
        with self._lock:
            same = lines is None or _are_same(lines, self._lines)
            if lines is not None:
                self._lines = lines
            moved = change_points(self._points, points)
            self._draw(moves=same and moved <= MOVING)

    def _reach(self, drawn: WhatIfAxes) -> None:
        if self._workload is not None:
            values = self._bench.axis(drawn.chart.along, self._workload)
            drawn.reach(values[0], values[-1])

    @property
    def _charts(self) -> Sequence[WhatIfAxes]:
        return self.charts

    @property
    def _shown(self) -> list[WhatIfAxes]:
        return [self.charts[number] for number in self._place.shown]

    def _arrange(self) -> None:
        super()._arrange()
        self._legend = []

    def _redraw(self, *, moves: bool) -> None:
        shown, lines = self._shown, [self._lines[number] for number in self._place.shown]
        marks = [self._marks(chart) for chart in shown]
        moves = moves and self._canvas.moves_alone and not self._anew
        shared = len(shown) > 1 and len({chart.chart.along for chart in shown}) == 1
        for chart in shown:
            chart.label(labelled=not shared)
        full = self._update(lines, marks)
        self._share_label(shown[0].along_label if shared else "")
        handles = self._handles()
        if list(handles) != self._legend:
            full = True
            self._entitle(handles)
            if self._top < (needed := self._needed):
                # The axes give way, so that nothing is covered and nothing below them moves.
                self._top = needed
                self._arrange()
                self._update(lines, marks)
                self._entitle(handles)
                self.titles_moved()
        now = self._points.get("now")
        here = None if now is None else now.settings
        if moves and not full and all(chart.keeps_lines for chart in shown):
            self._canvas.tell(shown, here)
        else:
            self._anew = False
            self._canvas.draw(self._artists, full=full, charts=shown, now=here)
        said = map(self._in_words, shown, marks, lines)
        self.alternative.say(" ".join(said))

    def _share_label(self, label: str) -> None:
        """Put the label that all charts share below the middle of their row; empty for none."""
        axes = [chart.axes for chart in self._shown]
        tall = self._figure.get_size_inches()[1] * 100
        middle = (axes[0].get_position().x0 + axes[-1].get_position().x1) / 2
        self._common.set(text=label, position=(middle, _COMMON / tall))

    def _entitle(self, handles: Mapping[str, Line2D]) -> None:
        self._legend = list(handles)
        legend_on_top(self._figure, list(handles.values()))

    @property
    def _needed(self) -> int:
        """CSS pixels for the legend, and for the titles below it."""
        heights = [legend.get_window_extent().height for legend in self._figure.legends]
        return math.ceil(max(heights, default=0.0) / self._place.scale) + _TITLE

    def _update(self, lines: Sequence[Lines], marks: Sequence[Sequence[Mark]]) -> bool:
        """Update the charts that are shown; say whether one must be drawn in full."""
        changed = [
            chart.update(of_chart, points, highlight=self._highlight(chart))
            for chart, of_chart, points in zip(self._shown, lines, marks, strict=True)
        ]
        return any(changed)

    def _handles(self) -> dict[str, Line2D]:
        """Return what the legend shows, by name: lines first, then marks in use."""
        named = {str(one.get_label()): one for chart in self._shown for one in chart.handles}
        used = [name for name in MARK_NAMES.values() if name in named]
        ordered = [*(name for name in named if name not in used), *used]
        return {name: named[name] for name in ordered}

    def _in_words(self, chart: WhatIfAxes, marks: Sequence[Mark], lines: Lines) -> str:
        now = self._points.get("now")
        along = chart.info
        place = "" if now is None else place_in_words(along, getattr(now.settings, along.key))
        named = [chart.named(label) for label in lines if chart.chart.lines is not None]
        return points_in_words(chart.chart.title, chart.metric, marks, place, named)

    def _marks(self, chart: WhatIfAxes) -> list[Mark]:
        info = metric(chart.chart.metric)
        marks = observed_marks(chart.chart, self._observed)
        for kind, point in self._points.items():
            y = point.metrics.get(info.name)
            if y is None or not math.isfinite(y):
                continue
            x = getattr(point.settings, chart.chart.along)
            label = info.format(y) if kind == "now" else point.note * (chart is self._shown[0])
            joins = _finite(point.curve.get(info.name))
            marks.append(Mark(label, math.inf if x is None else float(x), y, kind, joins=joins))
        return marks

    def _highlight(self, chart: WhatIfAxes) -> str | None:
        now = self._points.get("now")
        if chart.chart.lines is None:
            return chart.chart.metric
        return None if now is None else str(getattr(now.settings, chart.chart.lines))


def change_points(
    points: dict[MarkKind, Point], others: Mapping[MarkKind, Point | None] | None
) -> set[MarkKind]:
    """Take over other points, of which None removes one; return the kinds that are others now."""
    changed = {kind: point for kind, point in (others or {}).items() if points.get(kind) != point}
    for kind, point in changed.items():
        if point is None:
            del points[kind]
        else:
            points[kind] = point
    return {*changed}


def _are_same(lines: Sequence[Lines], before: Sequence[Lines]) -> bool:
    return len(lines) == len(before) and all(map(operator.is_, lines, before))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _first_looks(charts: Sequence[WhatIfChart]) -> list[int]:
    """Return where each chart's looks begin: charts of the same lines share them."""
    begins: dict[str, int] = {}
    taken = 0
    for chart in charts:
        if chart.lines is not None and chart.lines not in begins:
            begins[chart.lines] = taken
            taken += len(chart.values)
    return [begins.get(chart.lines or "", 0) for chart in charts]
