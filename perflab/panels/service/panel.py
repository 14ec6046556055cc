"""`ServicePanel`: the panel of a whole service in a notebook cell."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from perflab.bench import load_bench
from perflab.callbacks import Cancelled
from perflab.charts.service import chain_picture, share_picture, time_line
from perflab.panels.frame import Frame
from perflab.panels.guard import Guard
from perflab.panels.in_view import kept_in_view
from perflab.panels.latest import Latest
from perflab.panels.layout import arrange, close_all, messages
from perflab.panels.measure import Measure
from perflab.panels.service.answers import Answers
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.happening import HappeningRow, fitting
from perflab.panels.service.head import QUESTION, ServiceHead
from perflab.panels.service.numbers import lines_of, scenario_table, stages_table
from perflab.panels.service.sliders import ServiceSliders
from perflab.panels.service.survival_card import SurvivalCard
from perflab.panels.status import StatusLine, hidden_line, show_line
from perflab.panels.still.output import StillOutput
from perflab.panels.still.picture import stacked
from perflab.panels.tabs import Tabs
from perflab.panels.tasks import Tasks
from perflab.panels.workload_picker import WorkloadPicker
from perflab.service import Service, ServicePrediction
from perflab.service.scenarios import Scenario, ScenarioOutcome
from perflab.service.scenarios.survive import survive
from perflab.units import band, percent

if TYPE_CHECKING:
    from perflab.service.scenarios.survive import Survival
    from perflab.workloads import Workload

_SEARCH = "survive"


class _StoppedError(Exception):
    """A search that its user has ended."""


class ServicePanel:
    """The panel of a service; handlers return at once, all is computed in threads.

    A slider that moves is answered by the newest settings alone. The scenario that was played
    last is played again with them.

    Args:
        service: What its sliders show at first.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.
    """

    def __init__(self, service: Service, workload: object = None) -> None:
        self.answers: Answers | None = None
        self.status = StatusLine()
        self.tasks = Tasks(self.status, self._refresh)
        self.prediction: ServicePrediction | None = None
        self.outcome: ScenarioOutcome | None = None
        self._spec, self._playing = "", False
        self._searching: object = None
        self._seconds: float | None = None
        self._forecast: Latest[Service] = Latest(self._predict, self._fail, "perflab-service")
        self._play: Latest[tuple[Service, str]] = Latest(
            self._played, self._play_failed, "perflab-scenario"
        )
        self.sliders = ServiceSliders(service, self._on_change)
        self.happening = HappeningRow(service, self.play, self.survive, self.cancel, self._specify)
        self.card = SurvivalCard(self.sliders.show)
        self.chain: Drawing[ServicePrediction] = Drawing(chain_picture)
        self.shares: Drawing[ServicePrediction] = Drawing(share_picture)
        self.line: Drawing[ScenarioOutcome] = Drawing(time_line)
        self.verdict = hidden_line("perflab-verdict")
        self.warnings = hidden_line("perflab-warnings")
        self.numbers, self.scenario_numbers = widgets.HTML(), hidden_line("perflab-numbers")
        self.tabs = Tabs({"All numbers": self.numbers, "Scenario": self.scenario_numbers})
        self.tabs.add("What survives", self.card.widget)
        self.picker = WorkloadPicker(
            *(load_bench(service.stages[0].bench), self._on_workload, self._on_workload_error),
            lambda: self.service.stages[0].settings,
            lambda words: self.status.say("workload", words, "busy"),
        )
        self.head = ServiceHead(self.picker.widget)
        self._fitting: Latest[Frame] = Latest(self._place, self.status.fail)
        self.measure = Measure(self._fitting.post)
        self.still = StillOutput(self._pictures, lambda: self.words)
        pictures = [*self.chain.pictured, *self.shares.pictured]
        self.widget = arrange(
            head=[self.head.widget],
            over=[self.picker.widget],
            sections=self.sliders.sections,
            main=[
                messages([self.status.widget], [self.warnings]),
                *pictures,
                self.happening.widget,
                self.verdict,
                *self.line.pictured,
            ],
            below=[self.tabs.widget],
            unseen=[*self.measure.widgets, self.still.widget, kept_in_view()],
        )
        Guard(self.status.fail).watch(self.widget)
        self.picker.pick(workload)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = self.widget._repr_mimebundle_()
        bundle["text/plain"] = self.words
        display(bundle, raw=True)
        self.still.show()

    @property
    def service(self) -> Service:
        """The service as the sliders say it."""
        return self.sliders.service

    @property
    def survival(self) -> Survival | None:
        """What was found to survive; none where nothing was looked for, or settings changed."""
        return self.card.found

    @property
    def words(self) -> str:
        """What the panel says, for where it cannot be shown."""
        said = [f"perflab: the panel of a service. {QUESTION} Run this cell to open it."]
        said += [each.alternative.text for each in (self.chain, self.shares, self.line)]
        return "\n".join(filter(None, said))

    def play(self, scenario: str) -> None:
        """Play a scenario, and from now on again after each change of a setting."""
        self.status.clear()
        self._spec = scenario
        self._play.post((self.service, scenario))

    def survive(self, scenario: str) -> None:
        """Look for the smallest change of one stage's size that survives a scenario."""
        self.status.clear()
        answers, service, mark = self.answers, self.service, object()
        if answers is not None and not self.tasks.busy(_SEARCH):
            self._searching = mark
            self.tasks.start(_SEARCH, lambda: self._survive(answers, service, scenario, mark))

    def change(self, values: Mapping[str, object]) -> None:
        """Set some values, by the keys that `Service.change` takes, and show what they do.

        Raises:
            BadInputError: If a key is unknown or a value is not valid; then none is set.
        """
        self.sliders.show(values)

    def cancel(self) -> None:
        """End what is played or looked for; what was shown before stays."""
        self._searching = None
        if self._play.cancel():
            self._spec = ""
        self._end_playing()
        self._drop_outdated()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all is predicted, played and looked for."""
        self.picker.wait(timeout)
        self._forecast.wait(timeout)
        self._play.wait(timeout)
        self.tasks.wait(timeout)
        self._fitting.wait(timeout)

    def close(self) -> None:
        """End what the panel has started, and take its widgets away."""
        self._searching = None
        self.picker.close()
        self._forecast.close()
        self._play.close()
        self._fitting.close()
        close_all(self.widget)

    def _specify(self, kind: type[Scenario]) -> str:
        return fitting(kind, self._seconds, self.service.settings.processes)

    def _on_workload(self, workload: Workload) -> None:
        self.answers = Answers(workload)
        self.head.show(workload, self.picker.found)
        self.picker.ours.show(workload.source)
        self._on_change(self.service)

    def _on_workload_error(self, _error: Exception) -> bool:
        """Let it be said in the picker, where it was caused."""
        if self.answers is None:
            self.head.missing()
        self.head.toggle.value = True
        return False

    def _on_change(self, service: Service) -> None:
        self.status.clear()
        self._searching = None
        self.card.hide()
        self._forecast.post(service)

    def _predict(self, service: Service, cancelled: Cancelled) -> None:
        answers = self.answers
        if answers is None:
            return
        self.status.say("what-if", "predicting", "busy")
        first = answers.preview(service)
        if first is not None and not cancelled():
            self._show(first)
            self.status.say("what-if", _sampled(first), "busy")
        if cancelled():
            return
        found = answers.predict(service)
        self._seconds = answers.seconds(service)
        if cancelled():
            return
        self._show(found)
        self.status.say("what-if", "what-if exact", "exact")
        self.still.update()
        if self._spec:
            self._play.post((service, self._spec))
        else:
            self._drop_outdated()

    def _show(self, found: ServicePrediction) -> None:
        self.prediction = found
        self.chain.show(found)
        self.shares.show(found)
        show_line(self.warnings, lines_of(found.warnings, "perflab-alarm"))
        remarks = lines_of(found.remarks, "perflab-line")
        self.numbers.value = f"{stages_table(found)}{remarks}"
        self._refresh()

    def _fail(self, error: Exception) -> None:
        self.status.say("what-if", "")
        self.status.fail(error)

    def _played(self, item: tuple[Service, str], cancelled: Cancelled) -> None:
        service, spec = item
        answers = self.answers
        if answers is None:
            return
        self.status.say("scenario", f"playing {spec}", "busy")
        self._playing = True
        self._refresh()
        try:
            found = answers.play(service, spec)
        finally:
            if not cancelled():
                self._end_playing()
        if cancelled():
            return
        self.outcome = found
        self.line.show(found)
        show_line(self.verdict, _verdict(found))
        remarks = lines_of(found.remarks, "perflab-line")
        show_line(self.scenario_numbers, f"{scenario_table(found)}{remarks}")
        self.still.update()

    def _end_playing(self) -> None:
        self.status.say("scenario", "")
        self._playing = False
        self._refresh()

    def _play_failed(self, error: Exception) -> None:
        self._spec = ""
        self._drop_outcome()
        self.status.fail(error)

    def _drop_outdated(self) -> None:
        """Show no time line of other settings than those that the sliders say."""
        if self.outcome is not None and self.outcome.settings != self.service.shown():
            self._drop_outcome()

    def _drop_outcome(self) -> None:
        self.outcome = None
        self.line.show(None)
        for line in (self.verdict, self.scenario_numbers):
            show_line(line, "")

    def _survive(self, answers: Answers, service: Service, scenario: str, mark: object) -> None:
        self.card.hide()

        def tried(key: str, value: str) -> None:
            if self._searching is not mark:
                raise _StoppedError
            self.status.say(_SEARCH, f"trying {key} {value}", "busy")

        self.status.say(_SEARCH, "looking for what survives", "busy")
        try:
            found = survive(service, answers.workload, scenario, on_try=tried)
        except _StoppedError:
            return
        finally:
            self.status.say(_SEARCH, "")
        if self._searching is mark:
            self.card.show(found, service)

    def _refresh(self) -> None:
        searching = self.tasks.busy(_SEARCH)
        ready = self.prediction is not None
        self.happening.show(ready=ready, playing=self._playing, searching=searching)

    def _place(self, frame: Frame, _cancelled: Cancelled) -> None:
        for drawing in (self.chain, self.shares, self.line):
            drawing.place(frame.main, frame.scale(frame.main), frame.theme)
        self.tabs.stand(columns=not frame.tabbed)

    def _pictures(self) -> bytes:
        return stacked([each.image.value for each in (self.chain, self.shares, self.line)])


def _sampled(found: ServicePrediction) -> str:
    """Return how exact an estimate is."""
    about = f"from {percent(found.sampled)} of the keys, hit rate {band(found.error, 'ratio')}"
    return f"{about}; refining"


def _verdict(found: ScenarioOutcome) -> str:
    style = "on" if found.survived else "off"
    return f"<span class='{style}'>{html.escape(found.verdict)}</span>"
