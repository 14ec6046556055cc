"""`spread_times`: single times that are distributed as a measured outcome's."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import QUANTILES, OutcomeCost

Floats = npt.NDArray[np.float64]
PERIOD = 10_007
"""So many times are drawn, and then come again: a prime, which no even spread of requests hits."""


@lru_cache(maxsize=64)
def spread_times(cost: OutcomeCost, seed: int = 0) -> Floats:
    """Return `PERIOD` times in seconds with the quantiles of a cost, in a random order.

    Their mean is that of the cost. What is not known is how times lie between the last quantile
    below 1 and the longest one: they are put so that the mean comes out, and where that does not
    do, what lies above the median is moved too.

    Args:
        cost: As it was measured.
        seed: Of the order; stages with other seeds are slow at other requests.

    Returns:
        float64 of shape (`PERIOD`,), not to be written to.
    """
    shares = (np.arange(PERIOD) + 0.5) / PERIOD
    times: Floats = np.interp(shares, QUANTILES, np.asarray(cost.quantiles, np.float64))
    for share in (QUANTILES[-2], 0.5):
        times = _moved_above(times, float(np.interp(share, shares, times)), cost.mean)
    mean = float(times.mean())
    times *= cost.mean / mean if mean > 0 else 0.0
    found = np.random.default_rng(seed).permutation(times)
    found.flags.writeable = False
    return found


def _moved_above(times: Floats, bound: float, mean: float) -> Floats:
    """Return times with those above a bound moved, so that their mean is as near as can be."""
    above = np.maximum(times - bound, 0.0)
    excess = float(above.mean())
    if excess == 0:
        return times
    below = times - above
    return below + above * max(0.0, (mean - float(below.mean())) / excess)
