"""`CalibrationPlan`: how a bench measures what its model cannot know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic

from perflab.bench.identity import S, W
from perflab.bench.session import Runs
from perflab.modelling.ageing import replaced
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, Settings


def backend_name(_settings: Settings, load: LoadSettings, _workload: object) -> str:
    """Return what most calibrations are kept for: the backend."""
    return load.backend_name


def _unknown(_settings: object) -> int | None:
    return None


def _last(runs: Runs) -> dict[str, Any]:
    return runs[-1][1]


def _as_run(costs: Costs, own: Costs, _settings: object, _predicted: Metrics) -> dict[str, Any]:
    """Return costs with those in their place that a run has measured under the same names."""
    return replaced(costs, own, costs)


def _as_is(
    costs: dict[str, Any], _own: Costs, _predict: Callable[[Costs], Metrics]
) -> dict[str, Any]:
    return costs


def renewed_outcomes(
    costs: Costs, own: Costs, _settings: object, _predicted: Metrics
) -> dict[str, Any]:
    """Return a cache's costs with what hits and misses took in a run; what memory takes stays."""
    return replaced(costs, own, ("hit", "miss", "backend_seconds", "overhead_seconds"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPlan(Generic[S, W]):
    """How a bench is calibrated.

    Attributes:
        workload: What a calibration runs on.
        settings: Its settings, where there is one run.
        shipped_costs: What holds until a calibration was made.
        kept_for: Returns what a calibration is kept for besides pattern and machine, such as a
            backend; the workload is None where it is not known.
        own_spec: Returns what a calibration runs on where that depends on the settings or on what
            the user named.
        own_runs: Returns the settings of each run where there are several; what it is given grows
            by settings and costs of each run before the next one is asked for.
        own_count: Returns how many runs there are, where that is known before the first; one that
            is made because of what others showed is not counted.
        costs_of: Returns the costs that the runs tell together: settings and costs of each.
        renewed: Returns the costs as a live run with some settings shows them to be now, given
            those before, the run's own and what was predicted from those before.
        refined: Returns renewed costs with which the run would have been predicted as it was, given
            the run's own and what predicts it from any: where a prediction does not grow as its
            costs do, a second look is needed.
    """

    workload: str
    settings: Mapping[str, object]
    shipped_costs: Costs
    kept_for: Callable[[S, LoadSettings, W | None], str] = backend_name
    own_spec: Callable[[S, LoadSettings, Any], Any] | None = None
    own_runs: Callable[[S, Runs], Iterable[Mapping[str, object]]] | None = None
    own_count: Callable[[S], int | None] = _unknown
    costs_of: Callable[[Runs], dict[str, Any]] = _last
    renewed: Callable[[Costs, Costs, S, Metrics], dict[str, Any]] = _as_run
    refined: Callable[[dict[str, Any], Costs, Callable[[Costs], Metrics]], dict[str, Any]] = _as_is

    def spec_for(self, settings: S, load: LoadSettings, spec: Any) -> Any:
        """Return the workload that a calibration runs on, given what the user named, if any."""
        if self.own_spec is not None:
            return self.own_spec(settings, load, spec)
        own = users_own(load, spec)
        return self.workload if own is None else own

    def runs_for(self, settings: S, done: Runs) -> Iterable[Mapping[str, object]]:
        """Return the settings of the short runs that a calibration is made of.

        `done` grows by settings and costs of each run before the next one is asked for.
        """
        return (self.settings,) if self.own_runs is None else self.own_runs(settings, done)

    def run_count(self, settings: S) -> int | None:
        """Return how many short runs there are, where that is known before the first."""
        return 1 if self.own_runs is None else self.own_count(settings)


def users_own(load: LoadSettings, spec: Any) -> Any:
    """Return the user's workload before a function of theirs, which takes their keys; else None."""
    return spec if load.calls_function else None
