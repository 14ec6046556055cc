"""W-TinyLFU: a window, and a main cache that admits by estimated frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.policies.lists import (
    BEFORE,
    BEHIND,
    BYTES,
    ENTRIES,
    move,
    new_lists,
    put,
    take,
)
from perflab.kernels.policies.operations import DELETE, GET, SET, TOUCH
from perflab.kernels.policies.policy import Policy
from perflab.kernels.policies.sketch import count, estimate, halve, new_sketch, spread

WINDOW, PROBATION, PROTECTED = 1, 2, 3
KIND, FULL, ERAS = 3, 252, 64  # the bits of a state, and how many eras they tell apart


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32],
    next_use: npt.NDArray[np.int32],
    n_keys: int,
    capacity: int,
    block: int,
) -> npt.NDArray[np.int64]:
    """Count the hits of a W-TinyLFU cache of `capacity` entries, for every block of requests.

    Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
    Transactions on Storage 2017, section 4, with the sizes and the sketch of Caffeine (its
    WindowTinyLfuPolicy and FrequencySketch): an LRU window of 1 %, a segmented LRU main cache, of
    which 80 % is protected, and a count-min sketch of 4-bit counters, 16 for each entry rounded
    up to a power of two, in blocks of a cache line, halved after ten times as many additions as
    entries. What leaves the window is admitted where its estimate is above that of main's victim.
    Caffeine's random admissions against attacks and its resizing of the window are left out.

    libCacheSim's differs: a larger sketch that is halved more rarely and counts fewer requests.

    Memory: 5 bytes per key, 5 per request.
    """
    n = len(ids)
    capacity = min(capacity, max(n_keys, 1))
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    sketch = new_sketch(capacity)
    main_room = int(capacity * 0.99)
    window_room = capacity - main_room
    protected_room = int(main_room * 0.8)
    # Window and protected hold a key at its last request, probation at the request at which it
    # was moved there. A list's element is stale where its key was requested or moved since.
    state = np.zeros(n_keys, np.uint8)
    place = np.empty(n_keys, np.int32)
    window = np.empty(n, np.int32)
    protected = np.empty(n, np.int32)
    probation = np.empty(n, np.int32)
    window_end = probation_end = protected_end = 0
    window_tail = probation_tail = protected_tail = 0
    window_size = probation_size = protected_size = 0
    # Counters only grow until all are halved, when another era begins: a key whose counters were
    # seen full is not counted again in this one, and the head of probation has at least the
    # estimate that it had when it was requested one. A tiny cache would forget more eras than pay.
    marks = n_keys <= 10_000 * capacity
    era = 1
    added = np.int64(0)
    least = np.uint64(0)
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            known = state[key]
            if known >> 2 != era:
                if count(sketch, spread(key)) > 0:
                    added += 1
                    if added == 10 * capacity:
                        added = halve(sketch, added)
                        least = np.uint64(0)
                        era += marks
                        if era == ERAS:
                            era = 1
                            for other in range(n_keys):
                                state[other] &= KIND
                            known &= KIND
                elif marks:
                    known = known & KIND | era << 2
                    state[key] = known
            kind = known & KIND
            if kind >= PROBATION:
                hits += 1
                protected[protected_end] = t
                protected_end += 1
                if kind == PROTECTED:
                    continue
                state[key] = known & FULL | PROTECTED
                probation_size -= 1
                protected_size += 1
                if protected_size > protected_room:
                    while next_use[protected[protected_tail]] <= t:
                        protected_tail += 1
                    demoted = ids[protected[protected_tail]]
                    protected_tail += 1
                    protected_size -= 1
                    state[demoted] = state[demoted] & FULL | PROBATION
                    place[demoted] = probation_end
                    probation[probation_end] = demoted
                    probation_end += 1
                    probation_size += 1
                continue
            window[window_end] = t
            window_end += 1
            if kind == WINDOW:
                hits += 1
                continue
            state[key] = known & FULL | WINDOW
            window_size += 1
            if window_size <= window_room:
                continue
            while next_use[window[window_tail]] <= t:
                window_tail += 1
            candidate = ids[window[window_tail]]
            window_tail += 1
            window_size -= 1
            if window_size + probation_size + protected_size >= capacity:
                if probation_size == 0:
                    state[candidate] &= FULL
                    continue
                victim = probation[probation_tail]
                while state[victim] & KIND != PROBATION or place[victim] != probation_tail:
                    probation_tail += 1
                    victim = probation[probation_tail]
                    least = np.uint64(0)
                asked = estimate(sketch, spread(candidate))
                if asked > least:
                    least = estimate(sketch, spread(victim))
                if asked <= least:
                    state[candidate] &= FULL
                    continue
                state[victim] &= FULL
                probation_tail += 1
                probation_size -= 1
                least = np.uint64(0)
            state[candidate] = state[candidate] & FULL | PROBATION
            place[candidate] = probation_end
            probation[probation_end] = candidate
            probation_end += 1
            probation_size += 1
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
    """Count the events of a W-TinyLFU cache with bounds and expiry.

    As `_plain`, weighted as in Caffeine 3 (its BoundedLocalCache: evictFromWindow,
    evictFromMain, reorderProbation). Window, main and protected have their shares of each bound,
    of entries and of bytes: a list is full by whichever comes first. A new entry enters the
    window, as the next to leave it where it is larger than the window. What the window gives up
    are candidates: while the cache is too large, each is compared with the next victim of
    probation, and the one that was requested more rarely leaves, so that a large entry is let in
    by a single victim. Where candidates run out, those still in the window are compared, then
    victims leave unasked: of probation, of protected, of the window. An entry larger than
    protected stays in probation.

    What a set lets grow is compared like what is new, and stays out where it loses.

    Other than there, an entry without a size may leave, expired entries are compared until they
    are found or swept, and the sketch is made once for the entries that fit by the mean size of
    all gets and sets: Caffeine enlarges it with the cache, and forgets what it counted.
    """
    n = len(ids)
    links, home, totals = new_lists(n_keys, PROTECTED)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    main_room, main_bytes = int(max_entries * 0.99), int(max_bytes * 0.99)
    window_room, window_bytes = max_entries - main_room, max_bytes - main_bytes
    protected_room, protected_bytes = int(main_room * 0.8), int(main_bytes * 0.8)
    mean = 1.0
    if sized:
        asked = 0.0
        loads = 0
        for t in range(n):
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            if operation <= SET:
                asked += sizes[t]
                loads += 1
        mean = max(asked / max(loads, 1), 1.0)
    fitting = max(min(max_entries, n_keys, int(max_bytes / mean)), 1)
    sketch = new_sketch(fitting)
    most_counted = 10 * fitting
    nobody = np.int32(n_keys)
    counted = np.int64(0)
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
            prefetch(home, soon)
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
                if home[other] > 0 and written[other] == write:
                    if now < deadline[other]:
                        break
                    if sized:
                        freed = stored[other]
                    take(links, home, totals, other, freed)
                    expirations += 1
                    entries -= 1
                    held -= freed
                swept += 1
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            kept = False
            number = home[key]
            alive = number > 0 and (not timed or now < deadline[key])
            if operation == GET or (operation == SET and not (alive and fresh[key])):
                counted += count(sketch, spread(key))
            if counted == most_counted:
                counted = halve(sketch, counted)
            if number > 0:
                if sized:
                    freed = stored[key]
                uses = alive and operation == GET
                if alive and operation != GET:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    uses = kept and operation == SET and not fresh[key]
                if uses:
                    if number == PROBATION and freed <= protected_bytes:
                        number = PROTECTED
                    move(links, home, totals, key, number, freed)
                    while (
                        totals[PROTECTED, ENTRIES] > protected_room
                        or totals[PROTECTED, BYTES] > protected_bytes
                    ):
                        other = links[n_keys + PROTECTED, BEHIND]
                        if sized:
                            freed = stored[other]
                        move(links, home, totals, other, PROBATION, freed)
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if operations is not None:
                        fresh[key] = False
                    continue
                if not kept:
                    expirations += not alive
                    take(links, home, totals, key, freed)
                    entries -= 1
                    held -= freed
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
                    totals[home[key], BYTES] += size - stored[key]
                    stored[key] = size
            else:
                entries += 1
                held += size
                if sized:
                    stored[key] = size
                end = n_keys + WINDOW
                left = end if size > window_bytes else np.int64(links[end, BEFORE])
                put(links, home, totals, key, left, WINDOW, size)
            candidate = nobody
            while totals[WINDOW, ENTRIES] > window_room or totals[WINDOW, BYTES] > window_bytes:
                other = links[n_keys + WINDOW, BEHIND]
                if sized:
                    freed = stored[other]
                move(links, home, totals, other, PROBATION, freed)
                if candidate >= nobody:
                    candidate = other
            victim = links[n_keys + PROBATION, BEHIND]
            victims = PROBATION
            searched = False
            while entries > max_entries or held > max_bytes:
                if candidate >= nobody and not searched:
                    candidate = links[n_keys + WINDOW, BEHIND]
                    searched = True
                if candidate >= nobody and victim >= nobody:
                    victims = PROTECTED if victims == PROBATION else WINDOW
                    victim = links[n_keys + victims, BEHIND]
                    continue
                if candidate == victim:
                    other = victim
                    victim = links[victim, BEHIND]
                    candidate = nobody
                elif victim >= nobody or (
                    candidate < nobody
                    and estimate(sketch, spread(candidate)) <= estimate(sketch, spread(victim))
                ):
                    other = candidate
                    candidate = links[candidate, BEHIND]
                else:
                    other = victim
                    victim = links[victim, BEHIND]
                    if candidate < nobody:
                        candidate = links[candidate, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
                if timed and now >= deadline[other]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


POLICY = Policy(_plain, _bounded, reads=("ids", "next_use", "n_keys"))
