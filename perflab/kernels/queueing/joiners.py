"""`joiners`: who asks for a key while it may still be on its way for somebody else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

Floats = npt.NDArray[np.float64]


class Joiners(NamedTuple):
    """What each request would be joined by, if it began a load.

    Attributes:
        counts: int64 of shape (n,), how many requests.
        shares: float64 of shape (n,), the shares of the load that are left when they come, summed.
    """

    counts: npt.NDArray[np.int64]
    shares: Floats


def joiners(
    next_use: npt.ArrayLike, window: float, most: int, places: npt.ArrayLike = ()
) -> Joiners:
    """Return which requests come for the key of each one within a window after it.

    Args:
        next_use: int32 of shape (n,), from `previous_and_next`.
        window: How long a load lasts, in the unit of `places`; above 0.
        most: So many join one load at the most, such as the other threads.
        places: float64 of shape (n,), when each comes, not decreasing; its number where not given.

    Raises:
        ValueError: If a next use is none, shapes do not fit, or the window is not above 0.
    """
    following, times = frozen(next_use, np.int32), frozen(places, np.float64)
    if len(times) not in (0, len(following)):
        raise ValueError(f"{len(times)} places for {len(following)} requests")
    if not window > 0:
        raise ValueError(f"a load lasts longer than {window}")
    if len(following) and not (following > np.arange(len(following))).all():
        raise ValueError("a next use is not after its request")
    counts, shares = _joiners(following, float(window), int(most), times)
    return Joiners(counts, shares)


@njit(nogil=True, cache=True)
def _joiners(
    next_use: npt.NDArray[np.int32], window: float, most: int, places: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    n = len(next_use)
    counts, shares = np.zeros(n, np.int64), np.zeros(n)
    placed = len(places) > 0
    for t in range(n):
        other = next_use[t]
        while other < n and counts[t] < most:
            apart = places[other] - places[t] if placed else float(other - t)
            if apart >= window:
                break
            counts[t] += 1
            shares[t] += 1.0 - apart / window
            other = next_use[other]
    return counts, shares
