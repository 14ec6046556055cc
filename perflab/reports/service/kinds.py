"""The results that are about a whole service."""

from __future__ import annotations

from perflab.service.budget import Budget
from perflab.service.fleet import Fleet
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.survive import Survival

ServiceResult = Budget | Fleet | ScenarioOutcome | ServicePrediction | ServiceRun | Survival

SERVICE_KINDS: dict[str, type[ServiceResult]] = {
    kind.kind: kind
    for kind in (ServicePrediction, ScenarioOutcome, Survival, Budget, Fleet, ServiceRun)
}
