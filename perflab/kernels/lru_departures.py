"""Which request pushes which entry out of an LRU cache, in a few bits a request."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import popcount
from perflab.kernels.inputs import frozen

STRIDE, BLOCK = 4, 6
"""Of each 16th departure its request is kept, of each 64th its entry; as powers of two."""


class Departures(NamedTuple):
    """What leaves an LRU cache of some size, in the order in which it does.

    An entry stands at the position of its last use, and entries leave in the order of positions:
    the departure of the entry at a position has the number of departures from before it.

    Attributes:
        left: uint64 of shape (ceil(n / 64),): the bit of each position from which an entry left.
        before: int32, likewise: departures from positions before each word of `left`.
        pushed: uint64, likewise: the bit of each request that pushed an entry out.
        requests: int32: the request of departures 0, 16, 32 and so on.
        entries: int32: the position of departures 0, 64, 128 and so on, and of the last one.
    """

    left: npt.NDArray[np.uint64]
    before: npt.NDArray[np.int32]
    pushed: npt.NDArray[np.uint64]
    requests: npt.NDArray[np.int32]
    entries: npt.NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """The memory of all arrays together."""
        return sum(array.nbytes for array in self)


def lru_departures(previous: npt.ArrayLike, next_use: npt.ArrayLike, capacity: int) -> Departures:
    """Find all departures from an LRU cache of `capacity` entries; the walk is that of `lru_hits`.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise.
        capacity: Entries, at least 1.

    Raises:
        ValueError: If the capacity is below 1.
    """
    if capacity < 1:
        raise ValueError(f"a cache holds at least 1 entry, got {capacity}")
    before, after = frozen(previous, np.int32), frozen(next_use, np.int32)
    return Departures(*_lru_departures(before, after, int(capacity)))


@njit(nogil=True, cache=True)
def _lru_departures(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int
) -> tuple[
    npt.NDArray[np.uint64],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    n = len(previous)
    one = np.uint64(1)
    words = (n + 63) >> 6
    left = np.zeros(words, np.uint64)
    pushed = np.zeros(words, np.uint64)
    requests = np.empty((n >> STRIDE) + 1, np.int32)
    entries = np.empty((n >> BLOCK) + 2, np.int32)
    free = capacity
    tail = 0
    gone = 0
    for t in range(n):
        if previous[t] >= tail:
            continue
        if free > 0:
            free -= 1
            continue
        while next_use[tail] <= t:
            tail += 1
        pushed[t >> 6] |= one << np.uint64(t & 63)
        left[tail >> 6] |= one << np.uint64(tail & 63)
        if gone & ((1 << STRIDE) - 1) == 0:
            requests[gone >> STRIDE] = t
        if gone & ((1 << BLOCK) - 1) == 0:
            entries[gone >> BLOCK] = tail
        gone += 1
        tail += 1
    before = np.empty(words, np.int32)
    counted = 0
    for word in range(words):
        before[word] = counted
        counted += popcount(left[word])
    strides = (gone + (1 << STRIDE) - 1) >> STRIDE
    blocks = (gone + (1 << BLOCK) - 1) >> BLOCK
    if gone > 0:
        # The tail is just behind the entry that left last.
        entries[blocks] = tail - 1
        blocks += 1
    return left, before, pushed, requests[:strides].copy(), entries[:blocks].copy()
