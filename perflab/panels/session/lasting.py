"""`Lasting`: what a panel keeps for later: what was tried, its session, and a still picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.lab.environment import environment
from perflab.lab.outcome import plain_settings, workload_summary
from perflab.lab.run import Run
from perflab.panels.alerts_row import AlertsRow
from perflab.panels.compare import Compare
from perflab.panels.displays import Displays
from perflab.panels.forecast import Forecast
from perflab.panels.guests.rights import OWNER, Rights
from perflab.panels.history.names import Names
from perflab.panels.history.tab import HistoryTab
from perflab.panels.history.tried import Trail, Tried
from perflab.panels.limits_field import LimitsField
from perflab.panels.live_controller import LiveController
from perflab.panels.report_actions import ReportActions
from perflab.panels.session.awaited import Awaited, left_out, names_other
from perflab.panels.session.calls import Calls
from perflab.panels.session.document import SavedSession
from perflab.panels.session.keeper import SessionKeeper
from perflab.panels.session.reopened import ReopenedLine, kept_at
from perflab.panels.setting_controls import SettingControls
from perflab.panels.status import StatusLine
from perflab.panels.still.output import StillOutput
from perflab.panels.still.picture import stacked
from perflab.panels.still.showing import show_panel
from perflab.panels.still.words import sentence_of, text_of
from perflab.panels.views import Point
from perflab.panels.workload_picker import WorkloadPicker
from perflab.workloads import Workload


@dataclasses.dataclass(frozen=True, slots=True)
class PanelParts:
    """The parts of a panel that hold what is kept."""

    bench: AnyBench
    status: StatusLine
    controls: SettingControls
    displays: Displays
    forecast: Forecast
    runner: LiveController
    picker: WorkloadPicker
    reports: ReportActions
    limits: LimitsField
    alerts: AlertsRow
    compare: Compare


class Lasting:
    """Keeps and reopens. Safe to use from several threads.

    Args:
        parts: The panel's.
        asked: What its cell passed, in a text; see `asked_for`.
        apply: Called with settings that a user wants back.
        pinned: Called when another baseline was pinned.
        afresh: Called when a user wants none of a session that was reopened.
        rights: A guest's session is not kept.

    Attributes:
        trail: What was tried.
        tab: Its list.
        keeper: Keeps the session by itself.
        still: The picture for when there is no kernel.
        line: Says that a session was reopened, beside a button that starts afresh.
    """

    def __init__(
        self,
        parts: PanelParts,
        asked: str,
        apply: Callable[[Mapping[str, object]], None],
        pinned: Callable[[], None],
        afresh: Callable[[], None],
        rights: Rights = OWNER,
    ) -> None:
        self._of, self._asked, self._apply, self._pinned = parts, asked, apply, pinned
        self._guest = rights.guest
        self._workload: Workload | None = None
        self._calls = Calls(parts.bench, parts.controls.values)
        self._untouched: tuple[object, ...] | None = None
        names = Names.of_bench(parts.bench)
        self._plain = names.plain
        self.trail = Trail(plain=names.plain)
        of = (names, self.trail, self._restore, self._pin)
        self.tab = HistoryTab(*of, guest=self._guest)
        pattern = parts.bench.identity.pattern
        self.keeper = SessionKeeper(SavedSession, pattern, self._to_keep, parts.status.fail)
        self.still = StillOutput(self._picture, self._words)
        self._reopened = ReopenedLine(afresh)
        self.line, self.afresh = self._reopened.widget, self._reopened.afresh
        self._awaited: Awaited[SavedSession] = Awaited(
            *(parts.picker, self.keeper, self._reopened),
            lambda session: parts.controls.naming(session.settings),
            parts.controls.name,
        )
        self._is_opened = False

    @property
    def sentence(self) -> str:
        """What the panel is, in a sentence."""
        return sentence_of(self._of.bench, "" if self._workload is None else self._workload.name)

    def display(self, panel: widgets.Widget, wait: Callable[[float], None]) -> None:
        """Show a panel as its cell's output, with the still picture behind it.

        Args:
            panel: What is shown.
            wait: Waits for so many seconds at most until the panel has its first answer.
        """
        show_panel(panel, lambda: self.sentence, self.still, wait, guest=self._guest)
        self.begin()

    def begin(self) -> None:
        """Keep the session from now on, and open the one that the same cell had before.

        Where the cell names a session, that one is shown, and what is made of it is kept in the
        place of what was made of it last.
        """
        if self._guest:
            return
        known = self.keeper.begin(self._asked)
        if known is not None and not self._is_opened:
            self._put(known, kept=True)
            self._show()

    def open(self, session: SavedSession, workload: object = None) -> None:
        """Show a session that the cell names, as soon as a workload is there.

        Args:
            session: It.
            workload: What the cell names; where that is another one than the session's, the
                settings that named or bounded the session's stay as the cell has them.
        """
        self._is_opened = True
        if workload is not None and names_other(session.workload, workload):
            naming = self._of.bench.naming
            less = {key: value for key, value in session.settings.items() if key not in naming}
            session = dataclasses.replace(session, settings=less)
        self._put(session, kept=False)

    def missed(self) -> None:
        """A workload could not be read."""
        self._awaited.missed()

    def _put(self, session: SavedSession, *, kept: bool) -> None:
        self._calls = Calls(self._of.bench, self._of.controls.values)
        self._awaited.put(self._calls.without(session), kept=kept)

    def use(self, workload: Workload) -> None:
        """Go on with another workload."""
        if self._workload is not None:
            self.trail.clear()
        self._workload = workload
        self._show()
        self._untouched = self._untouched or self._made
        self.changed()

    def predicted(self) -> None:
        """Note the present settings with their prediction."""
        found = self._of.forecast.prediction
        if found is not None and self._workload is not None:
            self.trail.predict(self._of.controls.values, found.metrics)
            self.changed()
            if not self.still.has_numbers:
                self.still.update()

    def ended(self, run: Run) -> None:
        """Note what a run has measured."""
        self.trail.measure(run.settings, run.since_change or run.metrics, run.fitted)
        self.changed()
        self.still.update()

    def changed(self) -> None:
        """Something is other than it was."""
        self.tab.refresh()
        self.keeper.changed()

    def session(self) -> SavedSession | None:
        """Return the session as it is now; none while there is no workload."""
        of, workload = self._of, self._workload
        if workload is None:
            return None
        baseline = of.displays.baseline
        run, found = of.runner.result, of.reports.recommendation
        whole = plain_settings(*of.controls.read())
        return SavedSession(
            pattern=of.bench.identity.pattern,
            workload=workload_summary(workload),
            settings=whole,
            asked=self._asked,
            baseline=None if baseline is None else _entry(baseline, whole),
            limits=of.limits.text.value,
            alerts=tuple(alert.text for alert in of.alerts.alerts),
            compared={key: list(of.compare.chosen(key)) for key in of.compare.buttons},
            tried=self.trail.plain,
            run=None if run is None else run.to_dict(),
            recommendation=None if found is None else found.to_dict(),
            environment=environment(),
        )

    @property
    def _made(self) -> tuple[object, ...]:
        """What a user has made here that is worth keeping."""
        of = self._of
        found = (of.runner.result, of.reports.recommendation)
        typed = (tuple(alert.text for alert in of.alerts.alerts), of.limits.text.value)
        lines = {key: of.compare.chosen(key) for key in of.compare.buttons}
        picked = None if self._workload is None else self._workload.fingerprint
        return (of.controls.values, of.displays.baseline, lines, picked, *found, *typed)

    def _to_keep(self) -> SavedSession | None:
        """Return the session, once a user has done something: a look alone leaves no file."""
        if self._awaited.waits:
            return None
        return self.session() if self.keeper.has_written or self._made != self._untouched else None

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the session into a file.

        Raises:
            BadInputError: If there is no workload yet, or it cannot be written.
        """
        return self.keeper.write(self.session(), path, force=force)

    def close(self) -> None:
        """End it."""
        self.keeper.close()

    def _show(self) -> None:
        """Show the session that waits, if its workload is there."""
        of, workload = self._of, self._workload
        session = self._awaited.due(workload)
        if session is None or workload is None:
            return
        less = left_out(session.workload, workload)
        of.controls.show(session.settings)
        of.limits.text.value = session.limits
        for text in session.alerts:
            of.alerts.add(text)
        of.compare.choose(session.compared)
        if not less:
            self.trail.load(session.tried)
            self._show_results(session)
        self._apply({})
        self._untouched = self._made
        self._awaited.shown()
        told = f"Reopened the session of {kept_at(session.environment.get('date'))}"
        if self._calls.left_out:
            named = ", ".join(self._calls.left_out)
            less += f"; its {named} is not called unless the cell names it"
        self._reopened.say(f"{told}{less}.")

    def _show_results(self, session: SavedSession) -> None:
        of = self._of
        if session.baseline is not None:
            self._pin(session.baseline)
        found, workload = session.last_recommendation(), self._workload
        if found is not None and workload is not None:
            before, calls = self._calls.before(found), self._calls
            of.reports.put(calls.recommendation(found), workload, before, found.limits, None)
        if (run := session.last_run()) is not None and workload is not None:
            of.runner.result = run
            settings = of.bench.read(run.settings)[0]
            of.displays.show_result(of.forecast.prediction, run, settings, workload)

    def _restore(self, entry: Tried) -> None:
        self._apply(entry["settings"])

    def _pin(self, entry: Tried) -> None:
        settings = self._of.bench.read(entry["settings"])[0]
        known = {name: value for name, value in entry["predicted"].items() if value is not None}
        self._of.displays.pin(Point(settings, known))
        self._pinned()
        self.changed()

    def _picture(self) -> bytes:
        displays = self._of.displays
        return stacked([displays.what_if.first.picture, displays.live.picture])

    def _words(self) -> str:
        of, run = self._of, self._of.runner.result
        prediction = of.forecast.prediction
        columns = (
            {} if prediction is None else prediction.metrics,
            {} if run is None else run.predicted,
            {} if run is None else run.fitted,
            {} if run is None else run.since_change or run.metrics,
        )
        values = of.controls.values
        shown = {key: values[key] for key in of.controls.controls if values[key] is not None}
        name = "" if self._workload is None else self._workload.name
        now = self._plain(values)
        ran = {} if run is None else {key: run.settings.get(key, now[key]) for key in now}
        seen = of.controls.controls
        differing = {key: ran[key] for key in seen if key in ran and ran[key] != now[key]}
        return text_of(of.bench, name, shown, columns, differing)


def _entry(point: Point, whole: Mapping[str, object]) -> Tried:
    return {
        "settings": {**whole, **point.settings.shown()},
        "predicted": dict(point.metrics),
        "refitted": {},
        "measured": {},
        "when": "",
    }
