"""What may happen to a service, and what becomes of its requests then."""

from perflab.service.scenarios.base import Scenario
from perflab.service.scenarios.kinds import SCENARIOS, read_scenario
from perflab.service.scenarios.outcome import ScenarioOutcome

__all__ = ["SCENARIOS", "Scenario", "ScenarioOutcome", "read_scenario"]
