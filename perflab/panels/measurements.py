"""`Measurements`: what a panel measures when asked to: its costs, and a recommendation's rivals."""

from __future__ import annotations

import threading
from collections.abc import Callable

from perflab.bench import AnyBench
from perflab.lab.calibration import Calibration, calibration_for
from perflab.lab.live import LiveRun
from perflab.panels.forecast import Forecast
from perflab.panels.guests.rights import OWNER, Rights
from perflab.panels.guests.turn import TAKEN, Turn
from perflab.panels.header import Header
from perflab.panels.live_controller import LiveController
from perflab.panels.measuring import AbandonedError, measure_told
from perflab.panels.report_actions import ReportActions
from perflab.panels.server_side import ServerSide
from perflab.panels.setting_controls import SettingControls
from perflab.panels.status import StatusLine
from perflab.panels.tasks import Tasks
from perflab.servers.consent import ConsentNeededError
from perflab.workloads import Workload


class Measurements:
    """Measures one thing at a time, and nothing beside a run, which would disturb both.

    Args:
        bench: The pattern.
        controls: The present settings.
        header: Shows the calibration that predictions rest on.
        forecast: Predicts with it.
        status: Where it is said what goes on.
        tasks: Where measurements are waited for.
        runner: The live run.
        server: Asks for a server that a measurement needs.
        reports: Has the recommendation that is checked.
        rights: Has the turn to measure, where other processes have panels too.

    Attributes:
        calibration: What the predictions rest on; none while there is no workload.
    """

    def __init__(
        self,
        bench: AnyBench,
        controls: SettingControls,
        header: Header,
        forecast: Forecast,
        status: StatusLine,
        tasks: Tasks,
        runner: LiveController,
        server: ServerSide,
        reports: ReportActions,
        rights: Rights = OWNER,
    ) -> None:
        self._bench, self._controls, self._header = bench, controls, header
        self._forecast, self._status, self._tasks = forecast, status, tasks
        self._runner, self._server, self._reports = runner, server, reports
        self._turn, self._turning = Turn(rights.turn), threading.RLock()
        self._workload: Workload | None = None
        self._closed = threading.Event()
        self.calibration: Calibration | None = None

    @property
    def busy(self) -> bool:
        """Whether something is measured that a run beside it would disturb."""
        return self._tasks.busy("measure") or self._tasks.busy("check")

    def may_begin(self) -> bool:
        """Say whether nothing is measured here or by another page of the app; say that it does."""
        return not self.busy and self.begin(lambda: None)

    def begin(self, work: Callable[[], object]) -> bool:
        """Begin to measure, in a thread; say whether it is this panel's turn."""
        # Under the lock, so that the turn is not given back before the work has begun.
        with self._turning:
            if self._turn.take():
                work()
                return True
        self._status.fail(TAKEN)
        return False

    def settle(self) -> None:
        """Give the turn back where nothing is measured any more."""
        with self._turning:
            if not self._runner.active and not self.busy:
                self._turn.give_back()

    def use(self, workload: Workload) -> None:
        """Predict for another workload."""
        self._workload = workload
        self._look_up(workload)

    def look_up(self) -> None:
        """Predict with what is known of the present server, unless a run measures that itself."""
        if self._workload is not None and not self._runner.active:
            self._look_up(self._workload)

    def follow(self, live: LiveRun | None) -> None:
        """Predict with what a run has measured before its start or since."""
        found = None if live is None else live.renewed or live.calibration
        if found is not None and self._workload is not None and found != self.calibration:
            self._predict_with(found, self._workload)

    def measure_again(self) -> None:
        """Measure on this machine, now, what the predictions rest on."""
        self.begin(lambda: self._tasks.start("measure", self._measure))

    def check_live(self, budget: float) -> None:
        """Run the recommendation beside its rivals, for so many seconds at most."""
        self.begin(lambda: self._tasks.start("check", lambda: self._check_live(budget)))

    def close(self) -> None:
        """End what is measured, without a result."""
        self._closed.set()
        self._reports.card.check.cancel()

    def _measure(self) -> None:
        workload = self._workload
        if workload is None or self._runner.active or self._tasks.busy("check"):
            return
        self._status.clear()
        try:
            of = (self._status, self._bench, *self._controls.read(), workload)
            found = measure_told(*of, self._closed.is_set)
        except AbandonedError:
            return
        except ConsentNeededError as error:
            self._server.ask(error, self.measure_again)
            return
        if self._workload is workload:
            self._predict_with(found, workload)

    def _check_live(self, budget: float) -> None:
        workload = self._workload
        if workload is None or self._runner.active or self._tasks.busy("measure"):
            return
        self._status.clear()
        try:
            self._reports.check_live(budget)
        except ConsentNeededError as error:
            self._server.ask(error, lambda: self.check_live(budget))
            return
        if self._workload is workload:
            self.look_up()  # it may have measured costs that were not known

    def _look_up(self, workload: Workload) -> None:
        self._predict_with(calibration_for(self._bench, *self._controls.read(), workload), workload)

    def _predict_with(self, calibration: Calibration, workload: Workload) -> None:
        self.calibration = calibration
        self._header.show_calibration(calibration)
        self._forecast.use(workload, calibration.costs)
        self._forecast.ask(*self._controls.read())
