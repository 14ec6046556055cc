"""`CurveForecast`: the curves of a forecast and its present point, the first that a move draws."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from perflab.bench import AnyBench
from perflab.callbacks import Cancelled, Progress
from perflab.charts.error_bands import Lines
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.modelling.prediction import Prediction
from perflab.panels.map_forecast import MapForecast
from perflab.panels.refining import Job, Part
from perflab.panels.status import StatusLine
from perflab.panels.views import Point
from perflab.panels.what_if_pane import WhatIfPane
from perflab.units import counted, grouped, percent

BREATH_SECONDS = 0.01
"""Lets the thread that sends messages have its turn, so that a first picture leaves at once."""


class CurveForecast(Part):
    """Draws the lines through the present settings; what stands below follows them.

    Args:
        bench: Whose charts.
        view: Where they are drawn.
        status: Where remarks are said.
        told: Called with every prediction of the present settings, or None.
        maps: What stands below the first row.
        is_newest: Whether a job is still the one to draw.

    Attributes:
        prediction: Of the present settings, or None.
    """

    redraw_seconds = 0.12

    def __init__(
        self,
        bench: AnyBench,
        view: WhatIfPane,
        status: StatusLine,
        told: Callable[[Prediction | None], None],
        maps: MapForecast,
        is_newest: Callable[[Job], bool],
    ) -> None:
        self._bench, self._view, self._status, self._told = bench, view, status, told
        self._maps, self._is_newest = maps, is_newest
        self._leading = metric(bench.tuning.objective.metric)
        self._drawing = threading.Lock()
        self._drawn: object = None
        self.prediction: Prediction | None = None

    def forget(self, *, anew: bool) -> None:
        """Draw all lines of the next job; what another workload has drawn goes."""
        # A draw that has begun for an older job ends first.
        with self._drawing:
            self._drawn = None
        if anew:
            self.prediction = None
            self._view.show([{} for _ in self._bench.display.what_if_charts], {"now": None})

    def refuse(self, job: Job) -> None:
        """Show that the present settings have no prediction."""
        with self._drawing:
            self._show(None, job, None)
            self._told(None)

    def has_drawn(self, job: Job) -> bool:
        """Say whether the lines that a job asks for are there already."""
        return self._drawn is not None and self._drawn == _line(job)

    def refine(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Compute the present point, its line, then the others."""
        return job.what_if.refine(job.settings, job.load, changed, outdated)

    def progress(self, done: int, total: int) -> str:
        """Return how far it is, and how exact the present point is where it is rough."""
        now = self.prediction
        rough = f"{exactness(now, self._leading)}; " if now and now.sampled < 1 else ""
        return f"{rough}computing the curves, {grouped(done)} of {counted(total, 'point')}"

    def show(self, job: Job) -> None:
        """Draw the present point and the lines as far as they are known."""
        self._draw(job, job.what_if.curves(job.settings, job.load))

    def show_point(self, job: Job) -> None:
        """Draw the present point alone, the lines as they are.

        Where these are for other settings, its numbers are told with the new ones, which are due.
        """
        self._draw(job, None)

    def finish(self, job: Job, *, computed: bool) -> None:
        """Draw the lines, and what stands below them, if there is more than before."""
        if computed:
            self.show(job)
            self._maps.show(job)

    def _draw(self, job: Job, lines: Sequence[Lines] | None) -> None:
        prediction = job.what_if.at(job.settings, job.load)
        with self._drawing:
            if not self._is_newest(job):
                return
            if lines is not None:
                self._drawn = _line(job)
            self._view.observe(self._bench.display.observed(job.settings, job.what_if.costs))
            tells = self._show(prediction, job, lines)
        if tells:
            # The picture leaves before numbers, table and history take their time.
            time.sleep(BREATH_SECONDS)
            with self._drawing:
                if self._is_newest(job):
                    self._told(prediction)
        if prediction is None:
            self._status.say("what-if", "computing the present settings", "busy")
        else:
            self._status.remark(prediction.remarks)

    def _show(self, prediction: Prediction | None, job: Job, lines: Sequence[Lines] | None) -> bool:
        """Draw it; return whether it is to be told, as no lines for it are due."""
        self.prediction = prediction
        now = None if prediction is None else Point(job.settings, prediction.metrics)
        if lines is not None:
            self._view.turn_to(job.what_if.charts(job.settings))
        self._view.show_first(lines, {"now": now})
        return lines is not None or prediction is None or self.has_drawn(job)


def _line(job: Job) -> object:
    """Return what the curves depend on: workload, costs, and all settings but the charts' own."""
    what_if, settings = job.what_if, job.settings
    along = {chart.along for chart in what_if.charts(settings)}
    return what_if, tuple(what_if.compared.items()), settings.model_dump(exclude=along), job.load


def exactness(prediction: Prediction, info: MetricInfo) -> str:
    """Return in words how exact a prediction of a metric is."""
    if not prediction.measured:
        return "not measured yet: a guess"
    exact = info.is_exact(prediction.error, prediction.metrics.get(info.name))
    off = info.format_band(0.0 if exact else prediction.error)
    if prediction.sampled < 1:
        return f"sampled {percent(prediction.sampled)}, {off}"
    if prediction.between:
        return f"between computed points, {off}"
    return "what-if exact" if exact else f"what-if {off}"
