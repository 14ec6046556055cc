"""SIEVE: a hand sweeps the queue and removes what was not visited since."""

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
    """Count the hits of a SIEVE cache of `capacity` entries, for every block of requests.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. Instead of a linked list
    the queue is an array from tail to head: the hand packs the survivors behind itself, so that
    memory is read and written in sequence.

    Memory: 1 byte per key, 8 per entry.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    state = np.zeros(n_keys, np.uint8)
    # The queue is [0, packed) and [hand, end): between them is what the hand removed.
    queue = np.empty(2 * min(capacity, n_keys), np.int32)
    packed = 0
    hand = 0
    end = 0
    free = capacity
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if state[key] != ABSENT:
                hits += 1
                state[key] = USED
                continue
            if free > 0:
                free -= 1
            else:
                removed = False
                while not removed:
                    candidate = queue[hand]
                    hand += 1
                    # USED becomes RESIDENT and RESIDENT becomes ABSENT.
                    state[candidate] -= 1
                    removed = state[candidate] == ABSENT
                    if not removed:
                        queue[packed] = candidate
                        packed += 1
                    # Past the head the hand starts over, before the new entry is inserted.
                    if hand == end:
                        end = packed
                        hand = 0
                        packed = 0
            if end == len(queue):
                for i in range(hand, end):
                    queue[packed + i - hand] = queue[i]
                end -= hand - packed
                hand = packed
            queue[end] = key
            end += 1
            state[key] = RESIDENT
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
    """Count the events of a SIEVE cache with bounds and expiry.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. When the entry under the
    hand expires, the hand moves to the next one toward the head; past the head it starts over at
    the tail. A visited entry is spared even where it has expired; nobody has asked since.
    """
    n = len(ids)
    max_entries = max(min(max_entries, n_keys), 0)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # The queue, from tail to head, is [0, packed) and [hand, end): between them is what the hand
    # removed. An element is stale when its key is not resident or stands elsewhere.
    queue = np.empty(2 * max_entries, np.int32)
    place = np.full(n_keys, -1, np.int32)
    # Whether an entry was used since the hand came by, or was loaded by its key's last row.
    mark = np.zeros(n_keys, np.uint8)
    swept = 0
    packed = 0
    hand = 0
    end = 0
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
                    place[key] = -1
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
                # The hand must be past what was removed, and at the tail again when nothing is
                # left toward the head, before a new entry is inserted there.
                if hand == end:
                    end = packed
                    hand = 0
                    packed = 0
                if hand < end and place[queue[hand]] != hand:
                    hand += 1
                    continue
                if entries + added <= max_entries and held + more <= max_bytes:
                    if not kept or operation != SET or place[key] >= 0:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    continue
                candidate = queue[hand]
                hand += 1
                if mark[candidate] == USED:
                    mark[candidate] = RESIDENT
                    place[candidate] = packed
                    queue[packed] = candidate
                    packed += 1
                    continue
                place[candidate] = -1
                if timed and now >= deadline[candidate]:
                    expirations += 1
                else:
                    evictions += 1
                if sized:
                    freed = stored[candidate]
                entries -= 1
                held -= freed
            if kept:
                continue
            if end == len(queue):
                live = 0
                for i in range(end):
                    if i == hand:
                        packed = live
                    other = queue[i]
                    if place[other] == i:
                        place[other] = live
                        queue[live] = other
                        live += 1
                hand = packed
                end = live
            place[key] = end
            queue[end] = key
            end += 1
            mark[key] = LOADED if operation == GET else RESIDENT
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
    """Count as `_plain` does, with operations."""
    n = len(ids)
    capacity = min(capacity, n_keys)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    # The queue is [0, packed) and [hand, end); a removal leaves `n_keys` in its place.
    queue = np.empty(2 * capacity, np.int32)
    place = np.empty(n_keys, np.int32)
    state = np.zeros(n_keys, np.uint8)
    packed = hand = end = entries = evictions = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            soon = ids[min(t + AHEAD, n - 1)]
            prefetch(state, soon)
            prefetch(place, soon)
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
            room = entries < capacity
            while True:
                # As where bounds are more: the hand stands before an entry, or at the tail.
                if hand == end:
                    end = packed
                    hand = 0
                    packed = 0
                if hand < end and queue[hand] == n_keys:
                    hand += 1
                    continue
                if room:
                    break
                candidate = queue[hand]
                hand += 1
                if state[candidate] == USED:
                    state[candidate] = RESIDENT
                    queue[packed] = candidate
                    place[candidate] = packed
                    packed += 1
                    continue
                state[candidate] = ABSENT
                entries -= 1
                evictions += 1
                room = True
            entries += 1
            if end == len(queue):
                live = 0
                for first, last in ((0, packed), (hand, end)):
                    packed = live
                    for i in range(first, last):
                        other = queue[i]
                        if other < n_keys:
                            queue[live] = other
                            place[other] = live
                            live += 1
                hand = packed
                end = live
            queue[end] = key
            place[key] = end
            end += 1
        counts[b] = hits
        row = min(b, len(tally) - 1)
        tally[row, EVICTED] = evictions
        tally[row, HELD] = entries
    return counts


POLICY = Policy(_plain, _bounded, operated=_operated)
