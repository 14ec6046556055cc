"""CLOCK at one size: a hand goes round and takes the first entry not used since it last came by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids

ABSENT, RESIDENT, REFERENCED = 0, 1, 2


def clock_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of a CLOCK cache of `capacity` entries, for every block of requests.

    One reference bit, which a hit sets and the hand clears; a new entry takes the place of the
    victim with its bit clear. Corbató, "A paging experiment with the Multics system", MIT Project
    MAC 1968. The same as FIFO with reinsertion, or second chance.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 1 byte each, and 4 bytes an entry.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    room = int(min(capacity, n_keys))
    hits: npt.NDArray[np.int64] = _clock_hits(
        keys, int(n_keys), room, block_length(block, len(keys))
    )
    return hits


@njit(nogil=True, cache=True)
def _clock_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    state = np.zeros(n_keys, np.uint8)
    ring = np.empty(capacity, np.int32)
    hand = 0
    held = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if state[key] != ABSENT:
                hits += 1
                state[key] = REFERENCED
                continue
            state[key] = RESIDENT
            if held < capacity:
                ring[held] = key
                held += 1
                continue
            removed = False
            while not removed:
                # REFERENCED becomes RESIDENT and RESIDENT becomes ABSENT.
                candidate = ring[hand]
                state[candidate] -= 1
                removed = state[candidate] == ABSENT
                if removed:
                    ring[hand] = key
                hand += 1
                if hand == capacity:
                    hand = 0
        counts[b] = hits
    return counts
