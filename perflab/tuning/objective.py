"""What a user wants of tuning, as text: ``max:hit_rate`` and ``memory_bytes<=512MiB``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perflab.bench.parts import Objective
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.units import counted, percent


def parse_objective(text: str | Objective | None, default: Objective) -> Objective:
    """Read an objective such as ``max:hit_rate`` or ``min:latency_seconds_mean``.

    Raises:
        BadInputError: If the text is not an objective, names no metric, or looks for the worst.
    """
    if text is None:
        return default
    if isinstance(text, Objective):
        return text
    direction, _, name = text.partition(":") if isinstance(text, str) else ("", "", "")
    if direction not in ("max", "min") or not name:
        raise BadInputError(f"{text!r} is not an objective; write max:METRIC or min:METRIC")
    try:
        info = metric(name)
    except ValueError as error:
        raise BadInputError(str(error), "objective") from None
    if info.better == ("lower" if direction == "max" else "higher"):
        right = "min" if direction == "max" else "max"
        wrong = f"{text} looks for the worst: {info.plain} is better {info.better}"
        raise BadInputError(f"{wrong}; write {right}:{name}", "objective")
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


def knee(xs: Sequence[float], ys: Sequence[float], *, log: bool) -> int | None:
    """Return the index of the point farthest above the chord from the first to the last.

    Source: Satopaa et al., "Finding a Kneedle in a Haystack" (ICDCSW 2011), the normalised
    difference curve without smoothing.

    Args:
        xs: Values of the setting, rising.
        ys: Values of the metric, where more is better.
        log: Whether the setting is looked at on a log scale.

    Returns:
        The index, or none where the curve is flat or shorter than three points.
    """
    if len(xs) < 3:
        return None
    places = [math.log(x) for x in xs] if log else list(xs)
    width, height = places[-1] - places[0], max(ys) - ys[0]
    if width <= 0 or height <= 0:
        return None
    heights = [
        (y - ys[0]) / height - (place - places[0]) / width
        for place, y in zip(places, ys, strict=True)
    ]
    best = max(range(len(xs)), key=heights.__getitem__)
    return best if heights[best] > 0 else None
