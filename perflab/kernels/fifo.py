"""FIFO at one size: the entry that was inserted first makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import block_length, frozen_ids


def fifo_hits(
    ids: npt.ArrayLike, n_keys: int, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of a FIFO cache of `capacity` entries, for every block of requests.

    No queue is kept: insertions are numbered, and an entry is resident while its number is among
    the last `capacity`. Policy as in Belady, "A study of replacement algorithms for a
    virtual-storage computer", IBM Systems Journal 1966.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 4 bytes each.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).
    """
    keys = frozen_ids(ids, n_keys)
    room = int(min(capacity, n_keys))
    hits: npt.NDArray[np.int64] = _fifo_hits(
        keys, int(n_keys), room, block_length(block, len(keys))
    )
    return hits


@njit(nogil=True, cache=True)
def _fifo_hits(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    n = len(ids)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    inserted = np.full(n_keys, -capacity - 1, np.int32)
    oldest = -capacity
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            key = ids[t]
            if inserted[key] >= oldest:
                hits += 1
            else:
                inserted[key] = oldest + capacity
                oldest += 1
        counts[b] = hits
    return counts
