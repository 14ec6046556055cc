"""2Q at one size: a queue for what comes once, a ghost of it, and LRU for what comes back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids

OTHER, A1, AM = 0, 1, 2


def twoq_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of a 2Q cache of `capacity` entries, for every block of requests.

    Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement
    algorithm", VLDB 1994, the full version of section 3 with Kin a quarter and Kout a half of the
    entries, rounded down. A hit in A1in moves nothing, a key that A1out remembers enters Am.
    As libCacheSim's TwoQ.c, which however caches nothing below 4 entries.

    No queue is kept: A1 is the requests that let a key in, Am those that used one, and tails in
    the trace divide A1in from A1out and Am from what has left it.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 4 bytes each, and 1 byte a request.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    hits: npt.NDArray[np.int64] = _twoq_hits(
        keys, int(n_keys), int(capacity), block_length(block, len(keys))
    )
    return hits


@njit(nogil=True, cache=True)
def _twoq_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
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
