"""LRU: the least recently used entry makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of an LRU cache of `capacity` entries, for every block of requests.

    The queue is the trace itself: an entry stands at the position of its last use, so that a hit
    is a previous use at or after the queue's tail, and memory is read in sequence. Policy as in
    Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970.
    """
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


@njit(nogil=True, cache=True)
def bounded(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    max_entries: int,
    sizes: npt.NDArray[np.int64],
    max_bytes: int,
    times: npt.NDArray[np.float64],
    ttl: float,
    ttls: npt.NDArray[np.float64],
    start: int,
    order: npt.NDArray[np.int32],
    stored: npt.NDArray[np.int64],
    deadline: npt.NDArray[np.float64],
    written: npt.NDArray[np.int32],
    hit_moves: bool,
) -> npt.NDArray[np.int64]:
    """Count the events of an LRU cache with bounds and expiry, or of FIFO, where no hit moves.

    The queue is the trace: an entry stands at the position of its insertion (FIFO) or last use
    (LRU), and a position is stale when its key stands elsewhere.
    """
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    position = np.full(n_keys, -1, np.int32)
    swept = 0
    tail = 0
    entries = 0
    held = 0
    size = 1
    freed = 1
    now = 0.0
    hits = evictions = expirations = hit_bytes = 0
    for first, last in ((0, start), (start, n)):
        hits = evictions = expirations = hit_bytes = 0
        for t in range(first, last):
            key = ids[t]
            if timed:
                now = times[t]
            while eager and swept < n:
                write = np.int64(order[swept]) if varied else swept
                other = ids[write]
                if write >= t:
                    break
                if position[other] >= tail and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    position[other] = -1
                swept += 1
            if position[key] >= tail:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if hit_moves:
                        position[key] = t
                    continue
                expirations += 1
                position[key] = -1
                entries -= 1
                held -= stored[key] if sized else 1
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            while entries >= max_entries or held + size > max_bytes:
                victim = ids[tail]
                while position[victim] != tail:
                    tail += 1
                    victim = ids[tail]
                tail += 1
                if timed and now >= deadline[victim]:
                    expirations += 1
                else:
                    evictions += 1
                if sized:
                    freed = stored[victim]
                entries -= 1
                held -= freed
            position[key] = t
            entries += 1
            held += size
            if sized:
                stored[key] = size
            if timed:
                life = ttl
                if varied and not np.isnan(ttls[t]):
                    life = ttls[t]
                deadline[key] = now + life
            if eager:
                written[key] = t
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


POLICY = Policy(_plain, bounded, reads=("previous", "next_use"), constants=(True,))
