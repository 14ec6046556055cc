"""FIFO: the entry that was inserted first makes room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.policies.lru import bounded
from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(
    ids: npt.NDArray[np.int32], n_keys: int, capacity: int, block: int
) -> npt.NDArray[np.int64]:
    """Count the hits of a FIFO cache of `capacity` entries, for every block of requests.

    No queue is kept: insertions are numbered, and an entry is resident while its number is among
    the last `capacity`. Policy as in Belady, "A study of replacement algorithms for a
    virtual-storage computer", IBM Systems Journal 1966.

    Memory: 4 bytes per key.
    """
    n = len(ids)
    capacity = min(capacity, n_keys)
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


POLICY = Policy(_plain, bounded, constants=(False,))
