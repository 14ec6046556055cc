"""Events that are still to come, in a binary heap of three arrays.

- moments, float64: when each one happens.
- orders, int64: how many were put before it; of those at one moment the first put comes first.
- codes, int64: what happens, as whoever puts it understands it.

Room and counts stand in a `state` of int64: how many there are, and how many were ever put.
Williams, "Algorithm 232: Heapsort", Communications of the ACM 1964.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

HELD, PUT = 0, 1

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def put_event(
    moments: Floats, orders: Integers, codes: Integers, state: Integers, moment: float, what: int
) -> None:
    """Put an event; there must be room for it."""
    place = state[HELD]
    order = state[PUT]
    state[HELD] += 1
    state[PUT] += 1
    while place > 0:
        above = (place - 1) // 2
        if moments[above] <= moment:
            break
        moments[place] = moments[above]
        orders[place] = orders[above]
        codes[place] = codes[above]
        place = above
    moments[place] = moment
    orders[place] = order
    codes[place] = what


@njit(nogil=True, cache=True)
def take_event(moments: Floats, orders: Integers, codes: Integers, state: Integers) -> int:
    """Take the next event and return what happens; there must be one, at ``moments[0]``."""
    what: int = codes[0]
    state[HELD] -= 1
    held = state[HELD]
    moment = moments[held]
    order = orders[held]
    moved = codes[held]
    place = 0
    while 2 * place + 1 < held:
        below = 2 * place + 1
        other = below + 1
        if other < held and (
            moments[other] < moments[below]
            or (moments[other] == moments[below] and orders[other] < orders[below])
        ):
            below = other
        if moment < moments[below] or (moment == moments[below] and order < orders[below]):
            break
        moments[place] = moments[below]
        orders[place] = orders[below]
        codes[place] = codes[below]
        place = below
    moments[place] = moment
    orders[place] = order
    codes[place] = moved
    return what


@njit(nogil=True, cache=True)
def with_room(values: npt.NDArray[Any], held: int) -> npt.NDArray[Any]:
    """Return an array of twice the length that begins with what another holds."""
    longer = np.empty(2 * len(values), values.dtype)
    longer[:held] = values[:held]
    return longer
