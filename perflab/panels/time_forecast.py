"""`TimeForecast`: the side of the forecast that draws a workload over its own time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from perflab.bench import AnyBench, Histories, TimeChart
from perflab.callbacks import Cancelled, Progress
from perflab.modelling.history import History
from perflab.panels.refining import Job, Part
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import LoadSettings, Settings
from perflab.tuning.background import compute_one_by_one
from perflab.workloads import Workload


class TimeForecast(Part):
    """Fills the charts over time of a bench: the present line first, rough before exact.

    Args:
        bench: Whose charts.
        view: Where they are drawn.
    """

    redraw_seconds = math.inf

    def __init__(self, bench: AnyBench, view: WhatIfPane) -> None:
        self._over_time, self._view = bench.over_time, view
        self._lock = threading.Lock()
        self._workload: Workload | None = None
        self._histories: Histories | None = None
        self._shown: tuple[TimeChart, ...] | None = None

    def use(self, workload: Workload) -> None:
        """Show another workload, or the same one again."""
        with self._lock:
            if workload is not self._workload:
                self._workload, self._shown = workload, None
                if self._over_time is not None:
                    self._histories = self._over_time.histories(workload)

    def known(self, settings: Settings, load: LoadSettings) -> list[History]:
        """Return the lines around some settings, as far as they are known."""
        if self._over_time is None or self._histories is None:
            return []
        values = self._over_time.values(self._workload, settings, load)
        found = (self._histories.best_known(value, load) for value in values)
        return [each for each in found if each is not None]

    def preview(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Draw all lines, from a part of the workload where it is large; say if that was done."""
        histories = self._histories
        if histories is None or not self._fit(job.load):
            return True
        return self._each(job, histories.preview, changed, outdated)

    def refine(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Draw all lines as sharp as can be; say if that was done."""
        histories = self._histories
        if histories is None or not self._fit(job.load):
            return True
        rough = any(each.sampled < 1 for each in self.known(job.settings, job.load))
        return not rough or self._each(job, histories.settle, changed, outdated)

    def show(self, job: Job) -> None:
        """Draw the lines that are known, and what the present one says."""
        over_time = self._over_time
        if over_time is None:
            return
        known = self.known(job.settings, job.load)
        here = getattr(job.settings, over_time.lines)
        present = next((each for each in known if each.value == here), None)
        words = () if present is None else over_time.words(job.settings, present)
        self._view.times.show(known, job.settings, words)

    def _each(
        self,
        job: Job,
        ask: Callable[[object, LoadSettings], History],
        changed: Progress,
        outdated: Cancelled,
    ) -> bool:
        over_time = self._over_time
        assert over_time is not None  # noqa: S101  (where there are histories)
        values = over_time.values(self._workload, job.settings, job.load)
        here = getattr(job.settings, over_time.lines)
        wanted = sorted(values, key=lambda value: bool(value != here))
        return compute_one_by_one(lambda value: ask(value, job.load), wanted, changed, outdated)

    def _fit(self, load: LoadSettings) -> bool:
        """Put up the charts that make sense now; say if there is one."""
        if self._over_time is None:
            return False
        with self._lock:
            charts = self._over_time.charts_for(self._workload, load)
            if self._shown != charts:
                self._shown = charts
                self._view.times.begin(charts)
            return bool(charts)
