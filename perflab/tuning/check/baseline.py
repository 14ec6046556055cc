"""`Baseline`: the result that others are held against, with the costs that it was made with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perflab.bench.base import AnyBench
from perflab.bench.registry import load_bench
from perflab.errors import BadInputError, shown
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.run import Run
from perflab.modelling.prediction import Metrics
from perflab.tuning.comparison import describe, read_result
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import counted


@dataclasses.dataclass(frozen=True, slots=True)
class Baseline:
    """A result that others are held against.

    Attributes:
        place: Its file.
        words: What it is.
        bench: Its pattern's.
        settings: Those in force, of the pattern and of the load.
        metrics: Predicted at them, when it was made.
        costs: Those that it was predicted with.
        calibration: Where these are from, as its file has it.
        workload: What it says of its workload.
        limits: What it was to keep.
    """

    place: str
    words: str
    bench: AnyBench
    settings: dict[str, object]
    metrics: Metrics
    costs: Mapping[str, Any]
    calibration: dict[str, object]
    workload: Mapping[str, Any]
    limits: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Of its workload; empty where that is not known."""
        return str(self.workload.get("fingerprint") or "")


def read_baseline(path: str | Path) -> Baseline:
    """Read a run, a recommendation, or a prediction of one point.

    Raises:
        BadInputError: If it is none of these, or damaged.
    """
    result = read_result(path)
    bench = load_bench(result.pattern)
    settings, metrics, limits = _point(result, str(path))
    try:
        bench.read(settings)
    except BadInputError as error:
        raise BadInputError(f"holds settings of another perflab: {error}", str(path)) from None
    costs = result.calibration.get("costs")
    if not isinstance(costs, Mapping) or not costs:
        costs = bench.calibration.shipped_costs
    if (wrong := wrong_cost(bench.calibration.shipped_costs, costs)) is not None:
        raise BadInputError(f"is damaged: {wrong} is not what perflab measures", str(path))
    return Baseline(
        place=str(path),
        words=f"{shown(Path(path).name)} ({describe(result)})",
        bench=bench,
        settings=settings,
        metrics=metrics,
        costs=costs,
        calibration=result.calibration,
        workload=result.workload,
        limits=limits,
    )


def _point(
    result: Run | Predictions | Recommendation, place: str
) -> tuple[dict[str, object], Metrics, tuple[str, ...]]:
    if isinstance(result, Recommendation):
        return result.settings, result.metrics, result.limits
    if isinstance(result, Run):
        return result.settings, result.predicted, ()
    if len(result.points) != 1:
        holds = f"holds {counted(len(result.points), 'point')}"
        raise BadInputError(f"{holds}; a baseline is one, so predict without --sweep", place)
    point = result.points[0]
    return dict(point["settings"]), point["metrics"], ()
