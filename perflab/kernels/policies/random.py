"""Random eviction: any entry may make room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.policies.operations import (
    ABSENT,
    AFTER,
    DELETE,
    EVICTED,
    GET,
    HELD,
    SET,
    TOUCH,
)
from perflab.kernels.policies.policy import Policy

SEED = 3  # of all draws


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of a cache of `capacity` entries that evicts at random, for every block.

    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
    Journal 1966, class 1. Draws as Marsaglia, "Xorshift RNGs", Journal of Statistical Software
    2003, scaled to the capacity by their high 32 bits; they are the same each time.

    Memory: 1 byte per key, 4 per entry.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    resident = np.zeros(n_keys, np.bool_)
    entries = np.empty(min(capacity, n_keys), np.int32)
    room = np.uint64(capacity)
    state = np.uint64(SEED)
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


@njit(nogil=True, cache=True)
def _bounded(
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
) -> npt.NDArray[np.int64]:
    """Count the events of a cache that evicts at random.

    Every entry is as likely to leave as another, expired ones too. Draws as in `_plain`.
    """
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    queue = np.empty(max(min(max_entries, n_keys), 0), np.int32)
    place = np.full(n_keys, -1, np.int32)
    state = np.uint64(SEED)
    swept = 0
    entries = 0
    held = 0
    size = 1
    freed = 1
    now = 0.0
    hits = evictions = expirations = hit_bytes = 0
    for first_request, last_request in ((0, start), (start, n)):
        hits = evictions = expirations = hit_bytes = 0
        for t in range(first_request, last_request):
            if history is not None:
                history[t, 0] = hits
                history[t, 1] = entries
            soon = ids[min(t + AHEAD, n - 1)]
            prefetch(place, soon)
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
                if place[other] >= 0 and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    filler = queue[entries]
                    queue[place[other]] = filler
                    place[filler] = place[other]
                    place[other] = -1
                swept += 1
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            kept = False
            if place[key] >= 0:
                alive = not timed or now < deadline[key]
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if operations is not None:
                        fresh[key] = False
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                if not kept:
                    expirations += not alive
                    entries -= 1
                    held -= stored[key] if sized else 1
                    filler = queue[entries]
                    queue[place[key]] = filler
                    place[filler] = place[key]
                    place[key] = -1
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
                    if not kept or operation != SET or place[key] >= 0:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    continue
                state ^= state << np.uint64(13)
                state ^= state >> np.uint64(7)
                state ^= state << np.uint64(17)
                drawn = np.int64((state >> np.uint64(32)) * np.uint64(entries) >> np.uint64(32))
                victim = queue[drawn]
                filler = queue[entries - 1]
                queue[drawn] = filler
                place[filler] = drawn
                place[victim] = -1
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
            entries += 1
            held += size
            if sized:
                stored[key] = size
            place[key] = entries - 1
            queue[entries - 1] = key
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
    """Count as `_plain` does, with operations."""
    n = len(ids)
    capacity = min(capacity, n_keys)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    queue = np.empty(capacity, np.int32)
    place = np.empty(n_keys, np.int32)
    state = np.zeros(n_keys, np.uint8)
    draws = np.uint64(SEED)
    entries = evictions = 0
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
                entries -= 1
                filler = queue[entries]
                queue[place[key]] = filler
                place[filler] = place[key]
                continue
            if entries == capacity:
                draws ^= draws << np.uint64(13)
                draws ^= draws >> np.uint64(7)
                draws ^= draws << np.uint64(17)
                drawn = np.int64((draws >> np.uint64(32)) * np.uint64(entries) >> np.uint64(32))
                state[queue[drawn]] = ABSENT
                filler = queue[entries - 1]
                queue[drawn] = filler
                place[filler] = drawn
                entries -= 1
                evictions += 1
            queue[entries] = key
            place[key] = entries
            entries += 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = entries
    return counts


POLICY = Policy(_plain, _bounded, operated=_operated)
