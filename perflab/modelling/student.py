"""Student's t, for bands around means of few values."""

from __future__ import annotations

_TWO_SIDED_95 = (0.0, 0.0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365)


def t_95(count: int) -> float:
    """Return Student's t for a two-sided 95 % band around the mean of so many values.

    Args:
        count: At least 2; with more than eight values it is a little wider than need be.
    """
    return _TWO_SIDED_95[min(count, len(_TWO_SIDED_95) - 1)]
