"""`Forecast`: the what-if side of the panel, computed in a thread and drawn as it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from perflab.bench import AnyBench, AnyModel
from perflab.bench.model import Sharpening
from perflab.bench.part_of_keys import share_of_keys
from perflab.callbacks import Cancelled
from perflab.charts.what_if import Lines
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.modelling.history import History
from perflab.modelling.prediction import Costs, Prediction
from perflab.panels.latest import Latest
from perflab.panels.map_forecast import MapForecast
from perflab.panels.status import Mood, StatusLine
from perflab.panels.time_forecast import TimeForecast
from perflab.panels.views import Point
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import LoadSettings, Settings
from perflab.tuning.grid import Grid
from perflab.tuning.whatif import WhatIf
from perflab.units import percent
from perflab.workloads import Trace

_REDRAW_SECONDS = 0.12
_BREATH_SECONDS = 0.01
"""Lets the thread that sends messages have its turn, so that a first picture leaves at once."""
_REST_SECONDS = 0.05
"""Lets a browser paint it, before the pictures below it come too."""

Job = tuple[WhatIf, Settings, LoadSettings]


class Forecast:
    """Answers each move of a slider: what is known at once, then what the model computes.

    Args:
        bench: Whose model is asked.
        view: Where curves, maps and marks are drawn.
        status: Where exactness, progress and remarks are said.
        told: Called with every prediction of the present settings, or None.
    """

    def __init__(
        self,
        bench: AnyBench,
        view: WhatIfPane,
        status: StatusLine,
        told: Callable[[Prediction | None], None],
    ) -> None:
        self._bench = bench
        self._view = view
        self._status = status
        self._told = told
        self._leading = metric(bench.tuning.objective.metric)
        self._what_if: WhatIf | None = None
        self._job: Job | None = None
        self._drawing = threading.Lock()
        self._first: Latest[Job] = Latest(self._answer, self._fail, "perflab-what-if")
        self._rest: Latest[Job] = Latest(self._refine, self._fail, "perflab-refine")
        self._curves: tuple[Any, Sequence[Lines]] | None = None
        self._maps = MapForecast(bench, view)
        self._times = TimeForecast(bench, view)
        self._compared: dict[str, tuple[Any, ...]] = {}
        self.prediction: Prediction | None = None

    @property
    def model(self) -> AnyModel | None:
        """The model of the present workload."""
        return None if self._what_if is None else self._what_if.model

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The cells of the present workload's maps."""
        return tuple(self._maps.grids)

    def histories(self, settings: Settings, load: LoadSettings) -> list[History]:
        """Return the workload over its own time around some settings, as far as known."""
        return self._times.known(settings, load)

    def use(self, trace: Trace, costs: Costs) -> None:
        """Predict for another workload, or the same one with other costs."""
        old = self._what_if
        model = old.model if old is not None and old.trace is trace else None
        with self._drawing:
            self._job = None
            self._what_if = WhatIf(self._bench, trace, costs, model, self._compared)
            self._curves = None
            self._maps.use(self._what_if, anew=model is None)
            self._times.use(trace)
        if model is None:
            self.prediction = None
            self._view.show([{} for _ in self._bench.display.what_if_charts], {"now": None})

    def compare(self, key: str, values: tuple[Any, ...]) -> None:
        """Draw lines for other values of a setting from the next question on."""
        self._compared = {**self._compared, key: values}
        if self._what_if is not None:
            self._what_if.compared = dict(self._compared)

    def ask(self, settings: Settings, load: LoadSettings) -> None:
        """Ask for the prediction at some settings; never waits."""
        if self._what_if is not None:
            self._job = (self._what_if, settings, load)
            self._first.post(self._job)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything requested is drawn; say whether that was in time."""
        return self._first.wait(timeout) and self._rest.wait(timeout)

    def close(self) -> None:
        """Stop computing."""
        self._first.close()
        self._rest.close()

    def _answer(self, job: Job, cancelled: Cancelled) -> None:
        """Draw what is known, then leave the rest to the thread that computes."""
        what_if, settings, load = job
        try:
            self._bench.models.check(settings, load, what_if.trace)
        except BadInputError as error:
            with self._drawing:
                self._tell(None, job)
            self._status.say("what-if", "no prediction for these settings")
            self._status.remark([str(error)])
            self._show_rest(job)
            return
        self._draw(job, fresh=False)
        time.sleep(_BREATH_SECONDS)
        if cancelled():
            return
        if self._curves is None or self._curves[0] != _line(job):
            self._draw(job, fresh=True)
        time.sleep(_REST_SECONDS)
        if cancelled():
            return
        self._show_rest(job)
        self._rest.post(job)

    def _refine(self, job: Job, cancelled: Cancelled) -> None:
        """Compute what is missing, drawing it as it comes; a newer job ends it.

        Previews of charts over time and of maps come first, for they are quick; what is exact
        there comes last.
        """
        _, settings, load = job

        def outdated() -> bool:
            return cancelled() or self._job is not job

        def mapped(done: int, total: int) -> None:
            self._status.say("what-if", f"computing the map, {done}/{total}", "busy")

        # Where curves begin with previews too, theirs come before those of the maps' many cells.
        early = not isinstance(self.model, Sharpening)
        through = (
            self._times.preview(settings, load, outdated)
            and (not early or self._maps.preview(settings, load, outdated))
            and self._refine_curves(job, outdated)
            and self._maps.refine(settings, load, mapped, outdated)
            and self._times.refine(settings, load, outdated)
        )
        if through and not outdated() and self.prediction is not None:
            most = share_of_keys(job[0].trace)
            mood: Mood = "exact" if _exact(self.prediction, most) else "busy"
            self._status.say("what-if", exactness(self.prediction, self._leading), mood)

    def _refine_curves(self, job: Job, outdated: Cancelled) -> bool:
        what_if, settings, load = job
        drawn = time.monotonic()
        missing = 0

        def late() -> bool:
            return time.monotonic() - drawn >= _REDRAW_SECONDS

        def changed(done: int, total: int) -> None:
            nonlocal drawn, missing
            missing = total
            if outdated() or not total or (0 < done < total and not late()):
                return
            now = self.prediction
            rough = f"{exactness(now, self._leading)}; " if now and now.sampled < 1 else ""
            self._status.say("what-if", f"{rough}computing {done}/{total}", "busy")
            if late():
                self._draw(job, fresh=True)
                drawn = time.monotonic()

        if not what_if.refine(settings, load, changed, outdated) or outdated():
            return False
        if missing:
            self._draw(job, fresh=True)
            self._show_rest(job)
        return True

    def _show_rest(self, job: Job) -> None:
        """Show what stands below the first row, which a move is answered by."""
        what_if, settings, load = job
        self._view.standing.show(what_if.standing(settings, load))
        self._maps.show(settings, load)

    def _draw(self, job: Job, *, fresh: bool) -> None:
        what_if, settings, load = job
        prediction = what_if.at(settings, load)
        lines: Sequence[Lines] | None = what_if.curves(settings, load) if fresh else None
        with self._drawing:
            if self._job is not job:
                return
            if lines is not None:
                self._curves = (_line(job), lines)
            self._view.observe(self._bench.display.observed(settings, what_if.costs))
            self._tell(prediction, job, lines)
        if prediction is None:
            self._status.say("what-if", "computing", "busy")
        else:
            self._status.remark(prediction.remarks)

    def _tell(
        self,
        prediction: Prediction | None,
        job: Job,
        lines: Sequence[Lines] | None = None,
    ) -> None:
        what_if, settings, _ = job
        self.prediction = prediction
        now = None if prediction is None else Point(settings, prediction.metrics)
        if lines is not None:
            self._view.turn_to(what_if.charts(settings))
        self._view.show_first(lines, {"now": now})
        self._told(prediction)

    def _fail(self, error: Exception) -> None:
        self._status.say("what-if", "")
        self._status.fail(error)


def _line(job: Job) -> Any:
    """Return what the curves depend on: workload, costs, and all settings but the charts' own."""
    what_if, settings, load = job
    along = {chart.along for chart in what_if.charts(settings)}
    return what_if, tuple(what_if.compared.items()), settings.model_dump(exclude=along), load


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


def _exact(prediction: Prediction, most: float) -> bool:
    """Say whether all that a workload tells is in a prediction, though it be a part itself."""
    return prediction.sampled >= most and not prediction.between
