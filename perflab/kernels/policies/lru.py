"""LRU: the least recently used entry makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.policies.operations import DELETE, EVICTED, GET, HELD, SET, TOUCH, UNLESS_FILL
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
def _flags(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int
) -> npt.NDArray[np.bool_]:
    """Say of each request whether it hits, as `_plain` counts them."""
    n = len(previous)
    hit = np.zeros(n, np.bool_)
    free = capacity
    tail = 0
    for t in range(n if capacity > 0 else 0):
        if previous[t] >= tail:
            hit[t] = True
        elif free > 0:
            free -= 1
        else:
            while next_use[tail] <= t:
                tail += 1
            tail += 1
    return hit


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
    history: npt.NDArray[np.int32] | None,
    operations: npt.NDArray[np.uint8] | None,
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
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
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
            if history is not None:
                history[t, 0] = hits
                history[t, 1] = entries
            soon = ids[min(t + AHEAD, n - 1)]
            prefetch(position, soon)
            if operations is not None:
                prefetch(fresh, soon)
            if timed:
                prefetch(deadline, soon)
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
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            kept = False
            if position[key] >= tail:
                alive = not timed or now < deadline[key]
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if hit_moves:
                        position[key] = t
                    if operations is not None:
                        fresh[key] = False
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    if kept and operation == SET and not fresh[key] and hit_moves:
                        position[key] = t
                if not kept:
                    expirations += not alive
                    position[key] = -1
                    entries -= 1
                    held -= stored[key] if sized else 1
            if operation > SET and not kept:
                continue
            if sized:
                size = stored[key] if operation == TOUCH else sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            if timed:
                life = ttl
                if varied and not np.isnan(ttls[t]):
                    life = ttls[t]
                deadline[key] = now + life
            if eager:
                written[key] = t
            if operations is not None:
                fresh[key] = operation == GET
            if kept:
                if sized:
                    held += size - stored[key]
                    stored[key] = size
                if held <= max_bytes:
                    continue
            added, more = (0, 0) if kept else (1, size)
            while True:
                if entries + added <= max_entries and held + more <= max_bytes:
                    if not kept or operation != SET or position[key] >= tail:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    continue
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
            if kept:
                continue
            position[key] = t
            entries += 1
            held += size
            if sized:
                stored[key] = size
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


@njit(nogil=True, cache=True)
def _operated(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    operations: npt.NDArray[np.uint8],
    tally: npt.NDArray[np.int64],
    capacity: int,
    block: int,
) -> npt.NDArray[np.int64]:
    """Count as `_plain` does, with operations.

    Memory: 4 bytes per key, 1 per request.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    # Of each key twice the number of the row where its entry stands, from 1 on, and 1 more where
    # its last row loaded it; of each row whether an entry stands there.
    place = np.zeros(n_keys, np.uint32)
    stands = np.zeros(n + 1, np.bool_)
    tail = np.int64(1)
    entries = evictions = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            prefetch(place, ids[min(t + AHEAD, n - 1)])
            key = ids[t]
            operation = np.int64(operations[t])
            word = np.int64(place[key])
            at = word >> 1
            loaded = word & 1
            if at >= tail:
                hits += operation == GET
                # No get, and no set but the fill of a load; as one comparison, which is foreseen
                # better than several.
                if operation << 1 | loaded > SET << 1:
                    place[key] = word - loaded
                    if operation == DELETE or (operation == UNLESS_FILL and loaded == 0):
                        place[key] = 0
                        stands[at] = False
                        entries -= 1
                    continue
                stands[at] = False
                stands[t + 1] = True
                place[key] = (t + 1) << 1
                continue
            if operation > SET:
                continue
            stands[t + 1] = True
            place[key] = (t + 1) << 1 | (operation == GET)
            if entries < capacity:
                entries += 1
                continue
            while not stands[tail]:
                tail += 1
            tail += 1
            evictions += 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = entries
    return counts


POLICY = Policy(
    _plain,
    bounded,
    reads=("previous", "next_use"),
    constants=(True,),
    operated=_operated,
    flags=_flags,
)
