"""The pictures of a bench's charts over its workload's own time, and what they say in words."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench, TimeChart
from perflab.charts import OverTimeAxes, chart_row, legend_on_top
from perflab.modelling.history import History
from perflab.panels.alternative import Alternative
from perflab.panels.canvas import BlitCanvas
from perflab.panels.layout import close_all
from perflab.panels.map_view import beside_each_other
from perflab.panels.status import hidden_line, in_a_line, show_line
from perflab.panels.views import BOTTOM
from perflab.settings import Settings

WIDTH = 385
WIDEST = 450
HEIGHT = 249
TOP = 59


class TimeView:
    """A picture a chart, hidden while there is none. Safe to use from several threads.

    Args:
        bench: Whose charts.

    Attributes:
        alternatives: What each picture says, in words.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        charts = () if bench.over_time is None else bench.over_time.charts
        self._lock = threading.Lock()
        self._canvases: list[BlitCanvas] = []
        self._legends: list[list[str]] = []
        self.alternatives: list[Alternative] = []
        self.charts: list[OverTimeAxes] = []
        self.boxes: list[widgets.VBox] = [beside_each_other([], 1) for _ in charts]
        self.words = hidden_line("perflab-standing")
        self._hide()

    @property
    def text(self) -> str:
        """What is said, as HTML."""
        return str(self.words.value)

    def begin(self, charts: Sequence[TimeChart], pictures_before: int) -> None:
        """Show other charts, of which nothing is known yet.

        Args:
            charts: What they show; none hides all.
            pictures_before: How many stand before them, two in a row; the last of an odd number
                takes a row of its own.
        """
        with self._lock:
            for box in self.boxes:
                for old in box.children:
                    close_all(old)
                box.children = ()
            self._canvases, self._legends, self.charts = [], [], []
            self.alternatives = []
            self._hide()
            for number, (chart, box) in enumerate(zip(charts, self.boxes, strict=False)):
                last = number == len(charts) - 1
                halves = 2 if last and (pictures_before + len(charts)) % 2 else 1
                self._add(chart, box, halves)

    def show(self, histories: Sequence[History], settings: Settings, words: Sequence[str]) -> None:
        """Show other lines, the bounds of some settings, and what the present line says."""
        with self._lock:
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

    def _add(self, chart: TimeChart, box: widgets.VBox, halves: int) -> None:
        figure, (axes,) = chart_row(1, WIDTH * halves, HEIGHT, top=TOP, bottom=BOTTOM)
        drawn = OverTimeAxes(axes, chart, self._bench)
        canvas = BlitCanvas(figure, WIDEST * halves, lambda: self._tell(canvas, drawn))
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
        box.layout.flex = f"0 1 {50 * halves}%"
        box.layout.display = None

    def _tell(self, canvas: BlitCanvas, drawn: OverTimeAxes) -> None:
        with self._lock:
            canvas.tell([drawn])

    def _say(self, words: Sequence[str]) -> None:
        show_line(self.words, in_a_line(words).replace(" %", "&nbsp;%"))

    def _hide(self) -> None:
        for box in self.boxes:
            box.layout.display = "none"
        show_line(self.words, "")
