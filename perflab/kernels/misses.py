"""What a cache passes on, and how long each request takes there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen
from perflab.kernels.policies.operations import GET

Floats = npt.NDArray[np.float64]


class Misses(NamedTuple):
    """What goes on from a cache.

    Attributes:
        places: int64 of shape (m,), which of the requests go on, rising.
        waits: float64 of shape (n,), seconds that each request takes in the cache itself.
        loads: float64 of shape (m,), seconds that what is behind takes for each that goes on; 0 for
            what loads nothing.
    """

    places: npt.NDArray[np.int64]
    waits: Floats
    loads: Floats


def misses_of(
    hit: npt.NDArray[np.bool_],
    looked: npt.ArrayLike,
    missed: npt.ArrayLike,
    trips: int = 1,
    operations: npt.ArrayLike | None = None,
) -> Misses:
    """Return what a cache passes on: gets that miss, and all other operations.

    Args:
        hit: bool of shape (n,), which requests find a live entry.
        looked: float64 of shape (k,), seconds that a lookup takes; those of request i are at
            i modulo k.
        missed: float64 of the same shape, seconds that a miss takes altogether.
        trips: Lookups that a miss takes the time of.
        operations: uint8 of shape (n,); None where each is a get.

    Raises:
        ValueError: If shapes do not fit.
    """
    found = np.require(hit, np.bool_, ("C_CONTIGUOUS", "ALIGNED")).view(np.uint8)
    own, whole = frozen(looked, np.float64), frozen(missed, np.float64)
    codes = frozen(() if operations is None else operations, np.uint8)
    if len(own) != len(whole) or not len(own):
        raise ValueError(f"{len(own)} lookups and {len(whole)} misses")
    if len(codes) not in (0, len(found)):
        raise ValueError(f"{len(codes)} operations for {len(found)} requests")
    # NumPy asks for large pages, compiled code does not: a fourth of the time to fill them.
    count = len(found) - int(np.count_nonzero(found))
    result = Misses(np.empty(count, np.int64), np.empty(len(found)), np.empty(count))
    _fill(frozen(found, np.uint8), own, whole, int(trips), codes, *result)
    return result


@njit(nogil=True, cache=True)
def _fill(
    hit: npt.NDArray[np.uint8],
    looked: Floats,
    missed: Floats,
    trips: int,
    operations: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    waits: Floats,
    loads: Floats,
) -> None:
    n, period = len(hit), len(looked)
    on = drawn = 0
    for t in range(n):
        wait = looked[drawn]
        if not hit[t]:
            places[on] = t
            if len(operations) == 0 or operations[t] == GET:
                wait *= trips
                loads[on] = max(missed[drawn] - wait, 0.0)
            else:
                loads[on] = 0.0
            on += 1
        waits[t] = wait
        drawn += 1
        if drawn == period:
            drawn = 0
