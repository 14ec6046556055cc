"""CLOCK: a hand goes round and takes the first entry not used since it last came by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, highest_bit, prefetch
from perflab.kernels.policies.operations import (
    ABSENT,
    AFTER,
    DELETE,
    EVICTED,
    GET,
    HELD,
    LOADED,
    RESIDENT,
    SET,
    TOUCH,
    USED,
)
from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of a CLOCK cache of `capacity` entries, for every block of requests.

    One reference bit, which a hit sets and the hand clears; a new entry takes the place of the
    victim with its bit clear. Corbató, "A paging experiment with the Multics system", MIT Project
    MAC 1968. The same as FIFO with reinsertion, or second chance.

    Memory: 1 byte per key, 4 per entry.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    state = np.zeros(n_keys, np.uint8)
    ring = np.empty(min(capacity, n_keys), np.int32)
    hand = 0
    held = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if state[key] != ABSENT:
                hits += 1
                state[key] = USED
                continue
            state[key] = RESIDENT
            if held < capacity:
                ring[held] = key
                held += 1
                continue
            removed = False
            while not removed:
                # USED becomes RESIDENT and RESIDENT becomes ABSENT.
                candidate = ring[hand]
                state[candidate] -= 1
                removed = state[candidate] == ABSENT
                if removed:
                    ring[hand] = key
                hand += 1
                if hand == capacity:
                    hand = 0
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
    """Count the events of a CLOCK cache with bounds and expiry.

    Corbató, "A paging experiment with the Multics system", MIT Project MAC 1968, as a queue: the
    hand is its tail, and a referenced entry goes back to the head with its bit clear, even where
    it has expired.
    """
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # The queue, from tail to head, is [tail, end). An element is stale when its key is not resident
    # or stands elsewhere.
    length = 2 * max(min(max_entries, n_keys), 0)
    queue = np.empty(length, np.int32)
    place = np.full(n_keys, -1, np.int32)
    # Whether an entry was used since the hand came by, or was loaded by its key's last row.
    mark = np.zeros(n_keys, np.uint8)
    tail = 0
    end = 0
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
            prefetch(mark, soon)
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
                    mark[key] = USED
                    continue
                if alive:
                    kept = operation <= TOUCH or (operation != DELETE and mark[key] == LOADED)
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    if kept and operation == SET and mark[key] != LOADED:
                        mark[key] = USED
                if not kept:
                    expirations += not alive
                    entries -= 1
                    held -= stored[key] if sized else 1
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
            if kept:
                if mark[key] == LOADED:
                    mark[key] = RESIDENT
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
                victim = queue[tail]
                while place[victim] != tail or mark[victim] == USED:
                    if place[victim] == tail:
                        mark[victim] = RESIDENT
                        if end == length:
                            live = 0
                            for i in range(tail, end):
                                other = queue[i]
                                if place[other] == i:
                                    place[other] = live
                                    queue[live] = other
                                    live += 1
                            tail = 0
                            end = live
                        place[victim] = end
                        queue[end] = victim
                        end += 1
                    tail += 1
                    victim = queue[tail]
                place[victim] = -1
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
            entries += 1
            held += size
            if sized:
                stored[key] = size
            if end == length:
                live = 0
                for i in range(tail, end):
                    other = queue[i]
                    if place[other] == i:
                        place[other] = live
                        queue[live] = other
                        live += 1
                tail = 0
                end = live
            place[key] = end
            queue[end] = key
            end += 1
            mark[key] = LOADED if operation == GET else RESIDENT
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
    # A ring from tail to head, of a power of two; a removal leaves `n_keys` in its place.
    mask = (4 << highest_bit(np.uint64(capacity))) - 1
    queue = np.empty(mask + 1, np.int32)
    place = np.empty(n_keys, np.int32)
    state = np.zeros(n_keys, np.uint8)
    tail = end = entries = evictions = 0
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
                queue[place[key]] = n_keys
                entries -= 1
                continue
            if entries < capacity:
                entries += 1
            else:
                victim = queue[tail & mask]
                while victim == n_keys or state[victim] == USED:
                    tail += 1
                    if victim < n_keys:
                        state[victim] = RESIDENT
                        queue[end & mask] = victim
                        place[victim] = end & mask
                        end += 1
                    victim = queue[tail & mask]
                tail += 1
                state[victim] = ABSENT
                evictions += 1
            if end - tail > mask:
                live = tail
                for i in range(tail, end):
                    other = queue[i & mask]
                    if other < n_keys:
                        queue[live & mask] = other
                        place[other] = live & mask
                        live += 1
                end = live
            queue[end & mask] = key
            place[key] = end & mask
            end += 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = entries
    return counts


POLICY = Policy(_plain, _bounded, operated=_operated)
