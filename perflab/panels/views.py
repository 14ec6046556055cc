"""Pictures of the panel: a row of what-if charts, and the row of live charts."""

from __future__ import annotations

import dataclasses
import math
import operator
import threading
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench, Observed, WhatIfChart
from perflab.charts import LiveAxes, Mark, MarkKind, WhatIfAxes, chart_row, legend_on_top
from perflab.charts.error_bands import Lines
from perflab.charts.live import Rows
from perflab.charts.marks import MARK_NAMES, MOVING
from perflab.charts.observed import observed_marks
from perflab.instrumentation.catalog import metric
from perflab.lab.documents import Change
from perflab.lab.row_table import RowTable
from perflab.panels.alternative import Alternative, place_in_words, points_in_words, run_in_words
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.canvas import BlitCanvas
from perflab.panels.pointer import Steering
from perflab.settings import Settings
from perflab.workloads import Workload

WIDTH = 770
WIDEST = 900
HEIGHT = 256
TOP = 59
BOTTOM = 54


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


class WhatIfView:
    """Some what-if charts of a bench in one picture. Safe to use from several threads.

    Args:
        bench: Whose charts.
        charts: Which of them.
        share: Of the width of a whole row; a part of one leaves marks to the legend above it.

    Attributes:
        alternative: What the picture says, in words.
    """

    def __init__(self, bench: AnyBench, charts: Sequence[WhatIfChart], share: float = 1.0) -> None:
        self._bench = bench
        self._unnamed = set(MARK_NAMES.values()) - {MARK_NAMES["best"]} if share < 1 else set()
        self._lock = threading.Lock()
        self._figure, row = chart_row(
            len(charts), round(WIDTH * share), HEIGHT, top=TOP, bottom=BOTTOM
        )
        self.charts = [
            WhatIfAxes(axes, chart, bench, looks_from=first)
            for axes, chart, first in zip(row, charts, _first_looks(charts), strict=True)
        ]
        self._canvas = BlitCanvas(self._figure, round(WIDEST * share), self.redraw)
        self._canvas.image.add_class("perflab-picture")
        self._canvas.image.add_class("perflab-what-if" if share == 1 else "perflab-more")
        self.alternative = Alternative()
        self._lines: Sequence[Lines] = [{} for _ in row]
        self._points: dict[MarkKind, Point] = {}
        self._observed: Observed | None = None
        self._anew = True
        self._workload: Workload | None = None
        self._legend: list[str] = []
        self._draw()

    @property
    def widget(self) -> widgets.Box:
        """The picture, and what answers the pointer over it."""
        return self._canvas.widget

    @property
    def image(self) -> widgets.Image:
        """The picture alone."""
        return self._canvas.image

    def steer(self, steering: Steering) -> None:
        """Let the dot of the present settings be moved."""
        self._canvas.steer(steering)

    def share(self, budget: ByteBudget) -> None:
        """Take its pictures off a panel's budget."""
        self._canvas.budget = budget

    def redraw(self) -> None:
        """Draw what is shown once more."""
        with self._lock:
            self._draw()

    @property
    def points(self) -> dict[MarkKind, Point]:
        """What is marked."""
        return dict(self._points)

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

    def _draw(self, *, moves: bool = False) -> None:
        """Draw it all, or where only marks have moved that the layer shows, let that move them."""
        marks = [self._marks(chart) for chart in self.charts]
        moves = moves and self._canvas.moves_alone and not self._anew
        full = [
            chart.update(lines, of_chart, highlight=self._highlight(chart))
            for chart, lines, of_chart in zip(self.charts, self._lines, marks, strict=True)
        ]
        named = {str(one.get_label()): one for chart in self.charts for one in chart.handles}
        used = [name for name in MARK_NAMES.values() if name in named]
        ordered = [*(name for name in named if name not in used), *used]
        handles = {name: named[name] for name in ordered if name not in self._unnamed}
        changed = list(handles) != self._legend
        if changed:
            self._legend = list(handles)
            legend_on_top(self._figure, list(handles.values()))
        artists = [artist for chart in self.charts for artist in chart.artists]
        now = self._points.get("now")
        here = None if now is None else now.settings
        moves = moves and not changed and all(chart.keeps_lines for chart in self.charts)
        if moves and not any(full):
            self._canvas.tell(self.charts, here)
        else:
            self._anew = False
            self._canvas.draw(artists, full=changed or any(full), charts=self.charts, now=here)
        said = map(self._in_words, self.charts, marks, self._lines)
        self.alternative.say(" ".join(said))

    def _in_words(self, chart: WhatIfAxes, marks: Sequence[Mark], lines: Lines) -> str:
        now = self._points.get("now")
        along = chart.info
        place = "" if now is None else place_in_words(along, getattr(now.settings, along.key))
        named = lines if chart.chart.lines is not None else ()
        return points_in_words(chart.chart.title, chart.metric, marks, place, named)

    def _marks(self, chart: WhatIfAxes) -> list[Mark]:
        info = metric(chart.chart.metric)
        marks = observed_marks(chart.chart, self._observed)
        for kind, point in self._points.items():
            y = point.metrics.get(info.name)
            if y is None or not math.isfinite(y):
                continue
            x = getattr(point.settings, chart.chart.along)
            label = info.format(y) if kind == "now" else point.note * (chart is self.charts[0])
            joins = point.curve.get(info.name)
            marks.append(
                Mark(label, math.inf if x is None else float(x), y, kind, joins=_finite(joins))
            )
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
    changed = {kind for kind, point in (others or {}).items() if points.get(kind) != point}
    for kind in changed:
        point = (others or {})[kind]
        if point is None:
            del points[kind]
        else:
            points[kind] = point
    return changed


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


class LiveView:
    """The live charts of a bench in one picture. Safe to use from several threads.

    Attributes:
        alternative: What the picture says, in words.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._lock = threading.Lock()
        self._figure, row = chart_row(len(bench.display.live_charts), WIDTH, 218)
        self._canvas = BlitCanvas(self._figure, WIDEST, self._read)
        self._canvas.image.add_class("perflab-picture")
        self._canvas.image.add_class("perflab-live")
        self.charts = [
            LiveAxes(axes, chart)
            for axes, chart in zip(row, bench.display.live_charts, strict=True)
        ]
        self.alternative = Alternative()
        self.show([])

    @property
    def widget(self) -> widgets.Box:
        """The picture, and what answers the pointer over it."""
        return self._canvas.widget

    def share(self, budget: ByteBudget) -> None:
        """Take its pictures off a panel's budget."""
        self._canvas.budget = budget

    def _read(self) -> None:
        with self._lock:
            self._canvas.tell_pointed(self.charts)

    def show(self, rows: Rows, changes: Sequence[Change] = (), *, may_wait: bool = False) -> None:
        """Show a run so far; no rows empty the charts.

        Args:
            rows: Of the run.
            changes: Of its settings.
            may_wait: Leave it to a later call, where the panel has sent much of late.
        """
        if may_wait and self._canvas.budget.seconds_left:
            return
        table = RowTable.of(rows)
        with self._lock:
            full = [chart.update(table, changes=changes) for chart in self.charts]
            artists = [artist for chart in self.charts for artist in chart.artists]
            self._canvas.draw(artists, full=any(full))
            self._canvas.tell_pointed(self.charts)
            shown = [chart.chart for chart in self.charts]
            said = (run_in_words(chart.title, chart.metrics, table.last) for chart in shown)
            self.alternative.say(" ".join(said))
