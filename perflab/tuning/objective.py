"""What a user wants of tuning, as text: ``max:hit_rate`` and ``memory_bytes<=512MiB``."""

from __future__ import annotations

from perflab.bench.parts import Objective
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.units import counted, percent


def parse_objective(text: str | Objective | None, default: Objective) -> Objective:
    """Read an objective such as ``max:hit_rate`` or ``min:latency_seconds_mean``.

    Raises:
        BadInputError: If the text is not an objective or names no metric.
    """
    if text is None:
        return default
    if isinstance(text, Objective):
        return text
    direction, _, name = text.partition(":")
    if direction not in ("max", "min") or not name:
        raise BadInputError(f"{text!r} is not an objective; write max:METRIC or min:METRIC")
    try:
        metric(name)
    except ValueError as error:
        raise BadInputError(str(error), "objective") from None
    target = default.target if name == default.metric else None
    return Objective("max" if direction == "max" else "min", name, default.tolerance, target)


def good_enough(objective: Objective, value: float, best: float) -> bool:
    """Say whether a value reaches the target, or is within the tolerance of the best reachable."""
    sign = 1 if objective.direction == "max" else -1
    if objective.target is not None and sign * best >= sign * objective.target:
        return sign * value >= sign * objective.target
    ratio = metric(objective.metric).unit == "ratio"
    slack = objective.tolerance if ratio else objective.tolerance * abs(best)
    if objective.direction == "max":
        return value >= best - slack
    return value <= best + slack


def write_enough(objective: Objective, best: float) -> str:
    """Return in words what is good enough."""
    info = metric(objective.metric)
    sign = 1 if objective.direction == "max" else -1
    if objective.target is not None and sign * best >= sign * objective.target:
        word = "at least" if objective.direction == "max" else "at most"
        return f"has a {info.plain} of {word} {info.format(objective.target)}"
    return f"comes within {write_slack(objective)} of the best {info.plain}"


def write_slack(objective: Objective) -> str:
    """Return the tolerance in words."""
    if metric(objective.metric).unit == "ratio":
        return counted(round(objective.tolerance * 100, 10), "percentage point")
    return percent(objective.tolerance)
