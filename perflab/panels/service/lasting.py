"""`ServiceLasting`: what a service's panel keeps for later: what was tried, and its session."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.panels.history.tab import HistoryTab
from perflab.panels.history.tried import Trail, Tried
from perflab.panels.service.actions import ServiceActions
from perflab.panels.service.findings import Findings
from perflab.panels.service.goals import Goals
from perflab.panels.service.names import flat, names_of
from perflab.panels.service.runner import ServiceRunner
from perflab.panels.service.scenario_view import ScenarioView
from perflab.panels.service.session import PATTERN, SavedService
from perflab.panels.service.sliders import ServiceSliders
from perflab.panels.session.awaited import Awaited, left_out
from perflab.panels.session.keeper import SessionKeeper
from perflab.panels.session.reopened import ReopenedLine, kept_at
from perflab.panels.status import StatusLine
from perflab.panels.workload_picker import WorkloadPicker
from perflab.service import Budget, Fleet, Service, ServicePrediction
from perflab.service.layout import SCENARIOS_TABLE
from perflab.service.live.result import ServiceRun
from perflab.service.scenarios.survive import Survival
from perflab.workloads import Workload


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceParts:
    """The parts of a service's panel that hold what is kept."""

    status: StatusLine
    sliders: ServiceSliders
    goals: Goals
    actions: ServiceActions
    scenario: ScenarioView
    runner: ServiceRunner
    picker: WorkloadPicker
    findings: Findings


class ServiceLasting:
    """Keeps and reopens. Safe to use from several threads.

    Args:
        parts: The panel's.
        asked: What its cell passed, in a text; see `asked_for`.
        reopened: Called with a session's run, and its scenario, when they are to be shown.
        afresh: Called when a user wants none of a session that was reopened.

    Attributes:
        trail: What was tried.
        tab: Its list.
        keeper: Keeps the session by itself.
        line: Says that a session was reopened.
    """

    def __init__(
        self,
        parts: ServiceParts,
        asked: str,
        reopened: Callable[[ServiceRun | None, str], object],
        afresh: Callable[[], object],
    ) -> None:
        self._of, self._asked, self._reopened = parts, asked, reopened
        self._workload: Workload | None = None
        self._is_opened = False
        self._first = ""
        self._untouched = self._made
        names = names_of(parts.sliders.service)
        self._plain = names.plain
        self.trail = Trail(plain=names.plain)
        self.tab = HistoryTab(names, self.trail, self._restore, None)
        self.keeper = SessionKeeper(SavedService, PATTERN, self._to_keep, parts.status.fail)
        self.line = ReopenedLine(afresh)
        self._awaited: Awaited[SavedService] = Awaited(parts.picker, self.keeper, self.line)

    def begin(self) -> None:
        """Keep the session from now on, and open the one that the same cell had before.

        Where the cell names a session, that one is shown, and what is made of it is kept in the
        place of what was made of it last.
        """
        known = self.keeper.begin(self._asked)
        if known is not None and not self._is_opened:
            self._awaited.put(known, kept=True)
            self._show()

    def open(self, session: SavedService) -> None:
        """Show a session that the cell names, as soon as a workload is there."""
        self._is_opened = True
        self._awaited.put(session, kept=False)

    def missed(self) -> None:
        """A workload could not be read."""
        self._awaited.missed()

    def use(self, workload: Workload) -> None:
        """Go on with another workload."""
        if self._workload is not None:
            self.trail.clear()
        self._workload = workload
        self._first = self._first or workload.fingerprint
        self._show()
        self.changed()

    def predicted(self, service: Service, found: ServicePrediction) -> None:
        """Note settings with their prediction."""
        self.trail.predict(flat(service), found.metrics)
        self.changed()

    def ended(self, run: ServiceRun) -> None:
        """Note what a run has measured."""
        service = Service.from_mapping(run.settings)
        self.trail.measure(self._plain(flat(service)), run.metrics, run.fitted)
        self.changed()

    def changed(self) -> None:
        """Something is other than it was."""
        self.tab.refresh()
        self.keeper.changed()

    def session(self) -> SavedService | None:
        """Return the session as it is now; none while there is no workload."""
        of, workload = self._of, self._workload
        if workload is None:
            return None
        cards = of.findings
        budget, fleet = cards.budget.found, cards.fleet.found
        survival = cards.survival.found
        run = of.runner.result
        return SavedService(
            workload=workload_summary(workload),
            settings=with_scenarios(of.sliders.service),
            asked=self._asked,
            scenario=of.scenario.spec,
            limits=of.goals.limits.text.value,
            objective=of.goals.objective,
            seconds=of.actions.length.value,
            tried=self.trail.plain,
            budget=None if budget is None else budget.to_dict(),
            fleet=None if fleet is None else fleet.to_dict(),
            survival=None if survival is None else survival.to_dict(),
            run=None if run is None else run.to_dict(),
            environment=environment(),
        )

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the session into a file.

        Raises:
            BadInputError: If there is no workload yet, or it cannot be written.
        """
        return self.keeper.write(self.session(), path, force=force)

    def close(self) -> None:
        """End it."""
        self.keeper.close()

    @property
    def _made(self) -> tuple[object, ...]:
        """What a user has made here that is worth keeping."""
        of, cards = self._of, self._of.findings
        found = (cards.budget.found, cards.fleet.found, cards.survival.found, of.runner.result)
        typed = (of.goals.limits.text.value, of.goals.objective, of.actions.length.value)
        picked = "" if self._workload is None else self._workload.fingerprint
        is_other = picked != self._first
        return (of.sliders.service, of.scenario.spec, picked if is_other else "", *found, *typed)

    def _to_keep(self) -> SavedService | None:
        """Return the session, once a user has done something: a look alone leaves no file."""
        if self._awaited.waits:
            return None
        return self.session() if self.keeper.has_written or self._made != self._untouched else None

    def _restore(self, entry: Tried) -> None:
        self._of.sliders.show(entry["settings"])

    def _show(self) -> None:
        workload = self._workload
        session = self._awaited.due(workload)
        if session is None or workload is None:
            return
        of = self._of
        less = left_out(session.workload, workload)
        if not less:
            self.trail.load(session.tried)
        self._reopened(None if less else session.last(ServiceRun), session.scenario)
        of.sliders.show(flat(session.service))
        of.goals.limits.text.value = session.limits
        of.goals.choose(session.objective)
        if session.seconds:
            of.actions.length.value = session.seconds
        if not less:
            self._show_results(session)
        self._untouched = self._made
        self._awaited.shown()
        when = kept_at(session.environment.get("date"))
        self.line.say(f"Reopened the session of {when}{less}.")

    def _show_results(self, session: SavedService) -> None:
        cards, now = self._of.findings, self._of.sliders.service
        if (budget := session.last(Budget)) is not None:
            cards.budget.show(budget)
            cards.budget.mark(now)
        if (fleet := session.last(Fleet)) is not None:
            cards.fleet.show(fleet)
            cards.fleet.mark(now)
        if (survival := session.last(Survival)) is not None:
            cards.survival.show(survival, session.service)


def with_scenarios(service: Service) -> dict[str, Any]:
    """Return all values of a service with the scenarios that its file names."""
    named = {SCENARIOS_TABLE: dict(service.scenarios)} if service.scenarios else {}
    return {**service.shown(), **named}
