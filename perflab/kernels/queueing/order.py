"""The order of moments that are nearly in order, such as those at which a queue lets go."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

Places = npt.NDArray[np.int64]
_MOVES = 16
"""Beyond so many moves per value, sorting them in any order is quicker."""


def order_of(values: npt.ArrayLike) -> Places:
    """Return the places of values in rising order, of equal ones the first before the others.

    It is what a stable sort gives, by straight insertion (Knuth, "The Art of Computer Programming"
    volume 3, section 5.2.1): a pass over values that are in order but for few, each near to where
    it belongs.

    Args:
        values: float64 of shape (n,), no NaN.

    Returns:
        int64 of shape (n,).
    """
    given = frozen(values, np.float64)
    found: tuple[Places, bool] = _inserted(given, _MOVES * len(given))
    order, done = found
    return order if done else np.argsort(given, kind="stable")


@njit(nogil=True, cache=True)
def _inserted(values: npt.NDArray[np.float64], most: int) -> Any:
    """Return the order, and whether it was found within so many moves."""
    n = len(values)
    order = np.empty(n, np.int64)
    moves = 0
    highest = -np.inf
    for t in range(n):
        value = values[t]
        order[t] = t
        if value >= highest:
            highest = value
            continue
        place = t
        while place > 0 and values[order[place - 1]] > value:
            order[place] = order[place - 1]
            place -= 1
        order[place] = t
        moves += t - place
        if moves > most:
            return order, False
    return order, True
