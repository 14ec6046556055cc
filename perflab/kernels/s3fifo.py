"""S3-FIFO at one size: a small queue for what comes once, a main queue, and a ghost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids

FREQUENCY = 3  # the lowest two bits of a key's state: uses, at most 3
GHOST, SMALL, MAIN = 4, 8, 12
PROMOTED = 2


def s3fifo_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of an S3-FIFO cache of `capacity` entries, for every block of requests.

    Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, section 4, in the
    form of libCacheSim's present S3FIFO.c: a tenth of the entries in the small queue, a ghost of
    nine tenths that holds live keys only, promotion from two hits on, and, until the first
    eviction, insertion into main once the small queue is full. A small queue has room for one
    entry at least; libCacheSim caches nothing below 20 entries.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 5 bytes each, and 16 bytes an entry.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    hits: npt.NDArray[np.int64] = _s3fifo_hits(
        keys, int(n_keys), int(capacity), block_length(block, len(keys))
    )
    return hits


@njit(nogil=True, cache=True)
def _s3fifo_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    small_room = max(1, int(capacity * 0.1))
    main_room = capacity - small_room
    ghost_room = int(capacity * 0.9)
    length = min(capacity, n_keys)
    state = np.zeros(n_keys, np.uint8)
    small = np.empty(length, np.int32)
    main = np.empty(length, np.int32)
    small_tail = small_size = main_tail = main_size = 0
    # The ghost is [ghost_tail, ghost_end); an element is stale when its key stands elsewhere.
    ghost = np.empty(2 * min(ghost_room, n_keys) + 2, np.int32)
    ghost_place = np.empty(n_keys, np.int32)
    ghost_tail = ghost_end = ghost_size = 0
    evicted = False
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            now = state[key]
            if now >= SMALL:
                hits += 1
                if now & FREQUENCY < FREQUENCY:
                    state[key] = now + 1
                continue
            remembered = now == GHOST
            if remembered:
                state[key] = 0
                ghost_size -= 1
            while small_size + main_size >= capacity:
                evicted = True
                if main_size > main_room or small_size == 0:
                    while True:
                        candidate = main[main_tail]
                        main_tail += 1
                        if main_tail == length:
                            main_tail = 0
                        if state[candidate] == MAIN:
                            break
                        state[candidate] -= 1
                        place = main_tail + main_size - 1
                        main[place if place < length else place - length] = candidate
                    state[candidate] = 0
                    main_size -= 1
                    continue
                while small_size > 0:
                    candidate = small[small_tail]
                    small_tail += 1
                    if small_tail == length:
                        small_tail = 0
                    small_size -= 1
                    if state[candidate] & FREQUENCY >= PROMOTED:
                        state[candidate] = MAIN
                        place = main_tail + main_size
                        main[place if place < length else place - length] = candidate
                        main_size += 1
                        continue
                    state[candidate] = 0
                    if ghost_room > 0:
                        if ghost_size == ghost_room:
                            while True:
                                oldest = ghost[ghost_tail]
                                ghost_tail += 1
                                if state[oldest] == GHOST and ghost_place[oldest] == ghost_tail - 1:
                                    break
                            state[oldest] = 0
                            ghost_size -= 1
                        if ghost_end == len(ghost):
                            live = 0
                            for i in range(ghost_tail, ghost_end):
                                other = ghost[i]
                                if state[other] == GHOST and ghost_place[other] == i:
                                    ghost[live] = other
                                    ghost_place[other] = live
                                    live += 1
                            ghost_tail = 0
                            ghost_end = live
                        state[candidate] = GHOST
                        ghost_place[candidate] = ghost_end
                        ghost[ghost_end] = candidate
                        ghost_end += 1
                        ghost_size += 1
                    break
            if remembered or (not evicted and small_size >= small_room):
                state[key] = MAIN
                place = main_tail + main_size
                main[place if place < length else place - length] = key
                main_size += 1
            else:
                state[key] = SMALL
                place = small_tail + small_size
                small[place if place < length else place - length] = key
                small_size += 1
        counts[b] = hits
    return counts
