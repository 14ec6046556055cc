"""LFU at one size: the entry with the fewest uses makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids
from perflab.kernels.radix import in_order


def lfu_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of an LFU cache of `capacity` entries, for every block of requests.

    Uses are counted while an entry is resident and forgotten when it leaves; of those with the
    fewest, the least recently used one leaves. Lists of equal counts as in Shah, Mitra and
    Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010, but kept
    lazily: a use appends the request to the list of its count, and what it was in before is
    dropped when its turn comes. Counts above a limit have no list; where all below it are empty,
    the limit rises to the median.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 12 bytes each, 4 a request, 12 an entry.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    room = int(min(capacity, n_keys))
    hits: npt.NDArray[np.int64] = _lfu_hits(keys, int(n_keys), room, block_length(block, len(keys)))
    return hits


@njit(nogil=True, cache=True)
def _lfu_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    # A key's uses in the high half, its last use in the low half; 0 is not resident. Sorted, they
    # stand in the order in which entries leave.
    used = np.zeros(n_keys, np.int64)
    entries = np.empty(capacity, np.int32)
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
