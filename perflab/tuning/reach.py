"""Whether a search found what was requested, and what a change of settings would make worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.bench.parts import Objective
from perflab.instrumentation.catalog import METRICS, metric
from perflab.tuning.points import Point
from perflab.units import percent

GUARDED = ("timeouts", "errors", "throughput_per_second")
"""What no recommendation may make worse where its own target is out of reach."""

_NOTICED = 0.01
_NOTHING = 5e-4
_OVERLOADED = 0.1
_ACCEPTED = {"throughput_per_second": 0.1}


def reaches(objective: Objective, value: float) -> bool:
    """Return whether a value is at or beyond the target; true where there is no target."""
    if objective.target is None:
        return True
    if objective.direction == "max":
        return value >= objective.target
    return value <= objective.target


def all_useless(objective: Objective, best: float) -> bool:
    """Return whether even the best setting brings no more than the tolerance, such as no hits."""
    if objective.direction != "max" or metric(objective.metric).unit != "ratio":
        return False
    return best <= max(_NOTHING, objective.tolerance)


def unreached(objective: Objective, noun: str, best: float, timed_out: float = 0.0) -> str:
    """Return what no setting reaches, in a sentence without its stop; empty where one does.

    Args:
        objective: What was looked for.
        noun: What was tuned, such as *pool size*.
        best: The best value of the objective's metric among all settings looked at.
        timed_out: The lowest share of requests that time out with any of them.
    """
    info = metric(objective.metric)
    if not reaches(objective, best):
        return f"No {noun} reaches {info.format(objective.target)}"
    if all_useless(objective, best):
        return f"No {noun} brings a {info.plain} above {info.format(max(best, 0.0))}"
    if timed_out >= _OVERLOADED:
        return f"No {noun} keeps up ({percent(timed_out)} of the requests or more time out)"
    return ""


def fewest_timed_out(points: Sequence[Point], workload: Mapping[str, Any]) -> float:
    """Return the lowest share of requests that time out at any point; 0 where it is not known.

    Args:
        points: The points looked at.
        workload: What a result says of its workload; the summary has the number of requests.
    """
    requests = (workload.get("summary") or {}).get("requests")
    counts = [p["metrics"].get("timeouts") for p in points]
    known = [count for count in counts if count is not None]
    return min(known) / requests if known and requests else 0.0


def harms(
    before: Mapping[str, float], after: Mapping[str, float], *, for_gain: bool = False
) -> bool:
    """Return whether timeouts, errors or throughput get worse by more than one per cent.

    Args:
        before: The metrics of today.
        after: Those of other settings.
        for_gain: Whether those settings reach what is looked for, at which throughput may fall by
            ten per cent.
    """
    accepted = _ACCEPTED if for_gain else {}
    return any(
        _worse(name, before.get(name), after.get(name), accepted.get(name, _NOTICED))
        for name in GUARDED
    )


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


def _worse(name: str, before: float | None, after: float | None, noticed: float = _NOTICED) -> bool:
    if before is None or after is None:
        return False
    loss = before - after if METRICS[name].better == "higher" else after - before
    return loss > noticed * abs(before)
