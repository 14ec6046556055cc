"""First settings of a pattern: the smallest that are good enough by its model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from perflab.bench.advising import Opinion
from perflab.bench.base import AnyBench
from perflab.bench.parts import Objective
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition, parse_condition
from perflab.lab.calibration import calibration_for
from perflab.tuning.objective import good_enough, write_enough
from perflab.tuning.points import Point
from perflab.tuning.sweep import sweep_workload
from perflab.units import typed

MOST_EXACT = 2_000_000
"""Of a workload with more requests a sample of the keys is looked at, where a bench has one."""

STEP = 0.02
"""To this share of its size the smallest good value is found."""


@dataclasses.dataclass(frozen=True, slots=True)
class FirstSettings:
    """Settings to begin with.

    Attributes:
        settings: Values by key, those that were chosen.
        metrics: Predicted at them; empty where no model was asked.
        reason: Why these, in one sentence; empty where no model was asked.
        notes: What the prediction rests on.
    """

    settings: Mapping[str, object]
    metrics: Mapping[str, float] = dataclasses.field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()


def first_settings(bench: AnyBench, opinion: Opinion) -> FirstSettings:
    """Return the smallest value of the tuned setting that is good enough for a workload.

    Only the tuned setting, and what the opinion names besides, is looked at: `tune` looks further.
    """
    base = dict(opinion.settings)
    workload = opinion.workload
    if workload is None:
        return FirstSettings(base)
    settings, load = bench.read(base)
    key = bench.tuning.tuned
    sweep = {key: bench.tuning_sweep(workload, settings)[key], **opinion.choices}
    goal = bench.tuning.objective_for(settings)
    conditions = [parse_condition(text) for text in opinion.limits]
    costs = calibration_for(bench, settings, load, workload).costs
    share = MOST_EXACT / max(len(workload), 1)
    sampled = share < 1 and bench.models.sampled is not None
    try:
        bench.models.check(settings, load, workload)
        model = bench.sampled_model(workload, costs, share) if sampled else None
        model = model or bench.model(workload, costs)
        found = sweep_workload(bench, workload, base, sweep, model=model)
    except BadInputError as error:
        return FirstSettings(base, reason=f"No prediction: {error}.")
    kept = [point for point in found.points if _keeps(conditions, point)]
    if not kept:
        limits = " and ".join(str(limit) for limit in conditions)
        noun = bench.tuning.tuned_noun
        return FirstSettings(base, reason=f"No {noun} that was looked at keeps {limits}.")
    best = _best(goal, kept)
    enough = [point for point in kept if good_enough(goal, _value(goal, point), best)]
    chosen = min(enough, key=lambda point: _size(bench, point))

    def look(value: int) -> Point | None:
        """Return the point at another value of the tuned setting if it is good enough."""
        same = {name: chosen["settings"][name] for name in opinion.choices}
        point = sweep_workload(bench, workload, {**base, **same, key: value}, model=model).points[0]
        fits = good_enough(goal, _value(goal, point), best) and _keeps(conditions, point)
        return point if fits else None

    if bench.info(key).kind is int and bench.info(key).unit != "bytes":
        chosen = _refined(chosen, key, [int(value) for value in sweep[key]], look)
    values = {name: chosen["settings"][name] for name in dict.fromkeys((*base, *sweep))}
    notes = (opinion.assumption,) if opinion.assumption else tuple(found.remarks)
    reason = _reason(bench, goal, best, chosen, list(opinion.choices))
    return FirstSettings(values, chosen["metrics"], reason, notes)


def _refined(
    chosen: Point, key: str, values: Sequence[int], look: Callable[[int], Point | None]
) -> Point:
    """Return the smallest point that is good enough between two of a grid, to two per cent."""
    high = int(chosen["settings"][key])
    low = max((value for value in values if value < high), default=high)
    while high - low > max(1, STEP * high):
        middle = (low + high) // 2
        point = look(middle)
        if point is None:
            low = middle
        else:
            chosen, high = point, middle
    return chosen


def _keeps(limits: Sequence[Condition], point: Point) -> bool:
    """Say whether a point keeps limits; what is not predicted keeps none."""
    values = [(limit, point["metrics"].get(limit.metric)) for limit in limits]
    return all(value is not None and limit.holds(value) for limit, value in values)


def _value(goal: Objective, point: Point) -> float:
    return float(point["metrics"][goal.metric])


def _best(goal: Objective, points: Sequence[Point]) -> float:
    values = [_value(goal, point) for point in points]
    return max(values) if goal.direction == "max" else min(values)


def _size(bench: AnyBench, point: Point) -> float:
    weighed = bench.tuning.weighed_by
    if weighed is not None:
        return float(point["metrics"][weighed])
    return float(point["settings"][bench.tuning.tuned])


def _reason(
    bench: AnyBench, goal: Objective, best: float, chosen: Point, also: Sequence[str]
) -> str:
    info, noun = metric(goal.metric), bench.tuning.tuned_noun
    value = info.format(_value(goal, chosen))
    others = ", ".join(f"{key} {bench.info(key).in_full(chosen['settings'][key])}" for key in also)
    with_others = f" with {others}" if others else ""
    sign = 1 if goal.direction == "max" else -1
    if goal.target is not None and sign * best < sign * goal.target:
        missed = f"No {noun} reaches a {info.plain} of {info.format(goal.target)}"
        return f"{missed}; the best reachable is {info.format(best)}, and this one gives {value}."
    smallest = f"The smallest {noun} that {write_enough(goal, best)}"
    return f"{smallest}{with_others}: {value}."


def written(bench: AnyBench, key: str, value: object) -> str:
    """Return a setting's value as ``--set`` takes it, every digit of it, not yet quoted."""
    info = bench.info(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return info.format(value)
    return (
        str(value) if isinstance(value, int) and info.unit != "bytes" else typed(value, info.unit)
    )
