"""The workbench: the panel of one pattern in a notebook cell."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from perflab.bench import AnyBench
from perflab.errors import BadInputError
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun
from perflab.modelling.prediction import Prediction
from perflab.panels.actions import Actions
from perflab.panels.alerts_row import AlertsRow
from perflab.panels.arranged import arranged
from perflab.panels.compare import Compare
from perflab.panels.displays import Displays
from perflab.panels.events_list import EventsList
from perflab.panels.forecast import Forecast
from perflab.panels.frame import Frame
from perflab.panels.guard import Guard
from perflab.panels.guests.rights import OWNER, Rights
from perflab.panels.header import Header
from perflab.panels.latest import Latest
from perflab.panels.layout import close_all
from perflab.panels.limits_field import LimitsField
from perflab.panels.live_controller import LiveController
from perflab.panels.measure import Measure
from perflab.panels.measurements import Measurements
from perflab.panels.report_actions import ReportActions
from perflab.panels.server_side import ServerSide
from perflab.panels.session.asked import asked_for
from perflab.panels.session.document import SavedSession
from perflab.panels.session.lasting import Lasting, PanelParts
from perflab.panels.setting_controls import SettingControls
from perflab.panels.status import StatusLine, what_failed
from perflab.panels.tasks import Tasks
from perflab.panels.views import Point
from perflab.panels.workload_picker import WorkloadPicker
from perflab.settings.load import PRICES
from perflab.tuning.recommendation import Recommendation
from perflab.workloads import Workload


class Workbench:
    """The panel; all that it shows comes from the bench, so that a new pattern needs no change.

    Handlers return at once: what-ifs, runs, recommendations and reports are made in threads.

    Args:
        bench: The pattern.
        workload: A name with parameters, a path, a trace or arrivals; none for the bench's own.
        settings: The user's values, over the panel's defaults.
        rights: What the user may name.
        session: One to open, with its workload where none is given.

    Raises:
        BadInputError: If a setting is unknown or out of bounds.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: object = None,
        settings: Mapping[str, object] | None = None,
        rights: Rights = OWNER,
        session: SavedSession | None = None,
    ) -> None:
        self.bench = bench
        self.workload: Workload | None = None
        self._lock = threading.Lock()
        self.status = StatusLine()
        fixed = rights.fixed(bench)
        self.controls = SettingControls(bench, settings or {}, self._on_setting_changed, fixed)
        self.displays = Displays(bench)
        self.forecast = Forecast(bench, self.displays.what_if, self.status, self._on_prediction)
        self.runner = LiveController(
            *(bench.identity.pattern, self.status, self._tick, self._run_changed),
            lambda error: self.server.ask(error, self.run_or_stop),
        )
        self.alerts = AlertsRow(bench, self.runner.watch, self.runner.unwatch)
        self.events = EventsList(bench)
        self.tasks = Tasks(self.status, self._refresh)
        self.server = ServerSide(bench, self.status, self.tasks, self._server_changed, rights)
        self.compare = Compare(bench, self._on_lines_chosen)
        of_reports = (bench, self.displays, self._apply, self.check_live, rights)
        self.report_actions = ReportActions(*of_reports)
        self.displays.what_if.steer(self.controls.steering(self._steer))
        self.picker = WorkloadPicker(
            *(bench, self._on_workload, self._on_workload_error),
            lambda: self.controls.read()[0],
            lambda words: self.status.say("workload", words, "busy"),
            *(rights, self._on_workload_error),
        )
        self.header = Header(bench, self.picker.widget, self.measure_again, self.alerts.fired)
        self.measurements = Measurements(
            *(bench, self.controls, self.header, self.forecast, self.status),
            *(self.tasks, self.runner, self.server, self.report_actions, rights),
        )
        handlers = {
            "run": self.run_or_stop,
            "pause": self.pause_or_resume,
            "reset": self.reset,
            "pin": self.pin,
            "recommend": self.recommend,
            "export": self.export,
        }
        self.limits = LimitsField(bench.display.headline)
        folder = f"perflab-report-{bench.identity.pattern.replace('_', '-')}"
        pause = {"pause": self.runner.limit.widget}
        self.actions = Actions(handlers, folder, pause, guest=rights.guest)
        self.displays.add_card("Recommendation", self.report_actions.card)
        of = (bench, self.status, self.controls, self.displays, self.forecast, self.runner)
        picked = (self.picker, self.report_actions)
        parts = PanelParts(*of, *picked, self.limits, self.alerts, self.compare)
        told = (self._apply, self._fill_table, self.reset)
        self.lasting = Lasting(parts, asked_for(workload, settings, session), *told, rights)
        self.displays.tabs.put("Events", self.events.widget)
        self.displays.tabs.put("History", self.lasting.tab.widget)
        # A page tells its width often while it is dragged; only the last one is drawn for.
        self._fitting: Latest[Frame] = Latest(
            lambda frame, _: self.displays.place(frame), self.status.fail
        )
        self.measure = Measure(self._fitting.post)
        around = (self.header, self.actions, self.server, self.lasting, self.measure)
        self.widget = arranged(parts, *around)
        Guard(self.status.fail).watch(self.widget)
        if session is not None:
            self.lasting.open(session, workload)
        if session is not None and workload is None:
            self.picker.reopen(session.workload)
        else:
            self.picker.pick(workload)

    def _ipython_display_(self) -> None:
        self.lasting.display(self.widget, self.wait)

    @property
    def recommendation(self) -> Recommendation | None:
        """The last recommendation."""
        return self.report_actions.recommendation

    @property
    def calibration(self) -> Calibration | None:
        """What the predictions rest on; none while there is no workload."""
        return self.measurements.calibration

    @property
    def report(self) -> Path | None:
        """Where the last report is."""
        return self.report_actions.report

    def run_or_stop(self) -> None:
        """Start a live run with the present settings, or end the one that is going."""
        if self.runner.active:
            self.tasks.start("stop", self.runner.stop)
        elif self.workload is not None and self.measurements.may_begin():
            self.status.clear()
            self.server.begin()
            self.displays.begin()
            self.events.begin(*self.controls.read())
            of = (self.workload, self.controls.values, self.alerts.alerts)
            self.measurements.begin(lambda: self.runner.start(*of))
            self._refresh()

    def pause_or_resume(self) -> None:
        """Hold the load of the run, or let it go on."""
        self.runner.pause_or_resume()
        self._refresh()

    def reset(self) -> None:
        """Put everything back to how it was at the start; the workload stays."""
        self.tasks.start("reset", self._reset)

    def pin(self) -> None:
        """Keep the present settings and their prediction as the baseline."""
        prediction = self.forecast.prediction
        if prediction is None:
            return
        point = Point(self.controls.read()[0], prediction.metrics)
        # All pictures are drawn anew, which a key that is held down would ask for without end.
        if point != self.displays.baseline:
            self.displays.pin(point)
            self._fill_table()
            self.lasting.changed()

    def recommend(self) -> None:
        """Look for the settings to ship."""
        self.tasks.start("recommend", self._recommend)

    def check_live(self, budget: float) -> None:
        """Run the recommendation beside its rivals, for so many seconds at most."""
        self.measurements.check_live(budget)

    def measure_again(self) -> None:
        """Measure on this machine, now, what the predictions rest on."""
        self.measurements.measure_again()

    def export(self) -> None:
        """Write the report."""
        self.tasks.start("export", self._export)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the session into a file, which ``perflab.workbench(session=path)`` opens again.

        Raises:
            BadInputError: If there is no workload yet, or the file cannot be written; a file that
                is no session is replaced only with `force`.
        """
        return self.lasting.save(path, force=force)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the workload is read, all is predicted and every task is over."""
        self.picker.wait(timeout)
        self.tasks.wait(timeout)
        self.forecast.wait(timeout)
        self._fitting.wait(timeout)

    def close(self) -> None:
        """End what this panel has started and take its widgets away; others stay."""
        self.runner.close()
        self.lasting.close()
        self.measurements.close()
        self.forecast.close()
        self.picker.close()
        self._fitting.close()
        close_all(self.widget)

    def _on_workload(self, workload: Workload) -> None:
        # Not waited for: the run ends behind the scenes, while the new workload is shown already.
        self._forget("stopped, as another workload was chosen")
        self.workload = workload
        self.displays.use(workload)
        self.picker.ours.show(workload.source)
        self.controls.fit(workload)
        self.header.show(workload, self.picker.found)
        self.status.clear()
        self.status.remark([])
        self.measurements.use(workload)
        self.lasting.use(workload)
        self._refresh()

    def _on_workload_error(self, error: Exception) -> bool:
        """Let it be said where it was caused: at the settings that named it, or in the picker."""
        is_said = self.controls.refuse_naming(what_failed(error))
        self.lasting.missed()
        self.forecast.ask(*self.controls.read())
        if self.workload is None:
            self.header.reading("no workload yet: choose one below")
        elif is_said:
            return True
        self.header.toggle.value = True
        return False

    def _on_setting_changed(self, key: str, value: object) -> None:
        del value
        self.status.clear()
        if key in self.bench.naming:
            self._ask()
            return
        try:
            self.forecast.ask(*self.controls.read())
        except BadInputError as error:
            self.status.fail(error)
            return
        if key not in PRICES:
            self.runner.apply(self.controls.values)

    def _on_lines_chosen(self, key: str, values: tuple[object, ...]) -> None:
        self.forecast.compare(key, values)
        self.forecast.ask(*self.controls.read())

    def _steer(self, values: Mapping[str, object]) -> None:
        self.status.clear()
        try:
            self._apply(values)
        except BadInputError as error:
            self.status.fail(error)
            raise

    def _apply(self, values: Mapping[str, object]) -> None:
        self.controls.show(values)
        if self._ask():
            self.runner.apply(self.controls.values)

    def _ask(self) -> bool:
        """Predict the present settings; not so where they name a workload that is read first."""
        if self.controls.begin_naming():
            self.picker.pick_again()
        if self.controls.names_another:
            return False
        self.forecast.ask(*self.controls.read())
        return True

    def _on_prediction(self, prediction: Prediction | None) -> None:
        del prediction
        self.header.heed(self.controls.values)
        self._fill_table()
        self._refresh()
        self.lasting.predicted()

    def _tick(self, live: LiveRun) -> None:
        settings, _ = self.controls.read()
        self.alerts.show(live.alerts)
        self.events.show(live.changes, live.alerts)
        known = (self.forecast.prediction, self.runner.result, self.events.events)
        self.displays.follow(live, settings, *known)
        self.header.show_servers(live.about)
        with self._lock:
            self.server.follow(live, usable=self.runner.active and not self._leaving)

    def _server_changed(self) -> None:
        self.measurements.look_up()

    def _run_changed(self) -> None:
        self.measurements.follow(self.runner.live)
        self._fill_table()
        self._refresh()
        if not self.runner.active and self.runner.result is not None:
            self.lasting.ended(self.runner.result)

    def _fill_table(self) -> None:
        self.displays.fill(self.forecast.prediction, self.runner.live, self.runner.result)

    def _refresh(self) -> None:
        self.measurements.settle()
        # State is read under the lock, too: a thread that read before the end of a run and showed
        # after it would bring its Stop back.
        with self._lock:
            ready = self.workload is not None
            active = self.runner.active
            leaving = self._leaving or self.runner.phase == "stopping"
            self.server.follow(self.runner.live, usable=active and not leaving)
            free = ready and not active and not leaving and not self.measurements.busy
            self.header.measurable(usable=free)
            searching = self.tasks.busy("recommend")
            self.report_actions.card.check.usable(usable=free and not searching)
            self.actions.show(
                running=active,
                paused=self.runner.paused,
                enabled={
                    "run": ready and not leaving and (active or not self.measurements.busy),
                    "pause": active and self.runner.live is not None and not leaving,
                    "reset": ready and not leaving,
                    "pin": self.forecast.prediction is not None,
                    "recommend": ready and not searching and not self.tasks.busy("check"),
                    "export": ready and not leaving,
                },
            )

    @property
    def _leaving(self) -> bool:
        return any(self.tasks.busy(name) for name in ("stop", "reset", "export"))

    def _reset(self) -> None:
        self._forget()
        self.runner.limit.reset()
        self.controls.reset()
        self.compare.reset()
        self.limits.clear()
        self.status.clear()
        self._ask()
        # All is back by now; the run, of which nothing is shown any more, may take its time to end.
        self.runner.stop()
        self.runner.drop()

    def _forget(self, why: str = "") -> None:
        self.runner.drop(why)
        self.report_actions.forget()
        self.header.show_servers({})
        self.server.begin()
        self.displays.clear()
        self.alerts.show([])
        self.events.begin()
        self._fill_table()

    def _recommend(self) -> None:
        workload = self.workload
        if workload is None:
            return
        self.status.clear()
        self.report_actions.recommend(
            workload,
            self.controls.values,
            self.limits.limits,
            self.forecast.model,
            lambda: self.workload is workload,
        )
        self.lasting.changed()
        self.lasting.still.update()

    def _export(self) -> None:
        assert self.workload is not None  # noqa: S101  (the button is disabled without a workload)
        self.status.clear()
        folder = self.actions.folder.value.strip()
        of = (self.workload, self.controls.values, self.runner.stop, folder)
        histories = self.forecast.histories(*self.controls.read())
        self.report_actions.export(*of, self.forecast.model, self.forecast.grids, histories)
        self.lasting.still.update()
