"""The pictures of a bench's charts over its workload's own time, and what they say in words."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench, TimeChart
from perflab.charts import OverTimeAxes, chart_row, legend_on_top, place_row
from perflab.charts.themes import LIGHT
from perflab.modelling.history import History
from perflab.panels.alternative import Alternative
from perflab.panels.canvas import BlitCanvas
from perflab.panels.frame import Frame
from perflab.panels.layout import close_all
from perflab.panels.status import hidden_line, in_a_line, show_line
from perflab.settings import Settings

WIDTH = 385
"""CSS pixels, until the page has told how wide it is."""
_HEIGHT = 230
_MARGINS = {"top": 56, "bottom": 41}


class TimeView:
    """A picture a chart, hidden while there is none. Safe to use from several threads.

    Args:
        bench: Whose charts.

    Attributes:
        alternatives: What each picture says, in words.
        widget: All pictures, and below them what they say.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        charts = () if bench.over_time is None else bench.over_time.charts
        self._lock = threading.RLock()
        self._canvases: list[BlitCanvas] = []
        self._legends: list[list[str] | None] = []
        self.alternatives: list[Alternative] = []
        self.charts: list[OverTimeAxes] = []
        self.boxes: list[widgets.VBox] = [widgets.VBox([]) for _ in charts]
        self.words = hidden_line("perflab-standing")
        pictures = widgets.HBox(list(self.boxes))
        pictures.add_class("perflab-pictures")
        self.widget = widgets.VBox([pictures, self.words])
        self._width, self._scale, self._theme = WIDTH, 2.0, LIGHT
        self._shown: tuple[Sequence[History], Settings, Sequence[str]] | None = None
        self._awake, self._outdated = True, False
        self._hide()

    @property
    def text(self) -> str:
        """What is said, as HTML."""
        return str(self.words.value)

    def place(self, frame: Frame) -> None:
        """Draw them in another room, if it is another."""
        with self._lock:
            wanted = (frame.column, frame.scale(frame.column), frame.theme)
            if wanted == (self._width, self._scale, self._theme):
                return
            self._width, self._scale, self._theme = wanted
            for drawn, canvas in zip(self.charts, self._canvases, strict=True):
                size = (self._width, _HEIGHT)
                place_row(canvas.figure, [drawn.axes], *size, **_MARGINS, scale=self._scale)
                canvas.fit(self._width)
                canvas.theme = self._theme
                drawn.refit()
            self._legends = [None for _ in self.charts]
            self._draw()

    def wake(self, *, awake: bool) -> None:
        """Draw them no more while nobody sees them, or again from now on."""
        with self._lock:
            self._awake = awake
            if awake and self._outdated:
                self._draw()

    def begin(self, charts: Sequence[TimeChart]) -> None:
        """Show other charts, of which nothing is known yet; none hides all."""
        with self._lock:
            self._shown = None
            self._hide()
            self._build(charts)

    def show(self, histories: Sequence[History], settings: Settings, words: Sequence[str]) -> None:
        """Show other lines, the bounds of some settings, and what the present line says."""
        with self._lock:
            self._shown = (histories, settings, words)
            self._draw()

    def _build(self, charts: Sequence[TimeChart]) -> None:
        for box in self.boxes:
            for old in box.children:
                close_all(old)
            box.children = ()
            box.layout.display = "none"
        self._canvases, self._legends, self.charts, self.alternatives = [], [], [], []
        for chart, box in zip(charts, self.boxes, strict=False):
            self._add(chart, box)
        self.widget.layout.display = None if self.charts else "none"

    def _draw(self) -> None:
        self._outdated = not self._awake
        if self._outdated or self._shown is None:
            return
        histories, settings, words = self._shown
        for number, drawn in enumerate(self.charts):
            chart = drawn.chart
            present, bound = getattr(settings, chart.lines), getattr(settings, chart.limit)
            full = drawn.update(histories, present, bound)
            names = [str(handle.get_label()) for handle in drawn.handles]
            if names != self._legends[number]:
                self._legends[number], full = names, True
                legend_on_top(self._canvases[number].figure, drawn.handles)
            self._canvases[number].draw(drawn.artists, full=full, charts=[drawn])
            said = [f"Lines: {', '.join(names)}", *words]
            self.alternatives[number].say(f"{chart.title}. {'. '.join(said)}.")
        self._say(words if self.charts else ())

    def _add(self, chart: TimeChart, box: widgets.VBox) -> None:
        size = (self._width, _HEIGHT)
        figure, (axes,) = chart_row(1, *size, **_MARGINS, scale=self._scale)
        drawn = OverTimeAxes(axes, chart, self._bench)
        canvas = BlitCanvas(figure, self._width, lambda: self._tell(canvas, drawn))
        canvas.fit(self._width)
        canvas.theme = self._theme
        canvas.image.add_class("perflab-picture")
        canvas.image.add_class("perflab-over-time")
        canvas.draw(drawn.artists, full=True)
        self.charts.append(drawn)
        self._canvases.append(canvas)
        self._legends.append([])
        alternative = Alternative()
        alternative.say(f"{chart.title}. Not predicted yet.")
        self.alternatives.append(alternative)
        box.children = (canvas.widget, alternative.widget)
        box.layout.display = None

    def _tell(self, canvas: BlitCanvas, drawn: OverTimeAxes) -> None:
        with self._lock:
            canvas.tell([drawn])

    def _say(self, words: Sequence[str]) -> None:
        show_line(self.words, in_a_line(words).replace(" %", "&nbsp;%"))

    def _hide(self) -> None:
        self.widget.layout.display = "none"
        show_line(self.words, "")
