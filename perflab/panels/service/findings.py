"""`Findings`: what was looked for over a whole service, each in a card of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.panels.service.budget_card import BudgetCard
from perflab.panels.service.fleet_card import FleetCard
from perflab.panels.service.search import Search, Tell
from perflab.panels.service.survival_card import SurvivalCard
from perflab.panels.status import StatusLine
from perflab.panels.tasks import Tasks
from perflab.service import Budget, Fleet, Service
from perflab.service.scenarios.survive import Survival, survive
from perflab.units import counted, grouped

if TYPE_CHECKING:
    from perflab.charts.themes import Theme
    from perflab.workloads import Workload


class Findings:
    """Looks for what survives, for the split of a budget, and for the pools of a fleet.

    Args:
        tasks: Where searches go on.
        status: Where they say how far they are.
        apply: Called with the values by their keys that a user takes over.
        present: Returns the service as the sliders say it.
        changed: Called when something was found.

    Attributes:
        survival: The card of what survives.
        budget: The card of the budget.
        fleet: The card of the fleet.
    """

    def __init__(
        self,
        tasks: Tasks,
        status: StatusLine,
        apply: Callable[[Mapping[str, object]], object],
        present: Callable[[], Service],
        changed: Callable[[], object],
    ) -> None:
        self._present, self._changed = present, changed
        self.survival, self.budget = SurvivalCard(apply), BudgetCard(apply)
        self.fleet = FleetCard(apply)
        of = (tasks, status)
        self._survivals: Search[Survival] = Search(
            "survive", "looking for what survives", *of, self._survived
        )
        self._budgets: Search[Budget] = Search("budget", "splitting the budget", *of, self._split)
        self._fleets: Search[Fleet] = Search("fleet", "sizing the fleet", *of, self._sized)

    @property
    def surviving(self) -> bool:
        """Whether it is looked for what survives."""
        return self._survivals.going

    @property
    def splitting(self) -> bool:
        """Whether a budget is being split."""
        return self._budgets.going

    @property
    def sizing(self) -> bool:
        """Whether a fleet is being sized."""
        return self._fleets.going

    def survive(self, workload: Workload, scenario: str) -> None:
        """Look for the smallest change of one stage's size that survives a scenario."""
        service = self._present()

        def look(tell: Tell) -> Survival:
            def tried(key: str, value: str) -> None:
                tell(f"trying {key} {value}")

            return survive(service, workload, scenario, on_try=tried)

        self._survivals.start(look)

    def split(self, workload: Workload, limits: Sequence[str], objective: str) -> None:
        """Split memory and connections between the stages, within limits."""
        service = self._present()

        def look(tell: Tell) -> Budget:
            def far(done: int, total: int) -> None:
                tell(f"splitting the budget: {grouped(done)} of at most {counted(total, 'split')}")

            return service.budget(workload, list(limits), objective, far)

        self._budgets.start(look)

    def size(self, workload: Workload) -> None:
        """Size the pools of all processes, now and at the autoscaler's most."""
        service = self._present()
        self._fleets.start(lambda _tell: service.fleet(workload))

    def moved(self, service: Service) -> None:
        """Say which cards are of other settings than a service's; what survives goes."""
        self._survivals.end()
        self.survival.hide()
        for card in (self.budget, self.fleet):
            card.mark(service)

    def end(self) -> None:
        """End all searches."""
        for search in (self._survivals, self._budgets, self._fleets):
            search.end()

    def clear(self) -> None:
        """End all searches, and show nothing."""
        self.end()
        for card in (self.survival, self.budget, self.fleet):
            card.hide()

    def place(self, width: int, scale: float, theme: Theme) -> None:
        """Draw the pictures of the cards in another room or another theme's colours."""
        self.budget.picture.place(width, scale, theme)
        self.fleet.picture.place(width, scale, theme)

    def _survived(self, found: Survival) -> None:
        self.survival.show(found, self._present())
        self._changed()

    def _split(self, found: Budget) -> None:
        self.budget.show(found)
        self.budget.mark(self._present())
        self._changed()

    def _sized(self, found: Fleet) -> None:
        self.fleet.show(found)
        self.fleet.mark(self._present())
        self._changed()
