"""FIFO: the entry that was inserted first makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, highest_bit, prefetch
from perflab.kernels.policies.lru import bounded
from perflab.kernels.policies.operations import ABSENT, AFTER, EVICTED, GET, HELD
from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of a FIFO cache of `capacity` entries, for every block of requests.

    No queue is kept: insertions are numbered, and an entry is resident while its number is among
    the last `capacity`. Policy as in Belady, "A study of replacement algorithms for a
    virtual-storage computer", IBM Systems Journal 1966.

    Memory: 4 bytes per key.
    """
    n = len(ids)
    capacity = min(capacity, n_keys)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    inserted = np.full(n_keys, -capacity - 1, np.int32)
    oldest = -capacity
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if inserted[key] >= oldest:
                hits += 1
            else:
                inserted[key] = oldest + capacity
                oldest += 1
        counts[b] = hits
    return counts


@njit(nogil=True, cache=True)
def _operated(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    operations: npt.NDArray[np.uint8],
    tally: npt.NDArray[np.int64],
    capacity: int,
    block: int,
) -> npt.NDArray[np.int64]:
    """Count as `_plain` does, with operations."""
    n = len(ids)
    capacity = min(capacity, n_keys)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    # A ring from tail to head, of a power of two; a removal leaves `n_keys` in its place.
    mask = (4 << highest_bit(np.uint64(capacity))) - 1
    queue = np.empty(mask + 1, np.int32)
    place = np.empty(n_keys, np.int32)
    state = np.zeros(n_keys, np.uint8)
    tail = end = entries = evictions = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            prefetch(state, ids[min(t + AHEAD, n - 1)])
            key = ids[t]
            operation = operations[t]
            before = state[key]
            after = AFTER[operation << 2 | before]
            state[key] = after
            hits += (operation == GET) & (before != ABSENT)
            if (before == ABSENT) == (after == ABSENT):
                continue
            if after == ABSENT:
                queue[place[key]] = n_keys
                entries -= 1
                continue
            if entries < capacity:
                entries += 1
            else:
                while queue[tail & mask] == n_keys:
                    tail += 1
                state[queue[tail & mask]] = ABSENT
                tail += 1
                evictions += 1
            if end - tail > mask:
                live = tail
                for i in range(tail, end):
                    other = queue[i & mask]
                    if other < n_keys:
                        queue[live & mask] = other
                        place[other] = live & mask
                        live += 1
                end = live
            queue[end & mask] = key
            place[key] = end & mask
            end += 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = entries
    return counts


POLICY = Policy(_plain, bounded, constants=(False,), operated=_operated)
