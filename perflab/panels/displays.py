"""`Displays`: all that shows numbers on the panel, from a prediction and the rows of a run."""

from __future__ import annotations

import html
import itertools
import threading
from collections.abc import Sequence
from typing import Protocol

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.charts import MarkKind
from perflab.charts.live import Rows
from perflab.charts.themes import Theme
from perflab.lab.bands import IN_RUN, MODEL, Bands
from perflab.lab.history_in_words import not_compared
from perflab.lab.live import LiveRun
from perflab.lab.rows import Compared
from perflab.lab.run import Run
from perflab.lab.run_events import RunEvent, events_of
from perflab.lab.which_is_off import which_is_off, which_is_off_in
from perflab.modelling.prediction import Prediction
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.enlarging import Enlarging
from perflab.panels.explained import MeaningsList
from perflab.panels.frame import COLUMNS_FROM, Frame
from perflab.panels.live_view import STRIP_HEIGHT, LiveView, paired
from perflab.panels.row_picture import Place
from perflab.panels.run_dots import learnt, result_dots, run_dots
from perflab.panels.status import hidden_line, show_line
from perflab.panels.table import NumbersTable
from perflab.panels.tabs import Tabs
from perflab.panels.views import Point
from perflab.panels.what_if_pane import A_ROW, WhatIfPane
from perflab.settings import Settings
from perflab.tuning.recommendation import Recommendation
from perflab.workloads import Workload

_FEW = 3
_HEADLINE = ("what-if", "predicted before", "refitted", "measured", "difference")
ENLARGED_STRIP_HEIGHT = 170
_TICKS_A_TABLE = 2
_TICKS_A_MARK = 5
_EARLIEST_SECONDS = 2.0

_UNTOLD = Frame(COLUMNS_FROM, 2.0)
"""Until the page has told how wide it is."""

Numbers = dict[str, float]


class Card(Protocol):
    """A card with a picture of its own, in a tab."""

    widget: widgets.VBox

    def wear(self, theme: Theme) -> None:
        """Show its picture in the colours of a theme."""


