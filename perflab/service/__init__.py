"""A whole service: stages in a chain, predicted, sized and budgeted together."""

from perflab.service.budget import Budget, BudgetPoint
from perflab.service.fleet import Fleet, FleetRow
from perflab.service.layout import ServiceLayout, ServiceStage
from perflab.service.prediction import ServicePrediction, StageRow
from perflab.service.service import Service
from perflab.service.settings import ServiceSettings

__all__ = [
    "Budget",
    "BudgetPoint",
    "Fleet",
    "FleetRow",
    "Service",
    "ServiceLayout",
    "ServicePrediction",
    "ServiceSettings",
    "ServiceStage",
    "StageRow",
]
