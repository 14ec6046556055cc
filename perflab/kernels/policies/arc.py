"""ARC: recency and frequency, balanced by what was evicted too early."""

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
from perflab.kernels.policies.operations import DELETE, EVICTED, GET, HELD, SET, TOUCH, UNLESS_FILL
from perflab.kernels.policies.policy import Policy

T1, T2, B1, B2 = 1, 2, 3, 4


@njit(nogil=True, cache=True)
def _plain(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of an ARC cache of `capacity` entries, for every block of requests.

    Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.
    The target size and its steps are real numbers, as in libCacheSim and unlike implementations
    that round the ratio of the ghosts. No list is kept: T1 and B1 are the last requests for keys
    requested once, T2 and B2 those for keys requested again, and a tail in the trace divides each
    cache from its ghost.
    """
    n = len(previous)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    one = np.uint64(1)
    again = np.zeros((n >> 6) + 1, np.uint64)
    # What stands at or after t1 and t2 is resident, before them down to b1 and b2 a ghost. L1 is
    # found through the requests that let a key in, B2 through those that T2 gave up.
    t1 = b1 = t2 = b2 = 0
    t1_size = b1_size = t2_size = b2_size = 0
    entered = np.empty(n, np.int32)
    entered_end = t1_at = b1_at = 0
    given_up = np.empty(n, np.int32)
    given_up_end = b2_at = 0
    target = 0.0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            before = int(previous[t])
            known = before >= 0
            in_l2 = known and again[before >> 6] >> np.uint64(before & 63) & one != 0
            if known and before >= (t2 if in_l2 else t1):
                hits += 1
                again[t >> 6] |= one << np.uint64(t & 63)
                if not in_l2:
                    t1_size -= 1
                    t2_size += 1
                continue
            in_b2 = in_l2 and before >= b2
            in_b1 = known and not in_l2 and before >= b1
            replaces = True
            if in_b1:
                target = min(float(capacity), target + max(b2_size / b1_size, 1.0))
                b1_size -= 1
            elif in_b2:
                target = max(0.0, target - max(b1_size / b2_size, 1.0))
                b2_size -= 1
            elif t1_size == capacity:
                while next_use[entered[t1_at]] <= t:
                    t1_at += 1
                t1_at += 1
                t1 = entered[t1_at - 1] + 1
                b1_at = t1_at
                b1 = t1
                t1_size -= 1
                replaces = False
            elif t1_size + b1_size == capacity:
                while next_use[entered[b1_at]] <= t:
                    b1_at += 1
                b1_at += 1
                b1 = entered[b1_at - 1] + 1
                b1_size -= 1
            elif t1_size + t2_size < capacity:
                replaces = False
            elif t1_size + b1_size + t2_size + b2_size == 2 * capacity:
                while next_use[given_up[b2_at]] <= t:
                    b2_at += 1
                b2_at += 1
                b2 = given_up[b2_at - 1] + 1
                b2_size -= 1
            if replaces:
                if t1_size > 0 and (t1_size > target or (in_b2 and t1_size == target)):
                    while next_use[entered[t1_at]] <= t:
                        t1_at += 1
                    t1_at += 1
                    t1 = entered[t1_at - 1] + 1
                    t1_size -= 1
                    b1_size += 1
                else:
                    while next_use[t2] <= t or again[t2 >> 6] >> np.uint64(t2 & 63) & one == 0:
                        t2 += 1
                    given_up[given_up_end] = t2
                    given_up_end += 1
                    t2 += 1
                    t2_size -= 1
                    b2_size += 1
            if in_b1 or in_b2:
                again[t >> 6] |= one << np.uint64(t & 63)
                t2_size += 1
            else:
                entered[entered_end] = t
                entered_end += 1
                t1_size += 1
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
    """Count the events of an ARC cache with bounds and expiry.

    As `_plain`, weighted as in ZFS (arc_adapt in the arc.c of OpenSolaris): what a ghost
    remembers weighs as it did, and a request that finds one moves the target of T1 by its bytes,
    times the ratio of the ghosts' bytes where that is above 1. There is a target in entries and
    one in bytes; whichever bound lacks room decides by its own, and where T2 is empty T1 gives
    room. T1 and B1 together are limited to both bounds, and all four lists to twice both bounds.
    An expired entry that makes room leaves a ghost like any other; one that was found or swept
    leaves none.
    """
    n = len(ids)
    links, home, totals = new_lists(n_keys, B2)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    target = 0.0
    target_bytes = 0.0
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
                if 0 < home[other] < B1 and written[other] == write:
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
            if sized:
                freed = stored[key]
            if 0 < number < B1:
                alive = not timed or now < deadline[key]
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    move(links, home, totals, key, T2, freed)
                    if operations is not None:
                        fresh[key] = False
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    if kept and operation == SET and not fresh[key]:
                        move(links, home, totals, key, T2, freed)
                if not kept:
                    expirations += not alive
                    take(links, home, totals, key, freed)
                    entries -= 1
                    held -= freed
                    number = 0
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
            if kept and sized:
                held += size - stored[key]
                totals[home[key], BYTES] += size - stored[key]
                stored[key] = size
            added, more = (0, 0) if kept else (1, size)
            asks = not kept
            while True:
                if asks:
                    asks = False
                    number = home[key]
                    if sized:
                        freed = stored[key]
                    if number >= B1:
                        other = B2 if number == B1 else B1
                        step = max(totals[other, ENTRIES] / totals[number, ENTRIES], 1.0)
                        step_bytes = freed * max(
                            totals[other, BYTES] / max(totals[number, BYTES], 1), 1.0
                        )
                        if number == B1:
                            target = min(target + step, float(max_entries))
                            target_bytes = min(target_bytes + step_bytes, float(max_bytes))
                        else:
                            target = max(target - step, 0.0)
                            target_bytes = max(target_bytes - step_bytes, 0.0)
                        take(links, home, totals, key, freed)
                if entries + added <= max_entries and held + more <= max_bytes:
                    if not kept or operation != SET or 0 < home[key] < B1:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    asks = True
                    continue
                above = float(totals[T1, BYTES]) - target_bytes
                if entries >= max_entries:
                    above = float(totals[T1, ENTRIES]) - target
                gives = T1 if above > 0 or (above == 0 and number == B2) else T2
                if totals[gives, ENTRIES] == 0:
                    gives = T1 + T2 - gives
                other = links[n_keys + gives, BEHIND]
                if sized:
                    freed = stored[other]
                move(links, home, totals, other, B1 if gives == T1 else B2, freed)
                if timed and now >= deadline[other]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
            if not kept:
                entries += 1
                held += size
                if sized:
                    stored[key] = size
                number = T2 if number > 0 else T1
                put(links, home, totals, key, links[n_keys + number, BEFORE], number, size)
            while (
                totals[T1, ENTRIES] + totals[B1, ENTRIES] > max_entries
                or totals[T1, BYTES] + totals[B1, BYTES] > max_bytes
            ):
                other = links[n_keys + B1, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
            while (
                entries + totals[B1, ENTRIES] + totals[B2, ENTRIES] > 2 * max_entries
                or held + totals[B1, BYTES] + totals[B2, BYTES] > 2 * max_bytes
            ):
                other = links[n_keys + B2, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
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
    """Count as `_plain` does, with operations: of each row is known what list it stands in."""
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    place = np.zeros(n_keys, np.uint32)  # as LRU's
    home = np.zeros(n + 1, np.uint8)
    first = np.ones(B2 + 1, np.int64)
    size = np.zeros(B2 + 1, np.int64)
    evictions = 0
    target = 0.0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            prefetch(place, ids[min(t + AHEAD, n - 1)])
            prefetch(home, np.int64(place[ids[min(t + AHEAD // 2, n - 1)]] >> 1))
            key = ids[t]
            operation = np.int64(operations[t])
            word = np.int64(place[key])
            loaded = word & 1
            number = home[word >> 1]
            if 0 < number < B1:
                hits += operation == GET
                if operation << 1 | loaded > SET << 1:
                    place[key] = word - loaded
                    if operation == DELETE or (operation == UNLESS_FILL and loaded == 0):
                        home[word >> 1] = 0
                        size[number] -= 1
                    continue
                home[word >> 1] = 0
                home[t + 1] = T2
                place[key] = (t + 1) << 1
                if number == T1:
                    size[T1] -= 1
                    size[T2] += 1
                continue
            if operation > SET:
                continue
            if number >= B1:
                step = max(size[B1 + B2 - number] / size[number], 1.0)
                step = step if number == B1 else -step
                target = min(max(target + step, 0.0), float(capacity))
                home[word >> 1] = 0
                size[number] -= 1
            if size[T1] + size[T2] == capacity:
                above = size[T1] - target
                gives = T1 if above > 0 or (above == 0 and number == B2) else T2
                gives = gives if size[gives] > 0 else T1 + T2 - gives
                at = first[gives]
                while home[at] != gives:
                    at += 1
                first[gives] = at
                home[at] = gives + T2
                size[gives] -= 1
                size[gives + T2] += 1
                evictions += 1
            enters = T2 if number > 0 else T1
            home[t + 1] = enters
            place[key] = (t + 1) << 1 | (operation == GET)
            size[enters] += 1
            ghost = B1 if size[T1] + size[B1] > capacity else B2
            if ghost == B1 or size[T1] + size[T2] + size[B1] + size[B2] > 2 * capacity:
                at = first[ghost]
                while home[at] != ghost:
                    at += 1
                first[ghost] = at
                home[at] = 0
                size[ghost] -= 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = size[T1] + size[T2]
    return counts


POLICY = Policy(_plain, _bounded, reads=("previous", "next_use"), operated=_operated)
