"""`ReportActions`: what a user takes away from a panel: a recommendation, and a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from perflab.bench import AnyBench, AnyModel
from perflab.lab.run import Run
from perflab.modelling.history import History
from perflab.panels.displays import Displays
from perflab.panels.export import ReportLink, make_report, report_name
from perflab.panels.guests.rights import OWNER, Rights
from perflab.panels.recommendation_card import RecommendationCard
from perflab.reports import Report
from perflab.tuning.grid import Grid
from perflab.tuning.recommendation import Recommendation
from perflab.workloads import Workload


class _Asked(NamedTuple):
    """What the last recommendation is of."""

    workload: Workload
    values: Mapping[str, object]
    limits: tuple[str, ...]
    model: AnyModel | None


class ReportActions:
    """Makes both, in the thread that it is called in.

    Args:
        bench: The pattern.
        displays: Where a recommendation is marked, and what was pinned is kept.
        apply: Called with recommended settings when the user takes them.
        check: Called with a budget in seconds when these are to be run beside their rivals.
        rights: Whether the user may write files.

    Attributes:
        recommendation: The last one, if any.
        report: Where the last report is, if any.
    """

    def __init__(
        self,
        bench: AnyBench,
        displays: Displays,
        apply: Callable[[Mapping[str, object]], None],
        check: Callable[[float], None],
        rights: Rights = OWNER,
    ) -> None:
        self._bench, self._displays = bench, displays
        self.card = RecommendationCard(bench, apply, check)
        self._of: _Asked | None = None
        self._rights = rights
        self.link = ReportLink(guest=rights.guest)
        self.recommendation: Recommendation | None = None
        self.report: Path | None = None

    def forget(self) -> None:
        """Show neither."""
        self.recommendation = self.report = self._of = None
        self.card.hide()
        self.link.hide()

    def recommend(
        self,
        workload: Workload,
        values: Mapping[str, object],
        limits: Sequence[str],
        model: AnyModel | None,
        wanted: Callable[[], bool],
    ) -> None:
        """Look for the settings to ship, and show them if they are still wanted then."""
        found = self.card.search(workload, values, limits, model)
        if not wanted():
            self.card.hide()
            return
        self.put(found, workload, values, limits, model)

    def put(
        self,
        found: Recommendation,
        workload: Workload,
        values: Mapping[str, object],
        limits: Sequence[str],
        model: AnyModel | None,
    ) -> None:
        """Show a recommendation, which was looked for with these arguments of `recommend`."""
        self._of = _Asked(workload, dict(values), tuple(limits), model)
        self._show(found)

    def check_live(self, budget: float) -> None:
        """Run the recommendation beside its rivals and show what came of it, if still wanted.

        Args:
            budget: The seconds that all turns together may take.

        Raises:
            BadInputError: If the settings cannot run, or a server is not agreed to.
            RuntimeError: If the child process of a run died.
        """
        asked, before = self._of, self.recommendation
        if asked is None or before is None:
            return
        found = self.card.check_live(*asked, budget)
        if self.recommendation is before:
            self._show(found)

    def _show(self, found: Recommendation) -> None:
        self.recommendation = found
        self.card.show(found)
        self._displays.recommend(found)

    def export(
        self,
        workload: Workload,
        values: Mapping[str, object],
        run: Callable[[], Run | None],
        folder: str,
        model: AnyModel | None,
        grids: tuple[Grid, ...] = (),
        histories: Sequence[History] = (),
    ) -> None:
        """Write the report of a panel.

        Args:
            workload: What it is of.
            values: The present settings of the pattern and of the load.
            run: Ends the run that is going, if any, and returns the last result.
            folder: Where; an empty text is a name of our choice, from pattern, workload and time.
                A guest's report has that name.
            model: A model of the workload that has computed something already.
            grids: The maps' cells, of which the known ones go into it.
            histories: The workload over its own time, as far as known.
        """

        def make() -> Report:
            self.link.working("step 1 of 2, the run's result")
            result = run()
            self.link.working("step 2 of 2, predictions, charts and files")
            pinned = self._displays.baseline
            return make_report(
                self._bench,
                workload,
                values,
                None if pinned is None else pinned.settings,
                [result, self.recommendation],
                model,
                grids,
                histories,
            )

        named = "" if self._rights.guest else folder
        self.report = self.link.make(
            make, named or report_name(self._bench.identity.pattern, workload)
        )
