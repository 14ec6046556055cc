"""LRU at one size: the least recently used entry makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen


def lru_hits(
    previous: npt.ArrayLike, next_use: npt.ArrayLike, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of an LRU cache of `capacity` entries, for every block of requests.

    The queue is the trace itself: an entry stands at the position of its last use, so that a hit
    is a previous use at or after the queue's tail, and memory is read in sequence. Policy as in
    Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    before = frozen(previous, np.int32)
    after = frozen(next_use, np.int32)
    hits: npt.NDArray[np.int64] = _lru_hits(
        before, after, int(capacity), block_length(block, len(before))
    )
    return hits


@njit(nogil=True, cache=True)
def _lru_hits(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(previous)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    free = capacity
    tail = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            if previous[t] >= tail:
                hits += 1
            elif free > 0:
                free -= 1
            else:
                while next_use[tail] <= t:
                    tail += 1
                tail += 1
        counts[b] = hits
    return counts
