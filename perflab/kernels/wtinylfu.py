"""W-TinyLFU at one size: a window, and a main cache that admits by estimated frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen, frozen_ids
from perflab.kernels.sketch import count, estimate, halve, new_sketch, spread

WINDOW, PROBATION, PROTECTED = 1, 2, 3
KIND, FULL, ERAS = 3, 252, 64  # the bits of a state, and how many eras they tell apart


def wtinylfu_hits(
    ids: npt.ArrayLike,
    next_use: npt.ArrayLike,
    n_keys: int,
    capacity: int,
    block: int | None = None,
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

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1; hashed as Java hashes integers.
        next_use: int32 of shape (n,), from `previous_and_next`.
        n_keys: Number of distinct ids; memory of 5 bytes each, and 5 bytes a request.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    after = frozen(next_use, np.int32)
    room = int(min(capacity, max(n_keys, 1)))
    hits: npt.NDArray[np.int64] = _wtinylfu_hits(
        keys, after, int(n_keys), room, block_length(block, len(keys)), new_sketch(room)
    )
    return hits


@njit(nogil=True, cache=True)
def _wtinylfu_hits(
    ids: npt.NDArray[np.int32],
    next_use: npt.NDArray[np.int32],
    n_keys: int,
    capacity: int,
    block: int,
    sketch: npt.NDArray[np.uint64],
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    main_room = int(capacity * 0.99)
    window_room = capacity - main_room
    protected_room = int(main_room * 0.8)
    # Window and protected hold a key at its last request, probation at the request at which it
    # was moved there. A list's element is stale where its key was asked for or moved since.
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
    # estimate that it had when it was asked for one. A tiny cache would forget more eras than pay.
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
