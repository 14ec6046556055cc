"""S3-FIFO: a small queue for what comes once, a main queue, and a ghost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.policies.operations import DELETE, GET, SET, TOUCH
from perflab.kernels.policies.policy import Policy

FREQUENCY = 3  # the lowest two bits of a key's state: uses, at most 3
GHOST, SMALL, MAIN = 4, 8, 12
PROMOTED = 2
QUEUE = 12  # the bits of a state that tell the queue


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of an S3-FIFO cache of `capacity` entries, for every block of requests.

    Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, section 4, in the
    form of libCacheSim's present S3FIFO.c: a tenth of the entries in the small queue, a ghost of
    nine tenths that holds live keys only, promotion from two hits on, and, until the first
    eviction, insertion into main once the small queue is full. A small queue has room for one
    entry at least; libCacheSim caches nothing below 20 entries.

    Memory: 5 bytes per key, 16 per entry.
    """
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
    """Count the events of an S3-FIFO cache with bounds and expiry.

    As `_plain`. A tenth of each bound, of entries and of bytes, is the small queue's, nine
    tenths are main's and again the ghost's: a queue is full by whichever comes first. Whoever has
    hits is spared even where it has expired. An entry that was found expired is not remembered.
    """
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)  # loaded by its last row
    small_room = max(1, int(max_entries * 0.1))
    main_room = max_entries - small_room
    ghost_room = int(max_entries * 0.9)
    small_bytes_room = max(1, int(max_bytes * 0.1))
    main_bytes_room = max_bytes - small_bytes_room
    ghost_bytes_room = int(max_bytes * 0.9)
    # A queue is [tail, end) of its array. An element is stale when its key stands elsewhere.
    length = 2 * max(min(max_entries, n_keys), 0) + 2
    small = np.empty(length, np.int32)
    main = np.empty(length, np.int32)
    ghost = np.empty(length, np.int32)
    small_tail = small_end = small_size = small_bytes = 0
    main_tail = main_end = 0
    ghost_tail = ghost_end = ghost_size = ghost_bytes = 0
    state = np.zeros(n_keys, np.uint8)
    place = np.empty(n_keys, np.int32)
    evicted = False
    swept = entries = held = 0
    size = freed = 1
    now = 0.0
    hits = evictions = expirations = hit_bytes = 0
    for first_request, last_request in ((0, start), (start, n)):
        hits = evictions = expirations = hit_bytes = 0
        for t in range(first_request, last_request):
            if history is not None:
                history[t, 0] = hits
                history[t, 1] = entries
            soon = ids[min(t + AHEAD, n - 1)]
            prefetch(state, soon)
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
                if state[other] >= SMALL and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    in_small = state[other] < MAIN
                    small_size -= in_small
                    small_bytes -= in_small * (stored[other] if sized else 1)
                    state[other] = 0
                swept += 1
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            kept = False
            if state[key] >= SMALL:
                alive = not timed or now < deadline[key]
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    state[key] += state[key] & FREQUENCY < FREQUENCY
                    if operations is not None:
                        fresh[key] = False
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    if kept and operation == SET and not fresh[key]:
                        state[key] += state[key] & FREQUENCY < FREQUENCY
                if not kept:
                    expirations += not alive
                    entries -= 1
                    held -= stored[key] if sized else 1
                    in_small = state[key] < MAIN
                    small_size -= in_small
                    small_bytes -= in_small * (stored[key] if sized else 1)
                    state[key] = 0
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
                    small_bytes += (state[key] < MAIN) * (size - stored[key])
                    stored[key] = size
                if held <= max_bytes:
                    continue
            added, more = (0, 0) if kept else (1, size)
            remembered = state[key] == GHOST
            if remembered:
                state[key] = 0
                ghost_size -= 1
                ghost_bytes -= stored[key] if sized else 1
            while True:
                if entries + added <= max_entries and held + more <= max_bytes:
                    if not kept or operation != SET or state[key] >= SMALL:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    remembered = state[key] == GHOST
                    if remembered:
                        state[key] = 0
                        ghost_size -= 1
                        ghost_bytes -= size
                    continue
                evicted = True
                victim = np.int32(-1)
                main_size = entries - small_size
                full = main_size > main_room or held - small_bytes > main_bytes_room
                if not full:
                    while victim < 0 and small_size > 0:
                        candidate = small[small_tail]
                        small_tail += 1
                        if state[candidate] & QUEUE != SMALL or place[candidate] != small_tail - 1:
                            continue
                        if sized:
                            freed = stored[candidate]
                        small_size -= 1
                        small_bytes -= freed
                        if state[candidate] & FREQUENCY >= PROMOTED:
                            state[candidate] = MAIN
                            if main_end == len(main):
                                main_end = _pack(main, main_tail, main_end, state, place, MAIN)
                                main_tail = 0
                            place[candidate] = main_end
                            main[main_end] = candidate
                            main_end += 1
                        else:
                            victim = candidate
                    if victim >= 0:
                        state[victim] = 0
                        fits = ghost_room > 0 and freed <= ghost_bytes_room
                        while fits and (
                            ghost_size == ghost_room or ghost_bytes + freed > ghost_bytes_room
                        ):
                            oldest = ghost[ghost_tail]
                            ghost_tail += 1
                            if state[oldest] == GHOST and place[oldest] == ghost_tail - 1:
                                state[oldest] = 0
                                ghost_size -= 1
                                ghost_bytes -= stored[oldest] if sized else 1
                        if fits:
                            if ghost_end == len(ghost):
                                ghost_end = _pack(ghost, ghost_tail, ghost_end, state, place, GHOST)
                                ghost_tail = 0
                            place[victim] = ghost_end
                            ghost[ghost_end] = victim
                            ghost_end += 1
                            state[victim] = GHOST
                            ghost_size += 1
                            ghost_bytes += freed
                while victim < 0:
                    candidate = main[main_tail]
                    main_tail += 1
                    if state[candidate] & QUEUE != MAIN or place[candidate] != main_tail - 1:
                        continue
                    if state[candidate] == MAIN:
                        victim = candidate
                        state[victim] = 0
                        continue
                    state[candidate] -= 1
                    if main_end == len(main):
                        main_end = _pack(main, main_tail, main_end, state, place, MAIN)
                        main_tail = 0
                    place[candidate] = main_end
                    main[main_end] = candidate
                    main_end += 1
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
            full = small_size >= small_room or small_bytes >= small_bytes_room
            if remembered or (full and not evicted):
                state[key] = MAIN
                if main_end == len(main):
                    main_end = _pack(main, main_tail, main_end, state, place, MAIN)
                    main_tail = 0
                place[key] = main_end
                main[main_end] = key
                main_end += 1
            else:
                state[key] = SMALL
                small_size += 1
                small_bytes += size
                if small_end == len(small):
                    small_end = _pack(small, small_tail, small_end, state, place, SMALL)
                    small_tail = 0
                place[key] = small_end
                small[small_end] = key
                small_end += 1
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


@njit(nogil=True, cache=True)
def _pack(
    queue: npt.NDArray[np.int32],
    tail: int,
    end: int,
    state: npt.NDArray[np.uint8],
    place: npt.NDArray[np.int32],
    kind: int,
) -> int:
    """Move what is not stale of a queue to the front of its array; return its end then."""
    live = 0
    for i in range(tail, end):
        other = queue[i]
        if state[other] & QUEUE == kind and place[other] == i:
            place[other] = live
            queue[live] = other
            live += 1
    return live


POLICY = Policy(_plain, _bounded)
