"""`Answers`: predictions and scenarios of services over one workload, which is read once."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.service.flow import Flows
from perflab.service.incoming import Incoming, incoming
from perflab.service.predict import (
    Calibrations,
    calibrations_of,
    costs_in,
    estimated,
    prediction_of,
)
from perflab.service.sampled import SampledService
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.play import play_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.modelling.prediction import Costs
    from perflab.service import Service, ServicePrediction, ServiceSettings
    from perflab.service.scenarios import ScenarioOutcome

_FEW = 50_000
"""About so many requests are in the samples of a long workload, which are looked at first."""
_AFTERWARDS = ("max_replicas", "max_connections", "pgbouncer_connections")
"""Settings that neither requests nor costs depend on."""
_LONG = 500_000
"""Fewer requests are predicted as a whole at once."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class _Ready:
    """Requests as they come to some processes, and what is known of their way."""

    came: Incoming
    flows: Flows
    samples: SampledService | None


class Answers:
    """What a service does over one workload. Safe to use from several threads.

    Requests are spread over the workers again only if their number, the rate or the spread is
    another; stages before the one that changed are not gone through again.

    Args:
        workload: As `Service.predict` takes it.
    """

    def __init__(self, workload: object = None) -> None:
        self._workload = workload
        self._lock = threading.Lock()
        self._known: Calibrations | None = None
        self._ready: tuple[ServiceSettings, _Ready] | None = None

    @property
    def workload(self) -> object:
        """The workload, as it was read once it was."""
        return self._workload

    def preview(self, service: Service) -> ServicePrediction | None:
        """Return an estimate from samples of a long workload's keys; none where it is not long.

        Raises:
            BadInputError: If the workload is not right, or has no times and no rate is set.
        """
        ready, known = self._of(service)
        if ready.samples is None:
            return None
        try:
            found = ready.samples.estimate(service)
        except BadInputError:  # too few keys, or no cache: the whole is predicted then
            return None
        return estimated(service, ready.came, found, known)

    def predict(self, service: Service) -> ServicePrediction:
        """Return what a service does over the whole workload.

        Raises:
            BadInputError: If the workload is not right, or has no times and no rate is set.
        """
        ready, known = self._of(service)
        return prediction_of(service, ready.flows.through(service), known)

    def play(self, service: Service, scenario: str) -> ScenarioOutcome:
        """Return what becomes of a service when something happens.

        Raises:
            BadInputError: If the scenario is not right, or begins after the workload's end.
        """
        ready, _ = self._of(service)
        return play_on(
            service, ready.came, read_scenario(scenario, service.scenarios), flows=ready.flows
        )

    def seconds(self, service: Service) -> float:
        """Return how long the requests of the workload take to come."""
        return self._of(service)[0].came.seconds

    def _of(self, service: Service) -> tuple[_Ready, Calibrations]:
        key = service.settings.change(**dict.fromkeys(_AFTERWARDS))
        with self._lock:
            if self._known is None:
                self._known = calibrations_of(service)
            if self._ready is None or self._ready[0] != key:
                came = incoming(service, self._workload)
                self._workload = came.workload
                costs = costs_in(self._known, service)
                self._ready = key, _Ready(came, Flows(came, costs), _samples(came, costs))
            return self._ready[1], self._known


def _samples(came: Incoming, costs: Mapping[str, Costs]) -> SampledService | None:
    """Return samples of long workloads; none of one that is short, or has no keys."""
    count = len(came.requests)
    if count < _LONG:
        return None
    try:
        return SampledService(came, costs, _FEW / count)
    except BadInputError:
        return None
