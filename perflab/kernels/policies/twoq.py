"""2Q: a queue for what comes once, a ghost of it, and LRU for what comes back."""

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

OTHER, A1, AM = 0, 1, 2  # what a request is at one size
A1IN, A1OUT = 1, 3  # within bounds: lists, as AM is one


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of a 2Q cache of `capacity` entries, for every block of requests.

    Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement
    algorithm", VLDB 1994, the full version of section 3 with Kin a quarter and Kout a half of the
    entries, rounded down. A hit in A1in moves nothing, a key that A1out remembers enters Am.
    As libCacheSim's TwoQ.c, which however caches nothing below 4 entries.

    No queue is kept: A1 is the requests that let a key in, Am those that used one, and tails in
    the trace divide A1in from A1out and Am from what has left it.

    Memory: 4 bytes per key, 1 per request.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    in_room = capacity // 4
    out_room = capacity // 2
    queue = np.empty(n, np.uint8)
    place = np.full(n_keys, -1, np.int32)
    in_tail = out_tail = am_tail = 0
    in_size = out_size = am_size = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            at = place[key]
            kind = queue[at] if at >= 0 else OTHER
            if kind == AM and at >= am_tail:
                hits += 1
                queue[at] = OTHER
                queue[t] = AM
                place[key] = t
                continue
            if kind == A1 and at >= in_tail:
                hits += 1
                queue[t] = OTHER
                continue
            remembered = kind == A1 and at >= out_tail
            if remembered:
                queue[at] = OTHER
                out_size -= 1
            if in_size + am_size == capacity:
                if in_size > in_room:
                    # An element of A1out that came back is no longer one of A1.
                    if out_size == out_room and out_room > 0:
                        while queue[out_tail] != A1:
                            out_tail += 1
                        out_tail += 1
                        out_size -= 1
                    while queue[in_tail] != A1:
                        in_tail += 1
                    in_tail += 1
                    in_size -= 1
                    if out_room > 0:
                        out_size += 1
                    else:
                        out_tail = in_tail
                else:
                    while queue[am_tail] != AM:
                        am_tail += 1
                    am_tail += 1
                    am_size -= 1
            place[key] = t
            if remembered:
                queue[t] = AM
                am_size += 1
            else:
                queue[t] = A1
                in_size += 1
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
    """Count the events of a 2Q cache with bounds and expiry.

    As `_plain`, weighted as libCacheSim's TwoQ.c: a quarter of each bound, of entries and of
    bytes, is A1in's and a half is A1out's, where a key weighs as its entry did. A1in gives room
    while it has more than its quarter of either, else Am, or whichever of them is not empty. A1out
    does not take a key that weighs more than its half. An expired entry that makes room is
    remembered like any other; one that was found or swept is not.
    """
    n = len(ids)
    links, home, totals = new_lists(n_keys, A1OUT)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    in_room, in_bytes = max_entries // 4, max_bytes // 4
    out_room, out_bytes = max_entries // 2, max_bytes // 2
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
                if 0 < home[other] < A1OUT and written[other] == write:
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
            if 0 < number < A1OUT:
                alive = not timed or now < deadline[key]
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if number == AM:
                        move(links, home, totals, key, AM, freed)
                    if operations is not None:
                        fresh[key] = False
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    if kept and operation == SET and not fresh[key] and number == AM:
                        move(links, home, totals, key, AM, freed)
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
            if kept:
                if sized:
                    held += size - stored[key]
                    totals[home[key], BYTES] += size - stored[key]
                    stored[key] = size
                if held <= max_bytes:
                    continue
            added, more = (0, 0) if kept else (1, size)
            if number == A1OUT:
                take(links, home, totals, key, freed)
            while True:
                if entries + added <= max_entries and held + more <= max_bytes:
                    if not kept or operation != SET or 0 < home[key] < A1OUT:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    number = home[key]
                    if number == A1OUT:
                        take(links, home, totals, key, size)
                    continue
                gives = AM
                if totals[A1IN, ENTRIES] > in_room or totals[A1IN, BYTES] > in_bytes:
                    gives = A1IN
                if totals[gives, ENTRIES] == 0:
                    gives = A1IN + AM - gives
                victim = links[n_keys + gives, BEHIND]
                if sized:
                    freed = stored[victim]
                take(links, home, totals, victim, freed)
                if timed and now >= deadline[victim]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
                if gives == AM or out_room == 0 or freed > out_bytes:
                    continue
                put(links, home, totals, victim, links[n_keys + A1OUT, BEFORE], A1OUT, freed)
                while totals[A1OUT, ENTRIES] > out_room or totals[A1OUT, BYTES] > out_bytes:
                    other = links[n_keys + A1OUT, BEHIND]
                    if sized:
                        freed = stored[other]
                    take(links, home, totals, other, freed)
            if kept:
                continue
            entries += 1
            held += size
            if sized:
                stored[key] = size
            number = AM if number == A1OUT else A1IN
            put(links, home, totals, key, links[n_keys + number, BEFORE], number, size)
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


POLICY = Policy(_plain, _bounded)
