"""The knee of a curve: where more of a setting begins to bring little."""

from __future__ import annotations

import math
from collections.abc import Sequence


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
