"""SIEVE at one size: a hand sweeps the queue and removes what was not visited since."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids

ABSENT, RESIDENT, VISITED = 0, 1, 2


def sieve_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of a SIEVE cache of `capacity` entries, for every block of requests.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. Instead of a linked list
    the queue is an array from tail to head: the hand packs the survivors behind itself, so that
    memory is read and written in sequence.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 1 byte each, and 8 bytes an entry.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    room = int(min(capacity, n_keys))
    hits: npt.NDArray[np.int64] = _sieve_hits(
        keys, int(n_keys), room, block_length(block, len(keys))
    )
    return hits


@njit(nogil=True, cache=True)
def _sieve_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    state = np.zeros(n_keys, np.uint8)
    # The queue is [0, packed) and [hand, end): between them is what the hand removed.
    queue = np.empty(2 * capacity, np.int32)
    packed = 0
    hand = 0
    end = 0
    free = capacity
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if state[key] != ABSENT:
                hits += 1
                state[key] = VISITED
                continue
            if free > 0:
                free -= 1
            else:
                removed = False
                while not removed:
                    candidate = queue[hand]
                    hand += 1
                    # VISITED becomes RESIDENT and RESIDENT becomes ABSENT.
                    state[candidate] -= 1
                    removed = state[candidate] == ABSENT
                    if not removed:
                        queue[packed] = candidate
                        packed += 1
                    # Past the head the hand starts over, before the new entry is inserted.
                    if hand == end:
                        end = packed
                        hand = 0
                        packed = 0
            if end == len(queue):
                for i in range(hand, end):
                    queue[packed + i - hand] = queue[i]
                end -= hand - packed
                hand = packed
            queue[end] = key
            end += 1
            state[key] = RESIDENT
        counts[b] = hits
    return counts
