"""Student's t: the chance of a value beyond one, and the value that has a chance."""

from __future__ import annotations

import math

_STEPS = 200


def tail(value: float, freedom: int) -> float:
    """Return the chance that Student's t is above a value.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4: sums
    without an approximation, as the degrees of freedom are whole.

    Args:
        value: Of t; may be infinite.
        freedom: The degrees of freedom, from 1 on.
    """
    if math.isinf(value):
        return 0.0 if value > 0 else 1.0
    angle = math.atan(abs(value) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2 == 1
    term = cosine if odd else 1.0
    total = 0.0
    for step in range(1 if odd else 0, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (step + 1) / (step + 2)
    inside = 2.0 / math.pi * (angle + sine * total) if odd else sine * total
    beyond = max(0.0, (1.0 - inside) / 2.0)
    return beyond if value >= 0 else 1.0 - beyond


def quantile(chance: float, freedom: int) -> float:
    """Return the value that Student's t is above with a chance below one half.

    Args:
        chance: Between 0 and 0.5, such as 0.005.
        freedom: The degrees of freedom, from 1 on.
    """
    low, high = 0.0, 1.0
    while tail(high, freedom) > chance and high < 1e9:
        high *= 2.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if tail(middle, freedom) > chance else (low, middle)
    return high
