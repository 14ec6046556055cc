"""`ScenarioView`: plays a scenario on the newest settings and shows what becomes of it."""

from __future__ import annotations

import html
from collections.abc import Callable

from perflab.callbacks import Cancelled
from perflab.charts.service import time_line
from perflab.panels.latest import Latest
from perflab.panels.service.answers import Answers
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.numbers import lines_of, scenario_table
from perflab.panels.status import StatusLine, hidden_line, show_line
from perflab.service import Service
from perflab.service.scenarios import ScenarioOutcome


class ScenarioView:
    """One scenario at a time, played again after each change of a setting.

    Args:
        status: Where it says what it plays.
        changed: Called when playing begins or ends.
        shown: Called when there is another outcome.

    Attributes:
        spec: What is played; empty for nothing.
        playing: Whether it is being played.
        outcome: Of the last one; none where nothing is shown.
        line: Its picture.
        verdict: Its sentence.
        numbers: Its table.
    """

    def __init__(
        self,
        status: StatusLine,
        changed: Callable[[], object],
        shown: Callable[[], object],
    ) -> None:
        self._status, self._changed, self._shown = status, changed, shown
        self._answers: Answers | None = None
        self._latest: Latest[tuple[Service, str]] = Latest(
            self._play, self._failed, "perflab-scenario"
        )
        self.spec, self.playing = "", False
        self.outcome: ScenarioOutcome | None = None
        self.line: Drawing[ScenarioOutcome] = Drawing(time_line)
        self.verdict = hidden_line("perflab-verdict")
        self.numbers = hidden_line("perflab-numbers")

    def use(self, answers: Answers) -> None:
        """Play on another workload from now on."""
        self._answers = answers

    def play(self, service: Service, spec: str) -> None:
        """Play a scenario, in the place of the one before; returns at once."""
        self.spec = spec
        self._latest.post((service, spec))

    def again(self, service: Service) -> None:
        """Play it on other settings; nothing is shown of others than these."""
        if self.spec:
            self._latest.post((service, self.spec))
        else:
            self.drop_outdated(service)

    def cancel(self, service: Service) -> None:
        """End playing; what was shown before stays, if it is of these settings."""
        if self._latest.cancel():
            self.spec = ""
        self._end()
        self.drop_outdated(service)

    def stop(self, service: Service) -> None:
        """Play nothing any more, and show nothing."""
        self.spec = ""
        self.cancel(service)
        self.clear()

    def drop_outdated(self, service: Service) -> None:
        """Show no time line of other settings than a service's."""
        if self.outcome is not None and self.outcome.settings != service.shown():
            self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.outcome = None
        self.line.show(None)
        for line in (self.verdict, self.numbers):
            show_line(line, "")

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it is played."""
        self._latest.wait(timeout)

    def close(self) -> None:
        """End it."""
        self._latest.close()

    def _play(self, item: tuple[Service, str], cancelled: Cancelled) -> None:
        service, spec = item
        answers = self._answers
        if answers is None:
            return
        self._status.say("scenario", f"playing {spec}", "busy")
        self.playing = True
        self._changed()
        try:
            found = answers.play(service, spec)
        finally:
            if not cancelled():
                self._end()
        if cancelled():
            return
        self.outcome = found
        self.line.show(found)
        style = "on" if found.survived else "off"
        verdict = f"<span class='{style}'>{html.escape(found.verdict)}</span>"
        show_line(self.verdict, verdict)
        remarks = lines_of(found.remarks, "perflab-line")
        show_line(self.numbers, f"{scenario_table(found)}{remarks}")
        self._shown()

    def _end(self) -> None:
        self._status.say("scenario", "")
        self.playing = False
        self._changed()

    def _failed(self, error: Exception) -> None:
        self.spec = ""
        self.clear()
        self._status.fail(error)
