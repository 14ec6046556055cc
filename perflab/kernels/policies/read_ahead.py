"""LRU of chunks with read-ahead: reaching a new chunk brings the next ones in, too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen_ids


class ReadAheadCounts(NamedTuple):
    """Events of the counted accesses, and what is held after the last one.

    Attributes:
        hits: Accesses that found their chunk held, or under way.
        misses: All others; each loads its chunk.
        ahead: Chunks loaded ahead.
        first_touches: Hits that were the first access to a chunk loaded ahead.
        evictions: Chunks that made room.
        held: Chunks held at the end.
    """

    hits: int
    misses: int
    ahead: int
    first_touches: int
    evictions: int
    held: int


def lru_read_ahead(
    chunks: npt.ArrayLike,
    n_chunks: int,
    capacity: int,
    ahead: int,
    *,
    start: int = 0,
    stop: int | None = None,
) -> ReadAheadCounts:
    """Count what an LRU of `capacity` chunks does that loads the next `ahead` ones, too.

    After a miss, and after the first access to a chunk that was loaded ahead, those of the next
    ``min(ahead, capacity - 1)`` chunks that are not held are brought in, the farthest first; then
    the chunk itself becomes the most recent.

    Args:
        chunks: int32 of shape (n,), chunk numbers 0..n_chunks-1, as they lie in the store.
        n_chunks: Number of chunks; memory of 9 bytes each.
        capacity: Chunks held, at least 1.
        ahead: Chunks loaded ahead.
        start: The first access that is counted; those before it warm the cache.
        stop: The first access that is not made any more; the end of `chunks` where none is given.
            Beyond the end they begin again, which may be another pass than the one before: what
            was loaded ahead depends on more than the latest accesses.

    Raises:
        ValueError: If a chunk is not below `n_chunks`, or the capacity is below 1.
    """
    if capacity < 1:
        raise ValueError(f"a cache holds at least 1 chunk, got {capacity}")
    asked = frozen_ids(chunks, n_chunks)
    last = len(asked) if stop is None or len(asked) == 0 else int(stop)
    counts = _lru_read_ahead(asked, int(n_chunks), int(capacity), int(ahead), int(start), last)
    return ReadAheadCounts(*(int(count) for count in counts))


@njit(nogil=True, cache=True)
def _lru_read_ahead(
    chunks: npt.NDArray[np.int32], n_chunks: int, capacity: int, ahead: int, start: int, stop: int
) -> npt.NDArray[np.int64]:
    # A ring of chunks by recency around one that is none: newer[oldest], older[newest] ...
    newer = np.full(n_chunks + 1, -1, np.int32)
    older = np.full(n_chunks + 1, -1, np.int32)
    state = np.zeros(n_chunks, np.int8)  # 0 not held, 1 held, 2 loaded ahead and not touched
    ring = n_chunks
    newer[ring] = ring
    older[ring] = ring
    held = 0
    reach = min(ahead, capacity - 1)
    hits = misses = brought = touches = evictions = 0
    place = 0
    for t in range(stop):
        if t == start:
            hits = misses = brought = touches = evictions = 0
        chunk = chunks[place]
        place += 1
        if place == len(chunks):
            place = 0
        was = state[chunk]
        if was == 0:
            misses += 1
            held += 1
            if held > capacity:
                victim = newer[ring]
                newer[ring] = newer[victim]
                older[newer[victim]] = ring
                state[victim] = 0
                held -= 1
                evictions += 1
        else:
            hits += 1
            touches += was == 2
            if older[ring] == chunk and was == 1:
                continue
            newer[older[chunk]] = newer[chunk]
            older[newer[chunk]] = older[chunk]
        state[chunk] = 1
        newest = older[ring]
        newer[newest] = chunk
        older[chunk] = newest
        newer[chunk] = ring
        older[ring] = chunk
        if was == 1:
            continue
        for following in range(min(chunk + reach, n_chunks - 1), chunk, -1):
            if state[following] != 0:
                continue
            brought += 1
            held += 1
            newest = older[ring]
            newer[newest] = following
            older[following] = newest
            newer[following] = ring
            older[ring] = following
            state[following] = 2
            if held > capacity:
                victim = newer[ring]
                newer[ring] = newer[victim]
                older[newer[victim]] = ring
                state[victim] = 0
                held -= 1
                evictions += 1
        if older[ring] != chunk:
            newer[older[chunk]] = newer[chunk]
            older[newer[chunk]] = older[chunk]
            newest = older[ring]
            newer[newest] = chunk
            older[chunk] = newest
            newer[chunk] = ring
            older[ring] = chunk
    if start >= stop:
        hits = misses = brought = touches = evictions = 0
    return np.array([hits, misses, brought, touches, evictions, held], np.int64)
