"""S3-FIFO: a small queue for what comes once, a main queue, and a ghost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

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
            if state[key] >= SMALL:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if state[key] & FREQUENCY < FREQUENCY:
                        state[key] += 1
                    continue
                expirations += 1
                entries -= 1
                held -= stored[key] if sized else 1
                in_small = state[key] < MAIN
                small_size -= in_small
                small_bytes -= in_small * (stored[key] if sized else 1)
                state[key] = 0
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            remembered = state[key] == GHOST
            if remembered:
                state[key] = 0
                ghost_size -= 1
                ghost_bytes -= stored[key] if sized else 1
            while entries >= max_entries or held + size > max_bytes:
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
                                live = 0
                                for i in range(main_tail, main_end):
                                    other = main[i]
                                    if state[other] & QUEUE == MAIN and place[other] == i:
                                        place[other] = live
                                        main[live] = other
                                        live += 1
                                main_tail = 0
                                main_end = live
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
                                live = 0
                                for i in range(ghost_tail, ghost_end):
                                    other = ghost[i]
                                    if state[other] & QUEUE == GHOST and place[other] == i:
                                        place[other] = live
                                        ghost[live] = other
                                        live += 1
                                ghost_tail = 0
                                ghost_end = live
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
                        live = 0
                        for i in range(main_tail, main_end):
                            other = main[i]
                            if state[other] & QUEUE == MAIN and place[other] == i:
                                place[other] = live
                                main[live] = other
                                live += 1
                        main_tail = 0
                        main_end = live
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
            full = small_size >= small_room or small_bytes >= small_bytes_room
            if remembered or (full and not evicted):
                state[key] = MAIN
                if main_end == len(main):
                    live = 0
                    for i in range(main_tail, main_end):
                        other = main[i]
                        if state[other] & QUEUE == MAIN and place[other] == i:
                            place[other] = live
                            main[live] = other
                            live += 1
                    main_tail = 0
                    main_end = live
                place[key] = main_end
                main[main_end] = key
                main_end += 1
            else:
                state[key] = SMALL
                small_size += 1
                small_bytes += size
                if small_end == len(small):
                    live = 0
                    for i in range(small_tail, small_end):
                        other = small[i]
                        if state[other] & QUEUE == SMALL and place[other] == i:
                            place[other] = live
                            small[live] = other
                            live += 1
                    small_tail = 0
                    small_end = live
                place[key] = small_end
                small[small_end] = key
                small_end += 1
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


POLICY = Policy(_plain, _bounded)
