"""Random eviction at one size: any entry may make room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids


def random_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None, seed: int = 1
) -> npt.NDArray[np.int64]:
    """Count the hits of a cache of `capacity` entries that evicts at random, for every block.

    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
    Journal 1966, class 1. Draws as Marsaglia, "Xorshift RNGs", Journal of Statistical Software
    2003, scaled to the capacity by their high 32 bits; the same seed gives the same hits.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 1 byte each, and 4 bytes an entry.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.
        seed: Of the draws; 0 or more.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    room = int(min(capacity, n_keys))
    length = block_length(block, len(keys))
    state = np.uint64(2 * seed + 1)
    hits: npt.NDArray[np.int64] = _random_hits(keys, int(n_keys), room, length, state)
    return hits


@njit(nogil=True, cache=True)
def _random_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int, state: np.uint64
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    resident = np.zeros(n_keys, np.bool_)
    entries = np.empty(capacity, np.int32)
    room = np.uint64(capacity)
    held = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if resident[key]:
                hits += 1
                continue
            resident[key] = True
            if held < capacity:
                entries[held] = key
                held += 1
                continue
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            place = np.int64((state >> np.uint64(32)) * room >> np.uint64(32))
            resident[entries[place]] = False
            entries[place] = entries[capacity - 1]
            entries[capacity - 1] = key
        counts[b] = hits
    return counts
