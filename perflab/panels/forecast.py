"""`Forecast`: the what-if side of the panel, computed in a thread and drawn as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from perflab.benches import Bench, Model
from perflab.charts.what_if import Lines
from perflab.models.prediction import Costs, Prediction
from perflab.panels.latest import Cancelled, Latest
from perflab.panels.status import StatusLine
from perflab.panels.views import Point, WhatIfView
from perflab.settings import BadInputError, LoadSettings, Settings
from perflab.tuning.whatif import WhatIf
from perflab.workloads import Trace

_REDRAW_SECONDS = 0.12

Job = tuple[WhatIf, Settings, LoadSettings]


class Forecast:
    """Answers each move of a slider: what is known at once, then what the model computes.

    Args:
        bench: Whose model is asked.
        view: Where curves and marks are drawn.
        status: Where exactness, progress and remarks are said.
        told: Called with every prediction of the present settings, or None.
    """

    def __init__(
        self,
        bench: Bench,
        view: WhatIfView,
        status: StatusLine,
        told: Callable[[Prediction | None], None],
    ) -> None:
        self._bench = bench
        self._view = view
        self._status = status
        self._told = told
        self._what_if: WhatIf | None = None
        self._latest: Latest[Job] = Latest(self._work, self._fail, "perflab-what-if")
        self._curves: tuple[Any, Sequence[Lines]] | None = None
        self.prediction: Prediction | None = None

    @property
    def model(self) -> Model | None:
        """The model of the present workload."""
        return None if self._what_if is None else self._what_if.model

    def use(self, trace: Trace, costs: Costs) -> None:
        """Predict for another workload, or the same one with other costs."""
        old = self._what_if
        model = old.model if old is not None and old.trace is trace else None
        self._what_if = WhatIf(self._bench, trace, costs, model)
        self._curves = None
        if model is None:
            self.prediction = None
            self._view.show([{} for _ in self._bench.what_if_charts], {"now": None})

    def ask(self, settings: Settings, load: LoadSettings) -> None:
        """Ask for the prediction at some settings; never waits."""
        if self._what_if is not None:
            self._latest.post((self._what_if, settings, load))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything asked for is drawn; say whether that was in time."""
        return self._latest.wait(timeout)

    def close(self) -> None:
        """Stop computing."""
        self._latest.close()

    def _work(self, job: Job, cancelled: Cancelled) -> None:
        what_if, settings, load = job
        try:
            self._bench.check_model(settings, load, what_if.trace)
        except BadInputError as error:
            self._tell(None, settings)
            self._status.say("what-if", "no prediction for these settings")
            self._status.remark([str(error)])
            return
        self._draw(job, fresh=False)
        if not cancelled() and (self._curves is None or self._curves[0] != _line(job)):
            self._draw(job, fresh=True)
        drawn = time.monotonic()
        missing = 0

        def changed(done: int, total: int) -> None:
            nonlocal drawn, missing
            missing = total
            if cancelled() or not total:
                return
            self._status.say("what-if", f"computing {done}/{total}", "busy")
            if time.monotonic() - drawn >= _REDRAW_SECONDS:
                self._draw(job, fresh=True)
                drawn = time.monotonic()

        if what_if.refine(settings, load, changed, cancelled) and missing:
            self._draw(job, fresh=True)

    def _draw(self, job: Job, *, fresh: bool) -> None:
        what_if, settings, load = job
        prediction = what_if.at(settings, load)
        lines = what_if.curves(settings, load) if fresh else None
        if lines is not None:
            self._curves = (_line(job), lines)
        self._tell(prediction, settings, lines)
        if prediction is None:
            self._status.say("what-if", "computing", "busy")
            return
        self._status.say(
            "what-if", exactness(prediction), "exact" if _exact(prediction) else "busy"
        )
        self._status.remark(prediction.remarks)

    def _tell(
        self,
        prediction: Prediction | None,
        settings: Settings,
        lines: Sequence[Lines] | None = None,
    ) -> None:
        self.prediction = prediction
        now = None if prediction is None else Point(settings, prediction.metrics)
        self._view.show(lines, {"now": now})
        self._told(prediction)

    def _fail(self, error: Exception) -> None:
        self._status.say("what-if", "")
        self._status.fail(error)


def _line(job: Job) -> Any:
    """Return what the curves depend on: workload, costs, and all settings but the charts' own."""
    what_if, settings, load = job
    along = {chart.along for chart in what_if.bench.what_if_charts}
    return what_if, settings.model_dump(exclude=along), load


def exactness(prediction: Prediction) -> str:
    """Return in words how exact a prediction is."""
    if prediction.sampled < 1:
        return f"sampled {prediction.sampled:.1%}, ± {prediction.error:.2g}"
    if prediction.error:
        return f"between computed points, ± {prediction.error:.2g}"
    return "what-if exact"


def _exact(prediction: Prediction) -> bool:
    return prediction.sampled == 1 and not prediction.error
