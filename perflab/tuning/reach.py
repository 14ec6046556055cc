"""Whether a search found what was asked for, and what a change of settings would make worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.benches.parts import Objective
from perflab.metrics.catalog import METRICS, metric

GUARDED = ("timeouts", "errors", "throughput_per_second")
"""What no recommendation may make worse where its own target is out of reach."""

_NOTICED = 0.01
_NOTHING = 5e-4

Point = Mapping[str, Any]


def reaches(objective: Objective, value: float) -> bool:
    """Return whether a value is at or beyond the target; true where there is no target."""
    if objective.target is None:
        return True
    if objective.direction == "max":
        return value >= objective.target
    return value <= objective.target


def all_useless(objective: Objective, best: float) -> bool:
    """Return whether even the best setting brings nothing, such as a hit rate of zero."""
    share = metric(objective.metric).unit == "ratio"
    return objective.direction == "max" and share and best <= _NOTHING


def unreached(objective: Objective, noun: str, best: float) -> str:
    """Return what no setting reaches, in a sentence without its stop; empty where one does.

    Args:
        objective: What was looked for.
        noun: What was tuned, such as *pool size*.
        best: The best value of the objective's metric among all settings looked at.
    """
    info = metric(objective.metric)
    if not reaches(objective, best):
        return f"No {noun} reaches {info.format(objective.target)}"
    if all_useless(objective, best):
        return f"No {noun} brings a {info.plain} above {info.format(0.0)}"
    return ""


def harms(before: Mapping[str, float], after: Mapping[str, float]) -> bool:
    """Return whether timeouts, errors or throughput get worse by more than one per cent."""
    return any(_worse(name, before.get(name), after.get(name)) for name in GUARDED)


def least_harmful(points: Sequence[Point]) -> list[Point]:
    """Return the points with the fewest timeouts, then errors, then the highest throughput.

    Points within one per cent of the best count as equal.
    """
    left = list(points)
    for name in GUARDED:
        known = [p["metrics"][name] for p in left if p["metrics"].get(name) is not None]
        if not known:
            continue
        best = max(known) if METRICS[name].better == "higher" else min(known)
        left = [p for p in left if not _worse(name, best, p["metrics"].get(name))]
    return left


def _worse(name: str, before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return False
    loss = before - after if METRICS[name].better == "higher" else after - before
    return loss > _NOTICED * abs(before)
