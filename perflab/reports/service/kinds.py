"""The results that are about a whole service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from perflab.service.budget import Budget
from perflab.service.fleet import Fleet
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.survive import Survival

R = TypeVar("R")

ServiceResult = Budget | Fleet | ScenarioOutcome | ServicePrediction | ServiceRun | Survival

SERVICE_KINDS: dict[str, type[ServiceResult]] = {
    kind.kind: kind
    for kind in (ServicePrediction, ScenarioOutcome, Survival, Budget, Fleet, ServiceRun)
}


def of_kind(results: Sequence[ServiceResult], kind: type[R]) -> list[R]:
    """Return the results of one kind, in order."""
    return [result for result in results if isinstance(result, kind)]
