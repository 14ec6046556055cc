"""`MapView`: a picture for each of a bench's heat maps."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D

from perflab.bench import AnyBench, HeatMap
from perflab.charts import Mark, MarkKind, chart_row, legend_on_top, place_row
from perflab.charts.heat_map import BAR_ROOM, HeatMapAxes
from perflab.charts.marks import MARK_NAMES, MOVING, mark_handle
from perflab.charts.themes import LIGHT
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import Alternative, place_in_words, points_in_words
from perflab.panels.canvas import BlitCanvas
from perflab.panels.frame import Frame
from perflab.panels.layout import close_all
from perflab.panels.pointer import Steering
from perflab.panels.views import HEIGHT, TOP, Point, change_points

WIDTH = 385
"""CSS pixels, until the page has told how wide it is."""

_MARGINS = {"top": TOP, "right": BAR_ROOM, "bottom": 41}

Values = npt.NDArray[np.float64]
GridAxes = tuple[list[object], list[object]]


class MapView:
    """The maps of a bench, hidden while there is none. Safe to use from several threads.

    Args:
        bench: Whose maps.

    Attributes:
        alternatives: What each picture says, in words.
        widget: All pictures.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        self._lock = threading.RLock()
        self._canvases: list[BlitCanvas] = []
        self._legends: list[list[str]] = []
        self.alternatives: list[Alternative] = []
        self.maps: list[HeatMapAxes] = []
        self._values: list[Values] = []
        self._points: dict[MarkKind, Point] = {}
        self._note = ""
        self._width, self._scale, self._theme = WIDTH, 2.0, LIGHT
        self._awake, self._outdated = True, False
        self._steering: Steering | None = None
        self.widget = widgets.HBox([], layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-pictures")

    def place(self, frame: Frame) -> None:
        """Draw them in another room, if it is another."""
        with self._lock:
            wanted = (frame.column, frame.scale(frame.column), frame.theme)
            if wanted == (self._width, self._scale, self._theme):
                return
            self._width, self._scale, self._theme = wanted
            # The same pictures go on, so that who moves a dot by keys keeps it.
            for drawn, canvas in zip(self.maps, self._canvases, strict=True):
                size = (self._width, HEIGHT)
                place_row(canvas.figure, [drawn.axes], *size, **_MARGINS, scale=self._scale)
                canvas.fit(self._width)
                canvas.theme = self._theme
                drawn.refit()
            self._legends = [[] for _ in self.maps]
            self._draw()

    def wake(self, *, awake: bool) -> None:
        """Draw them no more while nobody sees them, or again from now on."""
        with self._lock:
            self._awake = awake
            if awake and self._outdated:
                self._draw()

    def begin(self, maps: Sequence[HeatMap], axes: Sequence[GridAxes]) -> None:
        """Show other maps, of which nothing is known yet.

        Args:
            maps: What they show; none hides the pictures.
            axes: The columns and rows of each.
        """
        with self._lock:
            self._values = [np.full((len(rows), len(columns)), np.nan) for columns, rows in axes]
            self._build(maps, axes)
            self._draw()

    def _build(self, maps: Sequence[HeatMap], axes: Sequence[GridAxes]) -> None:
        for box in self.widget.children:
            close_all(box)
        self._canvases, self.maps, self._legends, self.alternatives = [], [], [], []
        boxes = []
        for each, (columns, rows) in zip(maps, axes, strict=True):
            size = (self._width, HEIGHT)
            figure, (drawn,) = chart_row(1, *size, **_MARGINS, scale=self._scale)
            canvas = BlitCanvas(figure, self._width, self.redraw, maps=[drawn])
            canvas.fit(self._width)
            canvas.theme = self._theme
            if self._steering is not None:
                canvas.steer(self._steering)
            canvas.image.add_class("perflab-picture")
            canvas.image.add_class("perflab-maps")
            self.maps.append(HeatMapAxes(drawn, each, self._bench, columns, rows))
            self._canvases.append(canvas)
            self._legends.append([])
            self.alternatives.append(Alternative())
            boxes.append(widgets.VBox([canvas.widget, self.alternatives[-1].widget]))
        self.widget.children = boxes
        self.widget.layout.display = None if boxes else "none"

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
            for canvas in self._canvases:
                canvas.steer(steering)

    def redraw(self) -> None:
        """Draw what is shown once more."""
        with self._lock:
            self._draw()

    def _draw(self, *, moves: bool = False) -> None:
        self._outdated = not self._awake
        if self._outdated:
            return
        now = self._points.get("now")
        here = None if now is None else now.settings
        for number, (drawn, canvas) in enumerate(zip(self.maps, self._canvases, strict=True)):
            alone = moves and canvas.moves_alone
            full = drawn.update(self._values[number], self._marks(drawn), self._note)
            handles = _handles(drawn)
            names = [str(handle.get_label()) for handle in handles]
            if names != self._legends[number]:
                self._legends[number], full = names, True
                legend_on_top(canvas.figure, handles)
            if alone and not full and drawn.keeps_cells:
                canvas.tell([drawn], here)
            else:
                canvas.draw(drawn.artists, full=full, charts=[drawn], now=here)
            self.alternatives[number].say(self._in_words(drawn))

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


def _handles(drawn: HeatMapAxes) -> list[Line2D]:
    """Return what a legend shows; the present settings also while nothing is known of them."""
    name = MARK_NAMES["now"]
    others = [handle for handle in drawn.handles if handle.get_label() != name]
    return [mark_handle("now"), *others]
