"""LFU: the entry with the fewest uses makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.policies.operations import DELETE, GET, SET, TOUCH
from perflab.kernels.policies.policy import Policy
from perflab.kernels.policies.radix import in_order


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of an LFU cache of `capacity` entries, for every block of requests.

    Uses are counted while an entry is resident and forgotten when it leaves; of those with the
    fewest, the least recently used one leaves. Lists of equal counts as in Shah, Mitra and
    Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010, but kept
    lazily: a use appends the request to the list of its count, and what it was in before is
    dropped when its turn comes. Counts above a limit have no list; where all below it are empty,
    the limit rises to the median.

    Memory: 12 bytes per key, 4 per request, 12 per entry.
    """
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    # A key's uses in the high half, its last use in the low half; 0 is not resident. Sorted, they
    # stand in the order in which entries leave.
    used = np.zeros(n_keys, np.int64)
    entries = np.empty(min(capacity, n_keys), np.int32)
    slot = np.empty(n_keys, np.int32)
    after = np.empty(n, np.int32)
    first = np.full(2, -1, np.int32)
    last = np.full(2, -1, np.int32)
    limit = 0
    held = 0
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            uses = used[key] >> 32
            if uses > 0:
                hits += 1
            elif held < capacity:
                entries[held] = key
                slot[key] = held
                held += 1
            else:
                # The newest entry bounds the search: it has no more uses than hits since.
                fewest = 1
                removed = False
                while not removed:
                    if fewest > limit:
                        order = in_order(used[entries])
                        limit = order[held >> 1] >> 32
                        first = np.full(limit + 1, -1, np.int32)
                        last = np.full(limit + 1, -1, np.int32)
                        for i in range(held):
                            count = order[i] >> 32
                            if count > limit:
                                break
                            use = np.int32(order[i] & 0x7FFFFFFF)
                            after[use] = -1
                            if first[count] < 0:
                                first[count] = use
                            else:
                                after[last[count]] = use
                            last[count] = use
                        fewest = order[0] >> 32
                    use = first[fewest]
                    if use < 0:
                        fewest += 1
                        continue
                    first[fewest] = after[use]
                    victim = ids[use]
                    removed = used[victim] == (fewest << 32 | np.int64(use))
                    if removed:
                        used[victim] = 0
                        slot[key] = slot[victim]
                        entries[slot[key]] = key
            uses += 1
            used[key] = uses << 32 | t
            if uses > limit:
                continue
            after[t] = -1
            if first[uses] < 0:
                first[uses] = t
            else:
                after[last[uses]] = t
            last[uses] = t
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
    """Count the events of an LFU cache with bounds and expiry.

    Uses are counted from 1 when an entry is written; the one with the fewest leaves, and of those
    the least recently used one. Lists as in `_plain`.
    """
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # Entries that the last row of their key loaded.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    # A key's uses in the high half, its last use in the low half; 0 is not resident. Sorted, they
    # stand in the order in which entries leave.
    used = np.zeros(n_keys, np.int64)
    resident = np.empty(max(min(max_entries, n_keys), 0), np.int32)
    slot = np.empty(n_keys, np.int32)
    after = np.empty(n, np.int32)
    first = np.full(2, -1, np.int32)
    last = np.full(2, -1, np.int32)
    limit = 0
    fewest = 1
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
            prefetch(used, soon)
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
                if used[other] > 0 and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    used[other] = 0
                    filler = resident[entries]
                    resident[slot[other]] = filler
                    slot[filler] = slot[other]
                swept += 1
            operation = GET
            if operations is not None:
                operation = int(operations[t])
            kept = False
            if used[key] > 0:
                alive = not timed or now < deadline[key]
                uses = alive and operation == GET
                if alive and operation != GET:
                    kept = operation <= TOUCH or (operation != DELETE and fresh[key])
                    kept = kept and (operation == TOUCH or not sized or sizes[t] <= max_bytes)
                    uses = kept and operation == SET and not fresh[key]
                if uses:
                    uses = (used[key] >> 32) + 1
                    used[key] = uses << 32 | t
                    if uses <= limit:
                        after[t] = -1
                        if first[uses] < 0:
                            first[uses] = t
                        else:
                            after[last[uses]] = t
                        last[uses] = t
                if alive and operation == GET:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if operations is not None:
                        fresh[key] = False
                    continue
                if not kept:
                    expirations += not alive
                    entries -= 1
                    held -= stored[key] if sized else 1
                    used[key] = 0
                    filler = resident[entries]
                    resident[slot[key]] = filler
                    slot[filler] = slot[key]
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
                    if not kept or operation != SET or used[key] > 0:
                        break
                    # It grew and gave room itself: it enters as one that is not there.
                    kept, added, more = False, 1, size
                    continue
                victim = np.int32(-1)
                while victim < 0:
                    if fewest > limit:
                        ranks = in_order(used[resident[:entries]])
                        limit = ranks[entries >> 1] >> 32
                        first = np.full(limit + 1, -1, np.int32)
                        last = np.full(limit + 1, -1, np.int32)
                        for i in range(entries):
                            count = ranks[i] >> 32
                            if count > limit:
                                break
                            use = np.int32(ranks[i] & 0x7FFFFFFF)
                            after[use] = -1
                            if first[count] < 0:
                                first[count] = use
                            else:
                                after[last[count]] = use
                            last[count] = use
                        fewest = ranks[0] >> 32
                    use = first[fewest]
                    if use < 0:
                        fewest += 1
                        continue
                    first[fewest] = after[use]
                    if used[ids[use]] == (fewest << 32 | np.int64(use)):
                        victim = ids[use]
                used[victim] = 0
                filler = resident[entries - 1]
                resident[slot[victim]] = filler
                slot[filler] = slot[victim]
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
            slot[key] = entries - 1
            resident[entries - 1] = key
            used[key] = np.int64(1) << 32 | t
            fewest = 1
            if limit > 0:
                after[t] = -1
                if first[1] < 0:
                    first[1] = t
                else:
                    after[last[1]] = t
                last[1] = t
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)


POLICY = Policy(_plain, _bounded)
