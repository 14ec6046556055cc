"""`Service`: patterns in a chain with the processes that run them, predicted and sized together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from perflab.service.layout import ServiceLayout

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.callbacks import Progress
    from perflab.service.budget import Budget
    from perflab.service.fleet import Fleet
    from perflab.service.live.result import ServiceRun
    from perflab.service.prediction import ServicePrediction
    from perflab.service.scenarios.outcome import ScenarioOutcome
    from perflab.service.scenarios.survive import Survival


@dataclasses.dataclass(frozen=True, slots=True)
class Service(ServiceLayout):
    """A service: requests meet its stages in order; what the last one passes on, the database gets.

    Attributes:
        stages: In order: a client in front, process caches, what all workers share, outgoing calls,
            a connection pool; each may be left out.
        settings: Of the service as a whole.
        workload: What is predicted on where nothing else is named.
        scenarios: By name, those that the service's file names.

    Raises:
        BadInputError: If there is no stage, stages cannot follow each other, or a scenario that is
            named is not right.
    """

    def __post_init__(self) -> None:
        ServiceLayout.__post_init__(self)
        if self.scenarios:
            from perflab.service.scenarios.kinds import check_named

            check_named(self.scenarios)

    def predict(
        self,
        workload: object = None,
        clients: npt.ArrayLike | None = None,
        sample: float | None = None,
    ) -> ServicePrediction:
        """Return what each stage and the service as a whole do over a workload.

        Args:
            workload: A file's path, a name with parameters, or a `Trace`; none for the service's
                own, which its file names, or else the default of the first stage's bench.
            clients: For the spread ``sticky``, whose each request is: int64 of shape (requests,);
                drawn at random where not given.
            sample: The share of the keys to look at, such as 0.05; all where not given.

        Raises:
            BadInputError: If the workload or the sample is not right, or the workload has no times
                and no rate is set.
        """
        from perflab.service.predict import predict_service

        return predict_service(self, workload, clients, sample)

    def fleet(self, workload: object = None) -> Fleet:
        """Return the ways to connect its processes to the database, with the waits of each.

        Args:
            workload: As `predict` takes it.

        Raises:
            BadInputError: If it has no connection pool, or the workload is not right.
        """
        from perflab.service.fleet import fleet_of

        return fleet_of(self, workload)

    def play(
        self, workload: object = None, scenario: str | Sequence[str] = "redis-down"
    ) -> ScenarioOutcome:
        """Return what becomes of the service when something happens.

        Args:
            workload: As `predict` takes it.
            scenario: What happens, such as ``redis-down:at=60,seconds=10``; one of those of
                `perflab.service.scenarios.SCENARIOS`, or of the service's file. Several happen
                together, joined by ``+`` or in a list.

        Raises:
            BadInputError: If the workload or the scenario is not right, or that begins after the
                workload's end.
        """
        from perflab.service.scenarios.play import play

        return play(self, workload, scenario)

    def survive(
        self, workload: object = None, scenario: str | Sequence[str] = "redis-down"
    ) -> Survival:
        """Return the smallest change of one stage's size with which it survives a scenario.

        Args:
            workload: As `predict` takes it.
            scenario: As `play` takes it.

        Raises:
            BadInputError: As `play` does.
        """
        from perflab.service.scenarios.survive import survive

        return survive(self, workload, scenario)

    def run(
        self,
        workload: object = None,
        scenario: str | Sequence[str] | None = None,
        seconds: float = 20.0,
    ) -> ServiceRun:
        """Run it on real servers of perflab's own, each worker in a process.

        Args:
            workload: As `predict` takes it.
            scenario: What happens meanwhile, as `play` takes it; none for nothing.
            seconds: How long requests come.

        Raises:
            BadInputError: If the workload, the scenario or a stage cannot be run.
            RuntimeError: If a worker died.
        """
        from perflab.service.live.run import run_service

        return run_service(self, workload, scenario, seconds)

    def budget(
        self,
        workload: object = None,
        limits: str | Iterable[str] | None = None,
        objective: str | None = None,
        progress: Progress | None = None,
    ) -> Budget:
        """Return the best split of its memory and connections, and where more would pay.

        Args:
            workload: As `predict` takes it.
            limits: Such as ``memory_bytes<=4GiB`` and ``most_connections<=400``.
            objective: Such as ``min:latency_seconds_p99``; the mean latency where not given.
            progress: Called with the splits predicted and how many there are at most.

        Raises:
            BadInputError: If a limit is less than the stages take at least.
            BrokenLimitError: If no split keeps a limit on what is predicted.
        """
        from perflab.service.budgeting import budget_of

        return budget_of(self, workload, limits, objective, progress)
