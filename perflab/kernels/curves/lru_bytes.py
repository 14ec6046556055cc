"""LRU at every size in bytes: how many bytes were used since each key was last requested."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

# 16 requests are a group and 16 groups a block; a tree holds the sums of blocks.
GROUP, BLOCK = 4, 8


def lru_byte_distances(previous: npt.ArrayLike, sizes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return how many bytes an LRU cache must hold for each request to be a hit.

    Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970,
    weighted by size: an LRU cache holds the most recently used keys that fit together, as long as
    each fits by itself and keeps its size, so that a request is a hit where the keys used since
    its last one, and its own, fit. Sums as in `lru_curve`, with a tree after Fenwick, "A new data
    structure for cumulative frequency tables", Software: Practice and Experience 1994.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        sizes: int64 of shape (n,), bytes; the same at every request for a key.

    Returns:
        int64 of shape (n,); 0 for the first request of a key, which is never a hit.

    Raises:
        ValueError: If there are not as many sizes as requests.
    """
    before, weights = frozen(previous, np.int32), frozen(sizes, np.int64)
    if len(before) != len(weights):
        raise ValueError(f"{len(weights)} sizes for {len(before)} requests")
    distances: npt.NDArray[np.int64] = _lru_byte_distances(before, weights)
    return distances


@njit(nogil=True, cache=True)
def _lru_byte_distances(
    previous: npt.NDArray[np.int32], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    n = len(previous)
    distances = np.zeros(n, np.int64)
    n_blocks = (n >> BLOCK) + 1
    last_uses = np.zeros(n_blocks << BLOCK, np.int64)
    groups = np.zeros(n_blocks << (BLOCK - GROUP), np.int64)
    tree = np.zeros(n_blocks + 1, np.int64)
    total = 0
    for t in range(n):
        block = t >> BLOCK
        if t & 255 == 0 and t > 0:
            # The block that is full joins the tree: node i sums whole blocks up to block i - 1.
            node = block
            here = 0
            for i in range((block - 1) << 4, block << 4):
                here += groups[i]
            tree[node] = here
            child = node - 1
            while child > (node & (node - 1)):
                tree[node] += tree[child]
                child &= child - 1
        size = sizes[t]
        before = int(previous[t])
        if before >= 0:
            group = before >> GROUP
            old = before >> BLOCK
            distance = 0
            for i in range(before, (group + 1) << GROUP):
                distance += last_uses[i]
            for i in range(group + 1, (old + 1) << 4):
                distance += groups[i]
            if old < block:
                distance += total
                i = old + 1
                while i > 0:
                    distance -= tree[i]
                    i &= i - 1
                i = old + 1
                while i <= block:
                    tree[i] -= size
                    i += i & -i
            distances[t] = distance
            last_uses[before] = 0
            groups[group] -= size
            total -= size
        last_uses[t] = size
        groups[t >> GROUP] += size
        total += size
    return distances
