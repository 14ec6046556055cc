"""ARC at one size: recency and frequency, balanced by what was evicted too early."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen


def arc_hits(
    previous: npt.ArrayLike, next_use: npt.ArrayLike, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of an ARC cache of `capacity` entries, for every block of requests.

    Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.
    The target size and its steps are real numbers, as in libCacheSim and unlike implementations
    that round the ratio of the ghosts. No list is kept: T1 and B1 are the last requests for keys
    asked for once, T2 and B2 those for keys asked for again, and a tail in the trace divides each
    cache from its ghost.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    before = frozen(previous, np.int32)
    after = frozen(next_use, np.int32)
    hits: npt.NDArray[np.int64] = _arc_hits(
        before, after, int(capacity), block_length(block, len(before))
    )
    return hits


@njit(nogil=True, cache=True)
def _arc_hits(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int, block: int
) -> npt.NDArray[np.int64]:
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
