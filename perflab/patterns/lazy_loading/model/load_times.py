"""What a load of a chunk costs at any size, from loads that were measured at some sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def load_cost(measured: Mapping[str, Mapping[str, Any]], rows: float) -> dict[str, Any]:
    """Return ``mean`` and ``quantiles`` in seconds, and ``bytes``, of a load of so many rows.

    Between two measured sizes each value is on the straight line between theirs: a fixed cost and
    one a row. Beyond the smallest and the largest the next line goes on, but never below half of
    the smallest and never falling.

    Args:
        measured: The cost of a load, by the number of rows, as a text.
        rows: How many rows.
    """
    sizes = sorted(measured, key=float)
    places = np.array([float(size) for size in sizes])
    values = np.array(
        [
            [measured[size]["mean"], measured[size]["bytes"], *measured[size]["quantiles"]]
            for size in sizes
        ]
    )
    if len(sizes) == 1:
        found = values[0]
    else:
        right = int(np.clip(np.searchsorted(places, rows), 1, len(places) - 1))
        left = right - 1
        slope = (values[right] - values[left]) / (places[right] - places[left])
        outside = rows < places[0] or rows > places[-1]
        if outside:
            slope = np.maximum(slope, 0.0)
        base = right if rows > places[-1] else left
        found = np.maximum(values[base] + slope * (rows - places[base]), values[0] / 2)
    mean, size_bytes, *quantiles = found.tolist()
    return {"mean": mean, "bytes": size_bytes, "quantiles": quantiles}
