"""A whole service: stages in a chain, predicted, sized and budgeted together."""

from perflab.service.prediction import ServicePrediction, StageRow
from perflab.service.service import Service, ServiceStage
from perflab.service.settings import ServiceSettings

__all__ = ["Service", "ServicePrediction", "ServiceSettings", "ServiceStage", "StageRow"]
