"""Lines of flights, first come first served.

The lines are those of `perflab.kernels.policies.lists`; any flight may leave one before its turn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.chain.events import HELD, with_room
from perflab.kernels.policies.lists import BEFORE, BEHIND, ENTRIES, put, take

Floats = npt.NDArray[np.float64]
Links = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def join_line(
    line: Links, stands: Links, waiting: Integers, flight: int | np.integer, number: int
) -> None:
    """Let a flight stand at the end of a line."""
    put(line, stands, waiting, flight, line[len(stands) + number, BEFORE], number, 0)


@njit(nogil=True, cache=True)
def leave_first(line: Links, stands: Links, waiting: Integers, number: int) -> int:
    """Take the first flight out of a line and return it; -1 where nobody stands there."""
    if waiting[number, ENTRIES] == 0:
        return -1
    flight: int = line[len(stands) + number, BEHIND]
    take(line, stands, waiting, flight, 0)
    return flight


@njit(nogil=True, cache=True)
def with_more_room(
    moments: Floats, orders: Integers, pending: Integers, state: Integers
) -> tuple[Floats, Integers, Integers]:
    """Return the arrays of events with twice the room."""
    held = state[HELD]
    return with_room(moments, held), with_room(orders, held), with_room(pending, held)
