"""The report of a service's panel: of all results that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from perflab.lab.result import Result
from perflab.panels.export import ReportLink, report_name
from perflab.panels.service.session import PATTERN
from perflab.reports import Report
from perflab.workloads import Workload


class ServiceReports:
    """Writes reports, and says them in ten lines.

    Args:
        results: Returns what the panel has found: predictions, scenarios, budgets, runs.

    Attributes:
        link: Says where the last report is.
        path: The same; none where there is none.
    """

    def __init__(self, results: Callable[[], Sequence[Result | None]]) -> None:
        self._results = results
        self.link = ReportLink()
        self.path: Path | None = None

    @property
    def summary(self) -> str:
        """The answer in ten lines of Markdown; empty while there is none."""
        found = self._found()
        return Report.of(found).to_summary() if found else ""

    def write(self, workload: Workload) -> None:
        """Write a report into a new folder, in the thread that calls.

        Raises:
            BadInputError: If it cannot be written.
        """
        name = report_name(PATTERN, workload)
        self.path = self.link.make(lambda: Report.of(self._found()), name)

    def _found(self) -> list[Result]:
        return [each for each in self._results() if each is not None]
