"""`Displays`: all that shows numbers on the panel, from a prediction and the rows of a run."""

from __future__ import annotations

import html
import threading

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.charts import MarkKind
from perflab.lab.bands import IN_RUN, MODEL, Bands
from perflab.lab.history_in_words import not_compared
from perflab.lab.live import LiveRun
from perflab.lab.run import Run
from perflab.lab.which_is_off import which_is_off, which_is_off_in
from perflab.modelling.prediction import Prediction
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.explained import MeaningsList
from perflab.panels.run_dots import run_dots
from perflab.panels.status import hidden_line, show_line
from perflab.panels.table import NumbersTable
from perflab.panels.views import LiveView, Point
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import Settings
from perflab.tuning.recommendation import Recommendation
from perflab.workloads import Workload

_TICKS_A_TABLE = 2
_TICKS_A_MARK = 5
_EARLIEST_SECONDS = 2.0

Numbers = dict[str, float]


class Displays:
    """All pictures and the table. Safe to use from several threads.

    Attributes:
        baseline: The settings that were pinned, with their prediction.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        self.what_if = WhatIfPane(bench)
        self.live = LiveView(bench)
        self.table = NumbersTable(bench.display.headline)
        self.which_is_off = hidden_line("perflab-standing")
        self.which_is_off.add_class("perflab-judged")
        self.meanings = MeaningsList(bench)
        self.numbers = widgets.VBox([self.which_is_off, self.table.widget, self.meanings.widget])
        self.live_pictures = widgets.VBox([self.live.widget, self.live.alternative.widget])
        self.baseline: Point | None = None
        budget = ByteBudget()
        for pictures in (self.what_if, self.live):
            pictures.share(budget)
        self._lock = threading.Lock()
        self._ticks = 0

    def use(self, workload: Workload) -> None:
        """Have room for what another workload will tell."""
        self.table.names = self._bench.display.headline_for(workload)
        self.meanings.show(self.table.names)
        self.what_if.reach(workload)

    def follow(
        self, run: LiveRun, settings: Settings, prediction: Prediction | None, result: Run | None
    ) -> None:
        """Show a run so far; called ten times per second, and once when its result is there."""
        self._ticks += 1
        rows = run.rows
        self.live.show(rows, run.changes, may_wait=result is None)
        if self._ticks % _TICKS_A_TABLE == 0 or result is not None:
            self.fill(prediction, run, result)
        if rows and (self._ticks % _TICKS_A_MARK == 0 or result is not None):
            now = self.what_if.points.get("now")
            self.what_if.show(points=run_dots(run, settings, now, result))

    def fill(self, prediction: Prediction | None, run: LiveRun | None, result: Run | None) -> None:
        """Fill the table."""
        last = run.rows.last if run is not None else None
        refitted = run.compared.refitted if run is not None else {}
        with self._lock:
            said = [_which_is_off(self._bench, run, result), "" if run is None else run.history]
            show_line(self.which_is_off, html.escape(" ".join(filter(None, said))))
            self.table.show(
                what_if=None if prediction is None else prediction.metrics,
                predicted={} if last is None else last.predicted,
                measured=since_change(run),
                refitted=refitted if result is None else result.fitted,
                whole_run=whole_run(run, result),
                baseline=None if self.baseline is None else self.baseline.metrics,
                bands=MODEL if run is None else Bands.of(run.calibration),
                event="" if run is None else not_compared(self._bench, run.changes),
            )

    def pin(self, baseline: Point) -> None:
        """Mark the baseline."""
        self.baseline = baseline
        self.what_if.show(points={"baseline": baseline})

    def recommend(self, found: Recommendation) -> None:
        """Mark what was recommended."""
        of = self._bench.identity.settings_class
        keys = of.model_fields
        settings = of.read({key: found.settings[key] for key in keys})
        self.what_if.show(points={"recommended": Point(settings, found.metrics)})

    def begin(self) -> None:
        """Empty what shows a run."""
        self.live.show([])
        self.what_if.show(points={"measured": None, "refitted": None})

    def clear(self) -> None:
        """Empty all but the prediction."""
        self.baseline = None
        self.live.show([])
        gone: tuple[MarkKind, ...] = ("measured", "refitted", "baseline", "recommended")
        self.what_if.show(points=dict.fromkeys(gone))


def since_change(run: LiveRun | None) -> Numbers:
    """Return what was measured since the last change of settings, by metric."""
    last = run.rows.last if run is not None else None
    return {} if last is None else last.since_change


def whole_run(run: LiveRun | None, result: Run | None) -> Numbers:
    """Return what was measured over the whole run, as far as that is known by now."""
    if result is not None:
        return dict(result.metrics)
    return {} if run is not None and run.changes else since_change(run)


def _which_is_off(bench: AnyBench, run: LiveRun | None, result: Run | None) -> str:
    if result is not None:
        return which_is_off_in(result, bench)
    last = run.rows.last if run is not None else None
    if run is None or last is None or last.seconds < _EARLIEST_SECONDS:
        return ""
    event = not_compared(bench, run.changes)
    bands = Bands.of(run.calibration)
    return which_is_off(
        bench, *run.compared[:3], bands=bands, refit=IN_RUN, paced=run.load.paced, event=event
    )
