"""`Forecast`: the what-if side of the panel, computed in threads and drawn as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from perflab.bench import AnyBench, AnyModel
from perflab.bench.part_of_keys import share_of_keys
from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.modelling.history import History
from perflab.modelling.prediction import Costs, Prediction
from perflab.panels.curve_forecast import BREATH_SECONDS, CurveForecast, exactness
from perflab.panels.map_forecast import MapForecast
from perflab.panels.refining import Job, Refining
from perflab.panels.status import Mood, StatusLine
from perflab.panels.time_forecast import TimeForecast
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import LoadSettings, Settings
from perflab.tuning.grid import Grid
from perflab.tuning.whatif import WhatIf
from perflab.workloads import Workload

_REST_SECONDS = 0.05
"""Lets a browser paint it, before the pictures below it come too."""


class Forecast:
    """Answers each move of a slider: what is known at once, then what the model computes.

    Args:
        bench: Whose model is asked.
        view: Where curves, maps and marks are drawn.
        status: Where exactness, progress and remarks are said.
        told: Called with every prediction of the present settings, or None.

    Attributes:
        curves: The curves' side, which keeps the present prediction.
    """

    def __init__(
        self,
        bench: AnyBench,
        view: WhatIfPane,
        status: StatusLine,
        told: Callable[[Prediction | None], None],
    ) -> None:
        self._bench = bench
        self._status = status
        self._leading = metric(bench.tuning.objective.metric)
        self._what_if: WhatIf | None = None
        self._compared: dict[str, Sequence[object]] = {}
        self._maps = MapForecast(bench, view)
        self._times = TimeForecast(bench, view)
        self.curves = CurveForecast(bench, view, status, told, self._maps, self._is_newest)
        parts = (self.curves, self._maps, self._times)
        self._refining = Refining(parts, self._answer, self._settled, status)

    @property
    def prediction(self) -> Prediction | None:
        """The prediction of the present settings, or None."""
        return self.curves.prediction

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

    def use(self, workload: Workload, costs: Costs) -> None:
        """Predict for another workload, or the same one with other costs."""
        old = self._what_if
        model = old.model if old is not None and old.workload is workload else None
        self._refining.job = None
        self._what_if = WhatIf(self._bench, workload, costs, model, self._compared)
        self._maps.use(self._what_if, anew=model is None)
        self._times.use(workload)
        self.curves.forget(anew=model is None)

    def compare(self, key: str, values: Sequence[object]) -> None:
        """Draw lines for other values of a setting from the next question on."""
        self._compared = {**self._compared, key: values}
        if self._what_if is not None:
            self._what_if.compared = dict(self._compared)

    def ask(self, settings: Settings, load: LoadSettings) -> None:
        """Ask for the prediction at some settings; never waits."""
        if self._what_if is not None:
            self._refining.ask(Job(self._what_if, settings, load))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything requested is drawn; say whether that was in time."""
        return self._refining.wait(timeout)

    def close(self) -> None:
        """Stop computing."""
        self._refining.close()

    def _is_newest(self, job: Job) -> bool:
        return self._refining.job is job

    def _answer(self, job: Job, cancelled: Cancelled) -> bool:
        """Draw what is known; say whether the rest is to be computed."""
        try:
            self._bench.models.check(job.settings, job.load, job.what_if.workload)
        except BadInputError as error:
            self.curves.refuse(job)
            self._status.say("what-if", "no prediction for these settings")
            self._status.remark([str(error)])
            self._maps.show(job)
            return False
        self.curves.show_point(job)
        if not self.curves.has_drawn(job):
            time.sleep(BREATH_SECONDS)
            if cancelled():
                return False
            self.curves.show(job)
        time.sleep(_REST_SECONDS)
        if cancelled():
            return False
        self._maps.show(job)
        return True

    def _settled(self, job: Job) -> None:
        prediction = self.prediction
        if prediction is not None:
            # All that a workload tells is in a prediction, though it be a part itself.
            whole = prediction.sampled >= share_of_keys(job.what_if.workload)
            mood: Mood = "exact" if whole and not prediction.between else "busy"
            self._status.say("what-if", exactness(prediction, self._leading), mood)
