"""The picture of a bench's heat maps."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import numpy as np
import numpy.typing as npt

from perflab.bench import AnyBench, HeatMap
from perflab.charts import Mark, MarkKind, chart_row
from perflab.charts.heat_map import BAR_ROOM, HeatMapAxes
from perflab.charts.marks import MOVING
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import Alternative, place_in_words, points_in_words
from perflab.panels.canvas import BlitCanvas
from perflab.panels.layout import close_all
from perflab.panels.pointer import Steering
from perflab.panels.views import BOTTOM, HEIGHT, TOP, Point, change_points

WIDTH = 385
WIDEST = 450
ALONE = 32

Values = npt.NDArray[np.float64]


class MapView:
    """The maps of a bench in one picture, hidden while there is none. Safe for several threads.

    Args:
        bench: Whose maps.
        beside: Whether charts stand beside them, whose room for a legend they leave too.

    Attributes:
        alternative: What the picture says, in words; another widget for each picture.
    """

    def __init__(self, bench: AnyBench, *, beside: bool = False) -> None:
        self._bench = bench
        self._top = TOP if beside else ALONE
        self._lock = threading.Lock()
        self._canvas: BlitCanvas | None = None
        self.alternative = Alternative()
        self.maps: list[HeatMapAxes] = []
        self._values: list[Values] = []
        self._points: dict[MarkKind, Point] = {}
        self._note = ""
        self._steering: Steering | None = None
        self.widget = beside_each_other([], 0)
        self.widget.layout.display = "none"

    def begin(
        self, maps: Sequence[HeatMap], axes: Sequence[tuple[list[object], list[object]]]
    ) -> None:
        """Show other maps, of which nothing is known yet.

        Args:
            maps: What they show; none hides the picture.
            axes: The columns and rows of each.
        """
        with self._lock:
            for old in self.widget.children:
                close_all(old)
            self.widget.children = ()
            self.widget.layout.display = "none"
            self.maps, self._values, self._canvas = [], [], None
            if not maps:
                return
            size = (WIDTH * len(maps), HEIGHT - TOP + self._top)
            figure, row = chart_row(len(maps), *size, top=self._top, right=BAR_ROOM, bottom=BOTTOM)
            for each, drawn, (columns, rows) in zip(maps, row, axes, strict=True):
                self.maps.append(HeatMapAxes(drawn, each, self._bench, columns, rows))
                self._values.append(np.full((len(rows), len(columns)), np.nan))
            self._canvas = BlitCanvas(figure, WIDEST * len(maps), self.redraw)
            if self._steering is not None:
                self._canvas.steer(self._steering)
            self._canvas.image.add_class("perflab-picture")
            self._canvas.image.add_class("perflab-maps")
            self.alternative = Alternative()
            self._draw()
            self.widget.children = (self._canvas.widget, self.alternative.widget)
            self.widget.layout.flex = _flex(len(maps))
            self.widget.layout.display = None

    def show(
        self,
        values: Sequence[Values] | None = None,
        points: Mapping[MarkKind, Point | None] | None = None,
        note: str | None = None,
    ) -> None:
        """Show other values or marks; what is not given stays, a mark of None goes."""
        with self._lock:
            moved = change_points(self._points, points)
            same = note is None or note == self._note
            if note is not None:
                self._note = note
            if values is not None:
                self._values = list(values)
            self._draw(moves=same and moved <= MOVING)

    def steer(self, steering: Steering) -> None:
        """Let the dot of the present settings be moved, on these maps and those to come."""
        with self._lock:
            self._steering = steering
            if self._canvas is not None:
                self._canvas.steer(steering)

    def redraw(self) -> None:
        """Draw what is shown once more."""
        with self._lock:
            self._draw()

    def _draw(self, *, moves: bool = False) -> None:
        if self._canvas is None:
            return
        moves = moves and self._canvas.moves_alone
        marks = [self._marks(drawn) for drawn in self.maps]
        full = [
            drawn.update(values, of_map, self._note)
            for drawn, values, of_map in zip(self.maps, self._values, marks, strict=True)
        ]
        artists = [artist for drawn in self.maps for artist in drawn.artists]
        now = self._points.get("now")
        here = None if now is None else now.settings
        if moves and not any(full) and all(drawn.keeps_cells for drawn in self.maps):
            self._canvas.tell(self.maps, here)
        else:
            self._canvas.draw(artists, full=any(full), charts=self.maps, now=here)
        self.alternative.say(" ".join(map(self._in_words, self.maps)))

    def _in_words(self, drawn: HeatMapAxes) -> str:
        """Return what a map says at each mark, whose height is a setting's and not the metric's."""
        name = drawn.heat_map.metric
        marks = [
            Mark("", math.nan, point.metrics.get(name, math.nan), kind)
            for kind, point in self._points.items()
        ]
        now = self._points.get("now")
        place = (
            ""
            if now is None
            else ", ".join(
                place_in_words(axis.info, getattr(now.settings, axis.info.key))
                for axis in (drawn.x, drawn.y)
            )
        )
        return points_in_words(drawn.heat_map.title, drawn.metric, marks, place)

    def _marks(self, drawn: HeatMapAxes) -> list[Mark]:
        info = metric(drawn.heat_map.metric)
        marks = []
        for kind, point in self._points.items():
            x, y = (
                axis.place(getattr(point.settings, axis.info.key)) for axis in (drawn.x, drawn.y)
            )
            value = point.metrics.get(info.name)
            label = info.format(value) if kind == "now" and value is not None else ""
            marks.append(Mark(label, x, y, kind))
        return marks


def beside_each_other(pictures: Sequence[widgets.Widget], axes: int) -> widgets.VBox:
    """Return a box that takes half a row for each of so many axes."""
    return widgets.VBox(pictures, layout=widgets.Layout(flex=_flex(axes), min_width="0"))


def _flex(axes: int) -> str:
    return f"0 1 {50 * axes}%"
