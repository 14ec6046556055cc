"""`ServicePanel`: the panel of a whole service in a notebook cell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets

from perflab.bench import load_bench
from perflab.bench.stage import CACHES
from perflab.callbacks import Cancelled
from perflab.charts.service import chain_picture, share_picture
from perflab.panels.copying import copying
from perflab.panels.frame import Frame
from perflab.panels.guard import Guard
from perflab.panels.in_view import kept_in_view
from perflab.panels.latest import Latest
from perflab.panels.layout import arrange, close_all, messages
from perflab.panels.measure import Measure
from perflab.panels.sections import Section
from perflab.panels.service.actions import ServiceActions
from perflab.panels.service.answers import Answers
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.findings import Findings
from perflab.panels.service.forecast import ServiceForecast
from perflab.panels.service.goals import Goals
from perflab.panels.service.happening import HappeningRow, fitting
from perflab.panels.service.head import ServiceHead
from perflab.panels.service.lasting import ServiceLasting, ServiceParts, with_scenarios
from perflab.panels.service.numbers import lines_of, stages_table
from perflab.panels.service.pasting import Pasting
from perflab.panels.service.reporting import ServiceReports
from perflab.panels.service.run_view import RunView
from perflab.panels.service.runner import ServiceRunner
from perflab.panels.service.scenario_view import ScenarioView
from perflab.panels.service.sliders import ServiceSliders
from perflab.panels.service.still import ServiceStill
from perflab.panels.session.asked import asked_for
from perflab.panels.status import StatusLine, hidden_line, show_line
from perflab.panels.still.showing import show_panel
from perflab.panels.tabs import Tabs
from perflab.panels.tasks import Tasks
from perflab.panels.workload_picker import WorkloadPicker
from perflab.service import Service, ServicePrediction
from perflab.service.scenarios import Scenario, ScenarioOutcome

if TYPE_CHECKING:
    from perflab.lab.result import Result
    from perflab.panels.service.session import SavedService
    from perflab.service.live.result import ServiceRun
    from perflab.service.scenarios.survive import Survival
    from perflab.workloads import Workload

_PASTE = "Settings to paste"
_CARD = 26
"""CSS pixels of a card beside what is in it."""


class ServicePanel:
    """The panel of a service; handlers return at once, all is computed in threads.

    A slider that moves is answered by the newest settings alone: by an estimate where the workload
    is long, and then exactly. The scenario that was played last is played again with them.

    Args:
        service: What its sliders show at first.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.
        session: One to open, with its workload where none is given.
    """

    def __init__(
        self, service: Service, workload: object = None, session: SavedService | None = None
    ) -> None:
        self.workload: Workload | None = None
        self.prediction: ServicePrediction | None = None
        self._seconds: float | None = None
        self.status = status = StatusLine()
        self.tasks = tasks = Tasks(status, self._refresh)
        self.forecast = ServiceForecast(status, self._show, self._on_exact, self._on_failed)
        self.scenario = ScenarioView(status, self._refresh, self._on_found)
        self.sliders = ServiceSliders(service, self._on_change)
        of_findings = (tasks, status, self.sliders.show, lambda: self.service, self._on_found)
        self.findings = Findings(*of_findings)
        self.view = RunView()
        self.runner = ServiceRunner(status, self.view.follow, self._on_run)
        handlers = {
            "run": self.run_or_stop,
            "reset": self.reset,
            "budget": self.split_budget,
            "fleet": self.size_fleet,
            "export": self.export,
        }
        self.actions = ServiceActions(handlers)
        self.goals = Goals()
        self.happening = HappeningRow(service, self.play, self.survive, self.cancel, self._specify)
        self.reports = ServiceReports(self._results)
        self.chain: Drawing[ServicePrediction] = Drawing(chain_picture)
        self.shares: Drawing[ServicePrediction] = Drawing(share_picture)
        self.warnings = hidden_line("perflab-warnings")
        self.numbers, self.pasting = widgets.HTML(), Pasting()
        self.picker = WorkloadPicker(
            *(load_bench(service.entry.bench), self._on_workload, self._on_workload_error),
            lambda: self.service.entry.settings,
            lambda words: status.say("workload", words, "busy"),
            cancelled=self._on_workload_error,
        )
        self.head = ServiceHead(self.picker.widget)
        kept = (status, self.sliders, self.goals, self.actions, self.scenario, self.runner)
        parts = ServiceParts(*kept, self.picker, self.findings)
        asked = asked_for(workload, with_scenarios(service), session)
        self.lasting = ServiceLasting(parts, asked, self._on_reopened, self.reset)
        self.tabs = self._tabs()
        self._fitting: Latest[Frame] = Latest(self._place, status.fail)
        self.measure = Measure(self._fitting.post)
        self.still = ServiceStill(self.chain, self.shares, self.scenario.line)
        self.widget = arrange(
            head=[self.head.widget, self.actions.widget],
            over=[self.picker.widget],
            sections=[
                *self.sliders.sections,
                Section("Limits and objective", self.goals.widget, opened=False),
            ],
            main=[
                messages(
                    [status.widget, self.reports.link.widget, self.lasting.line.widget],
                    [self.warnings],
                ),
                *(*self.chain.pictured, *self.shares.pictured),
                *(self.happening.widget, self.scenario.verdict, *self.scenario.line.pictured),
            ],
            below=[self.tabs.widget],
            unseen=[*self.measure.widgets, self.still.widget, copying(), kept_in_view()],
        )
        Guard(status.fail).watch(self.widget)
        if session is not None:
            self.lasting.open(session)
        if session is not None and workload is None:
            self.picker.reopen(session.workload)
        else:
            self.picker.pick(workload)

    def _tabs(self) -> Tabs:
        first = {"All numbers": self.numbers, "Scenario": self.scenario.numbers}
        tabs = Tabs(first, self._wake)
        found = self.findings
        tabs.add("What survives", found.survival.widget)
        tabs.add("Budget", found.budget.widget)
        tabs.add("Fleet", found.fleet.widget)
        tabs.put("Live run", self.view.widget)
        tabs.put(_PASTE, self.pasting.widget)
        tabs.put("History", self.lasting.tab.widget)
        return tabs

    def _wake(self, tabs: Tabs) -> None:
        self.pasting.wake(awake=_PASTE in tabs.buttons and tabs.sees(_PASTE))

    def _ipython_display_(self) -> None:
        show_panel(self.widget, lambda: self.words, self.still, self.wait)
        self.lasting.begin()

    @property
    def service(self) -> Service:
        """The service as the sliders say it."""
        return self.sliders.service

    @property
    def answers(self) -> Answers | None:
        """What is known of the workload; none before it is read."""
        return self.forecast.answers

    @property
    def outcome(self) -> ScenarioOutcome | None:
        """Of the scenario that is shown; none where none is."""
        return self.scenario.outcome

    @property
    def survival(self) -> Survival | None:
        """What was found to survive; none where nothing was looked for, or settings changed."""
        return self.findings.survival.found

    @property
    def run(self) -> ServiceRun | None:
        """What the last run measured; none before it is over."""
        return self.runner.result

    @property
    def report(self) -> Path | None:
        """Where the last report is."""
        return self.reports.path

    @property
    def words(self) -> str:
        """What the panel says, for where it cannot be shown."""
        return self.still.words

    def play(self, scenario: str) -> None:
        """Play a scenario, and from now on again after each change of a setting; none if empty."""
        self.status.clear()
        self.happening.put(scenario)
        if scenario:
            self.scenario.play(self.service, scenario)
        else:
            self.scenario.stop(self.service)
            self._on_found()

    def survive(self, scenario: str) -> None:
        """Look for the smallest change of one stage's size that survives a scenario."""
        self.status.clear()
        if self.workload is not None:
            self.findings.survive(self.workload, scenario)

    def split_budget(self) -> None:
        """Split memory and connections between the stages, within the limits of the field."""
        self.status.clear()
        if self.workload is not None:
            goals = self.goals
            self.findings.split(self.workload, goals.limits.limits, goals.objective)

    def size_fleet(self) -> None:
        """Size the pools of all processes, now and at the autoscaler's most."""
        self.status.clear()
        if self.workload is not None:
            self.findings.size(self.workload)

    def run_or_stop(self) -> None:
        """Run the real service with the present settings, or end the run that is going."""
        if self.runner.active:
            self.runner.stop()
        elif self.workload is not None:
            self.status.clear()
            self.view.begin()
            self.tabs.choose("Live run")
            scenario = self.happening.spec if self.actions.happens.value else ""
            self.runner.start(self.service, self.workload, scenario, self.actions.seconds)

    def reset(self) -> None:
        """End what is going, and put everything back to how it was at the start."""
        self.runner.drop()
        self.view.clear()
        self.scenario.stop(self.service)
        self.happening.put("")
        self.findings.clear()
        self.goals.reset()
        self.sliders.reset()

    def export(self) -> None:
        """Write the report of all that the panel has found."""
        workload = self.workload
        if workload is not None:
            self.status.clear()
            self.tasks.start("export", lambda: self.reports.write(workload))

    def change(self, values: Mapping[str, object]) -> None:
        """Set some values, by the keys that `Service.change` takes, and show what they do.

        Raises:
            BadInputError: If a key is unknown or a value is not valid; then none is set.
        """
        self.sliders.show(values)

    def cancel(self) -> None:
        """End what is played or looked for; what was shown before stays."""
        self.findings.end()
        self.scenario.cancel(self.service)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the session into a file, which ``perflab.workbench(session=path)`` opens again.

        Raises:
            BadInputError: If there is no workload yet, or the file cannot be written; a file of
                another kind is replaced only with `force`.
        """
        return self.lasting.save(path, force=force)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all is predicted, played and looked for; a run is not waited for."""
        self.picker.wait(timeout)
        self.forecast.wait(timeout)
        self.scenario.wait(timeout)
        self.tasks.wait(timeout)
        self._fitting.wait(timeout)

    def close(self) -> None:
        """End what the panel has started, and take its widgets away."""
        self.findings.end()
        self.runner.close()
        self.lasting.close()
        self.picker.close()
        self.forecast.close()
        self.scenario.close()
        self._fitting.close()
        close_all(self.widget)

    def _specify(self, kind: type[Scenario]) -> str:
        return fitting(kind, self._seconds, self.service.settings.processes)

    def _on_workload(self, workload: Workload) -> None:
        self.runner.drop()
        self.view.clear()
        self.findings.clear()
        self.workload = workload
        answers = Answers(workload)
        self.forecast.use(answers)
        self.scenario.use(answers)
        self.head.show(workload, self.picker.found)
        self.picker.ours.show(workload.source)
        self._on_change(self.service)
        self.lasting.use(workload)

    def _on_workload_error(self, _error: Exception) -> bool:
        self.lasting.missed()
        # The picker says it, where it was caused.
        if self.workload is None:
            self.head.missing()
        self.head.toggle.value = True
        return False

    def _on_change(self, service: Service) -> None:
        self.status.clear()
        self.findings.moved(service)
        self.forecast.ask(service)

    def _show(self, found: ServicePrediction) -> None:
        self.prediction = found
        self.chain.show(found)
        self.shares.show(found)
        show_line(self.warnings, lines_of(found.warnings, "perflab-alarm"))
        remarks = lines_of(found.remarks, "perflab-line")
        self.numbers.value = f"{stages_table(found)}{remarks}"
        self._refresh()

    def _on_exact(self, service: Service, found: ServicePrediction) -> None:
        """Bring all that follows from an exact prediction up to date."""
        answers, workload = self.answers, self.workload
        if answers is None or workload is None:
            return
        self._seconds = answers.seconds(service)
        self.scenario.again(service)
        self.pasting.show(service, workload)
        self.lasting.predicted(service, found)
        self._on_found()

    def _on_failed(self, error: Exception) -> None:
        self.status.fail(error)
        self.scenario.drop_outdated(self.service)

    def _on_found(self) -> None:
        """Renew what is taken away from the panel."""
        self.actions.offer(self.reports.summary)
        self.lasting.changed()
        self.still.update()

    def _on_run(self) -> None:
        self._refresh()
        run = self.runner.result
        if self.runner.failed:
            self.view.say_nothing()
        if run is not None and not self.runner.active:
            self.view.show(run)
            self.lasting.ended(run)
            self._on_found()

    def _on_reopened(self, run: ServiceRun | None, scenario: str) -> None:
        self.scenario.spec = scenario
        self.happening.put(scenario)
        if run is not None:
            self.runner.result = run
            self.view.show(run)

    def _results(self) -> list[Result | None]:
        """Return all that the panel has found, of which a report is made."""
        found, cards = [self.prediction, self.outcome, self.survival], self.findings
        return [*found, cards.budget.found, cards.fleet.found, self.run]

    def _refresh(self) -> None:
        ready = self.prediction is not None
        found, service = self.findings, self.service
        playing = self.scenario.playing or found.splitting or found.sizing
        self.happening.show(ready=ready, playing=playing, searching=found.surviving)
        caches = any(stage.place in CACHES for stage in service.stages)
        enabled = {
            "run": ready and self.runner.phase != "stopping",
            "reset": ready,
            "budget": ready and caches and not found.splitting,
            "fleet": ready and service.pool is not None and not found.sizing,
            "export": ready and not self.tasks.busy("export"),
        }
        self.actions.show(running=self.runner.active, enabled=enabled)

    def _place(self, frame: Frame, _cancelled: Cancelled) -> None:
        room = (frame.main, frame.scale(frame.main), frame.theme)
        for drawing in (*self.still.drawings, self.view.parts, self.view.line):
            drawing.place(*room)
        # A card has an edge.
        inner = frame.main - _CARD
        self.findings.place(inner, frame.scale(inner), frame.theme)
        self.tabs.stand(columns=not frame.tabbed)
