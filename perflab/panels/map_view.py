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
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import Alternative, place_in_words, points_in_words
from perflab.panels.canvas import BlitCanvas
from perflab.panels.views import BOTTOM, HEIGHT, TOP, Point

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
                old.close()
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
            self._canvas = BlitCanvas(figure, WIDEST * len(maps))
            self._canvas.image.add_class("perflab-picture")
            self._canvas.image.add_class("perflab-maps")
            self.alternative = Alternative()
            self._draw()
            self.widget.children = (self._canvas.image, self.alternative.widget)
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
            for kind, point in (points or {}).items():
                if point is None:
                    self._points.pop(kind, None)
                else:
                    self._points[kind] = point
            if note is not None:
                self._note = note
            if values is not None:
                self._values = list(values)
            self._draw()

    def _draw(self) -> None:
        if self._canvas is None:
            return
        marks = [self._marks(drawn) for drawn in self.maps]
        full = [
            drawn.update(values, of_map, self._note)
            for drawn, values, of_map in zip(self.maps, self._values, marks, strict=True)
        ]
        artists = [artist for drawn in self.maps for artist in drawn.artists]
        self._canvas.draw(artists, full=any(full))
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