class Displays:
    """All pictures and tables. Safe to use from several threads.

    Args:
        bench: Whose they are.

    Attributes:
        baseline: The settings that were pinned, with their prediction.
        which_is_off: The sentence of trust: what a run says of its predictions.
        main: The main charts with their strips of time, and the headline numbers.
        tabs: All else.
    """

    def __init__(self, bench: AnyBench) -> None:
        self._bench = bench
        self.what_if = WhatIfPane(bench)
        live = paired(bench.display.live_charts, bench.display.what_if_charts[:A_ROW])
        self.live = LiveView(live)
        self.live_others = [LiveView((chart,), 1 / 2, shown=False) for chart in live]
        self._budget = ByteBudget()
        self.what_if.share(self._budget)
        for strips in (self.live, *self.live_others):
            strips.share(self._budget)
        self.headline = NumbersTable(bench.display.headline[:_FEW], _HEADLINE, "perflab-headline")
        self.table = NumbersTable(bench.display.headline)
        self.which_is_off = hidden_line("perflab-standing")
        self.which_is_off.add_class("perflab-judged")
        self.meanings = MeaningsList(bench)
        self.baseline: Point | None = None
        self._lock = threading.Lock()
        self._ticks = 0
        self._frame: Frame | None = None
        self._cards: list[Card] = []
        self.enlarging = Enlarging(self.what_if.first, self.live, self._place)
        self.main = widgets.VBox(
            [self.enlarging.widget, self.headline.widget, self.what_if.standing.widget]
        )
        self._charts = self._other_charts()
        parts = {
            "All numbers": widgets.VBox([self.table.widget, self.meanings.widget]),
            "More charts": self._charts,
            "Maps": self.what_if.maps.widget,
            "Over time": self.what_if.times.widget,
        }
        self.tabs = Tabs(parts, self._wake)

    def add_card(self, name: str, card: Card) -> None:
        """Show a card in a tab, which is chosen when there is something in it."""
        self._cards.append(card)
        self.tabs.add(name, card.widget)

    def place(self, frame: Frame) -> None:
        """Draw everything for the room that the page gives."""
        self._frame = frame
        self._place()
        for card in self._cards:
            card.wear(frame.theme)

    def _place(self) -> None:
        frame, enlarged = self._frame or _UNTOLD, self.enlarging.enlarged
        count = len(self.live.charts)
        row = tuple(range(min(count, frame.charts_in_row)))
        alone = enlarged is not None and enlarged < count
        height = ENLARGED_STRIP_HEIGHT if enlarged is not None else STRIP_HEIGHT
        shown = (enlarged,) if alone and enlarged is not None else row
        self.what_if.place(frame, enlarged)
        scale = frame.scale(frame.main)
        self.live.place(Place(frame.main, height, scale, shown, frame.theme))
        for number, view in enumerate(self.live_others):
            of_its_own = () if number in row else (0,)
            scale = frame.scale(frame.column)
            view.place(Place(frame.column, STRIP_HEIGHT, scale, of_its_own, frame.theme))
        self.enlarging.stand(frame.charts_in_row)
        self._charts.layout.display = None if self._has_others(frame.charts_in_row) else "none"
        self.tabs.stand(columns=not frame.tabbed)

    def _has_others(self, in_row: int) -> bool:
        return max(len(self.what_if.others), len(self.live_others)) > min(in_row, A_ROW)

    def _other_charts(self) -> widgets.HBox:
        """Return the pictures of charts that are not in the row, each above its strip of time."""
        cells = []
        for above, below in itertools.zip_longest(self.what_if.others, self.live_others):
            pictured = [*(above.pictured if above else ()), *(below.pictured if below else ())]
            cells.append(widgets.VBox(pictured))
        box = widgets.HBox(cells)
        box.add_class("perflab-pictures")
        box.layout.display = None if self._has_others(A_ROW) else "none"
        return box

    def _wake(self, tabs: Tabs) -> None:
        sees = tabs.sees
        self.what_if.wake(charts=sees("More charts"), maps=sees("Maps"), times=sees("Over time"))
        for view in self.live_others:
            view.wake(awake=sees("More charts"))

    def use(self, workload: Workload) -> None:
        """Have room for what another workload will tell."""
        self.table.names = self._bench.display.headline_for(workload)
        self.headline.names = self.table.names[:_FEW]
        self.meanings.show(self.table.names)
        self.what_if.reach(workload)

    def follow(
        self,
        run: LiveRun,
        settings: Settings,
        prediction: Prediction | None,
        result: Run | None,
        events: Sequence[RunEvent],
    ) -> None:
        """Show a run so far; called ten times per second, and once when its result is there."""
        self._ticks += 1
        rows = run.rows
        if result is not None or not self._budget.seconds_left:
            self._show_run(rows, events)
        if self._ticks % _TICKS_A_TABLE == 0 or result is not None:
            self.fill(prediction, run, result)
        if rows and (self._ticks % _TICKS_A_MARK == 0 or result is not None):
            now = self.what_if.points.get("now")
            self.what_if.show(points=run_dots(run, settings, now, result))

    def fill(self, prediction: Prediction | None, run: LiveRun | None, result: Run | None) -> None:
        """Fill the table."""
        compared = compared_in(run, result)
        changes = run.changes if run is not None else () if result is None else result.changes
        event = not_compared(self._bench, changes) if changes else ""
        with self._lock:
            said = [_which_is_off(self._bench, run, result), *_remarks(run)]
            show_line(self.which_is_off, html.escape(" ".join(filter(None, said))))
            for table in (self.headline, self.table):
                table.show(
                    what_if=None if prediction is None else prediction.metrics,
                    predicted=compared.predicted,
                    measured=since_change(run) if result is None else compared.measured,
                    refitted=compared.refitted,
                    beside=compared.measured,
                    whole_run=whole_run(run, result),
                    baseline=None if self.baseline is None else self.baseline.metrics,
                    bands=bands_in(run, result),
                    event=event,
                )

    def show_result(
        self, prediction: Prediction | None, result: Run, settings: Settings, workload: Workload
    ) -> None:
        """Show a run that is over, such as one of a session before."""
        self._show_run(result.snapshots, events_of(self._bench, {}, result.changes, result.alerts))
        self.fill(prediction, None, result)
        now = self.what_if.points.get("now")
        self.what_if.show(points=result_dots(result, settings, now, workload))

    def pin(self, baseline: Point) -> None:
        """Mark the baseline."""
        self.baseline = baseline
        self.what_if.show(points={"baseline": baseline})

    def recommend(self, found: Recommendation) -> None:
        """Mark what was recommended."""
        of = self._bench.identity.settings_class
        keys = of.model_fields
        settings = of.read({key: found.settings[key] for key in keys if key in found.settings})
        self.what_if.show(points={"recommended": Point(settings, found.metrics)})

    def begin(self) -> None:
        """Empty what shows a run."""
        self._show_run([])
        self.what_if.show(points={"measured": None, "refitted": None})

    def clear(self) -> None:
        """Empty all but the prediction."""
        self.baseline = None
        self._show_run([])
        gone: tuple[MarkKind, ...] = ("measured", "refitted", "baseline", "recommended")
        self.what_if.show(points=dict.fromkeys(gone))

    def _show_run(self, rows: Rows, events: Sequence[RunEvent] = ()) -> None:
        for view in (self.live, *self.live_others):
            view.show(rows, events)


def since_change(run: LiveRun | None) -> Numbers:
    """Return what was measured since the last change of settings, by metric."""
    last = run.rows.last if run is not None else None
    return {} if last is None else last.since_change


def compared_in(run: LiveRun | None, result: Run | None) -> Compared:
    """Return what was measured beside both predictions, for the same requests."""
    if result is not None:
        return Compared(result.since_change or result.metrics, result.predicted, result.fitted)
    return Compared({}, {}, {}) if run is None else learnt(run.compared)


def bands_in(run: LiveRun | None, result: Run | None) -> Bands:
    """Return the bands of a run's predictions: those of its day once it is over."""
    if result is not None and result.calibration:
        return Bands.of_run(result)
    return MODEL if run is None else Bands.of(run.calibration)


def whole_run(run: LiveRun | None, result: Run | None) -> Numbers:
    """Return what was measured over the whole run, as far as that is known by now."""
    if result is not None:
        return dict(result.metrics)
    return {} if run is not None and run.changes else since_change(run)


def _remarks(run: LiveRun | None) -> list[str]:
    """Return, as sentences, what a reader must know of a run."""
    if run is None:
        return []
    return [run.history, *(f"{said[0].upper()}{said[1:]}." for said in run.remarks)]


def _which_is_off(bench: AnyBench, run: LiveRun | None, result: Run | None) -> str:
    if result is not None:
        return which_is_off_in(result, bench)
    last = run.rows.last if run is not None else None
    if run is None or last is None or last.seconds < _EARLIEST_SECONDS:
        return ""
    event = not_compared(bench, run.changes)
    bands = Bands.of(run.calibration)
    return which_is_off(
        bench,
        *run.compared[:3],
        bands=bands,
        refit=IN_RUN,
        paced=run.load.paced,
        event=event,
        running=True,
    )
