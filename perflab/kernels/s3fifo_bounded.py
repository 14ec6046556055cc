"""S3-FIFO with everything that bounds the live cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs
from perflab.kernels.s3fifo import FREQUENCY, GHOST, MAIN, PROMOTED, SMALL

QUEUE = 12  # the bits of a state that tell the queue


def s3fifo_bounded(
    ids: npt.ArrayLike,
    n_keys: int,
    max_entries: int,
    sizes: npt.ArrayLike | None = None,
    max_bytes: int = 0,
    times: npt.ArrayLike | None = None,
    ttl: float = math.inf,
    ttls: npt.ArrayLike | None = None,
    start: int = 0,
    *,
    eager: bool = False,
) -> Counts:
    """Count the events of an S3-FIFO cache with bounds and expiry; arguments as of `lru_bounded`.

    As `s3fifo_hits`. A tenth of each bound, of entries and of bytes, is the small queue's, nine
    tenths are main's and again the ghost's: a queue is full by whichever comes first. Whoever has
    hits is spared even where it has expired. An entry that was found expired is not remembered.
    """
    keys, *bounds = bounded_inputs(
        ids,
        n_keys,
        sizes=sizes,
        max_bytes=max_bytes,
        times=times,
        ttl=ttl,
        ttls=ttls,
        start=start,
        eager=eager,
    )
    return Counts.from_array(_s3fifo_bounded(keys, int(n_keys), int(max_entries), *bounds))


@njit(nogil=True, cache=True)
def _s3fifo_bounded(
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
