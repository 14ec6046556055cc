"""LRU at every size in entries: the exact hit curve, and what each request needs to be a hit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import popcount
from perflab.kernels.inputs import MAX_REQUESTS, frozen

FIRST_USE = MAX_REQUESTS
"""The distance of a key's first request, which no cache holds."""


def lru_curve(
    previous: npt.ArrayLike, *, start: int = 0, weights: npt.ArrayLike | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of LRU caches of every size, or add up what they weigh.

    Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970: a
    request is a hit in all caches that hold its stack distance. Distances are counted as set bits
    in a bitmap of last uses, as Bennett and Kruskal, "LRU stack processing", IBM Journal of
    Research and Development 1975, with blocks of 1,024 bits under a tree after Fenwick, "A new
    data structure for cumulative frequency tables", Software: Practice and Experience 1994.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        start: The first request that is counted; those before it warm the caches.
        weights: int64 of shape (n,), what each hit counts, such as its bytes; None is 1.

    Returns:
        int64 of shape (k + 1,), with k the distinct keys of the trace: hits at each capacity.

    Raises:
        ValueError: If there are not as many weights as requests.
    """
    before = frozen(previous, np.int32)
    weighed = frozen(() if weights is None else weights, np.int64)
    if weights is not None and len(weighed) != len(before):
        raise ValueError(f"{len(weighed)} weights for {len(before)} requests")
    kept = np.empty(0, np.int32)
    curve: npt.NDArray[np.int64] = _lru_curve(before, int(start), weighed, kept)
    return curve


def lru_curve_and_distances(
    previous: npt.ArrayLike,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Count the hits of LRU caches of every size, and keep what each request needs to be one.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.

    Returns:
        The curve, as of `lru_curve`; and int32 of shape (n,), the stack distances that it counts:
        how many entries a cache must hold for each request to be a hit, from 1 up, `FIRST_USE` for
        the first request of a key.
    """
    before = frozen(previous, np.int32)
    distances = np.full(len(before), FIRST_USE, np.int32)
    curve = _lru_curve(before, 0, frozen((), np.int64), distances)
    return curve, distances


@njit(nogil=True, cache=True)
def _lru_curve(
    previous: npt.NDArray[np.int32],
    start: int,
    weights: npt.NDArray[np.int64],
    distances: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    n = len(previous)
    n_keys = 0
    for t in range(n):
        n_keys += previous[t] < 0
    weighed = len(weights) > 0
    kept = len(distances) > 0
    at_distance = np.zeros(n_keys + 1, np.int64)
    one = np.uint64(1)
    ones = ~np.uint64(0)
    n_blocks = (n + 1023) >> 10
    last_uses = np.zeros(n_blocks << 4, np.uint64)
    # Node i sums whole blocks up to block i - 1; the present block joins when it is full.
    tree = np.zeros(n_blocks + 1, np.int32)
    seen = 0
    for block in range(n_blocks):
        here = 0
        for t in range(block << 10, min(n, (block + 1) << 10)):
            before = int(previous[t])
            if before < 0:
                seen += 1
            else:
                word = before >> 6
                old = before >> 10
                distance = popcount(last_uses[word] & (ones << np.uint64(before & 63)))
                for i in range(word + 1, (old + 1) << 4):
                    distance += popcount(last_uses[i])
                last_uses[word] ^= one << np.uint64(before & 63)
                if old == block:
                    here -= 1
                else:
                    distance += seen
                    i = old + 1
                    while i > 0:
                        distance -= tree[i]
                        i &= i - 1
                    i = old + 1
                    while i <= block:
                        tree[i] -= 1
                        i += i & -i
                if kept:
                    distances[t] = distance
                if t >= start:
                    at_distance[distance] += weights[t] if weighed else 1
            last_uses[t >> 6] |= one << np.uint64(t & 63)
            here += 1
        node = block + 1
        tree[node] = here
        child = block
        while child > (node & block):
            tree[node] += tree[child]
            child &= child - 1
    total = 0
    for capacity in range(n_keys + 1):
        total += at_distance[capacity]
        at_distance[capacity] = total
    return at_distance


def lru_curve_up_to(
    previous: npt.ArrayLike, capacity: int, *, start: int = 0
) -> npt.NDArray[np.int64]:
    """Count the hits of LRU caches of every size up to `capacity`.

    As `lru_curve`, but no distance is counted for a request that misses in the largest of these
    caches: its last use lies before the tail of that cache's queue (see `policies.lru`), and
    nothing before the tail is looked at again. Several times as fast where such misses are many.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        capacity: The largest cache, at least 1 entry.
        start: The first request that is counted; those before it warm the caches.

    Returns:
        int64 of shape (c + 1,), with c the smaller of `capacity` and the distinct keys of the
        trace: hits at each capacity.

    Raises:
        ValueError: If the capacity is below 1.
    """
    if capacity < 1:
        raise ValueError(f"a cache holds at least 1 entry, got {capacity}")
    curve: npt.NDArray[np.int64] = _lru_curve_up_to(
        frozen(previous, np.int32), int(capacity), int(start)
    )
    return curve


@njit(nogil=True, cache=True)
def _lru_curve_up_to(
    previous: npt.NDArray[np.int32], capacity: int, start: int
) -> npt.NDArray[np.int64]:
    n = len(previous)
    n_keys = 0
    for t in range(n):
        n_keys += previous[t] < 0
    capacity = min(capacity, n_keys)
    at_distance = np.zeros(capacity + 1, np.int64)
    one = np.uint64(1)
    ones = ~np.uint64(0)
    n_blocks = (n + 1023) >> 10
    # A bit is a last use; from the tail on, those are the entries of the largest cache. Bits
    # before the tail stay as they are: they count alike in the tree and in `seen`.
    last_uses = np.zeros(n_blocks << 4, np.uint64)
    tree = np.zeros(n_blocks + 1, np.int32)
    seen = 0
    free = capacity
    tail = 0
    for block in range(n_blocks):
        here = 0
        for t in range(block << 10, min(n, (block + 1) << 10)):
            before = int(previous[t])
            if before < tail:
                seen += 1
                if free > 0:
                    free -= 1
                else:
                    while not last_uses[tail >> 6] >> np.uint64(tail & 63) & one:
                        tail += 1
                    tail += 1
            else:
                word = before >> 6
                old = before >> 10
                distance = popcount(last_uses[word] & (ones << np.uint64(before & 63)))
                for i in range(word + 1, (old + 1) << 4):
                    distance += popcount(last_uses[i])
                last_uses[word] ^= one << np.uint64(before & 63)
                if old == block:
                    here -= 1
                else:
                    distance += seen
                    i = old + 1
                    while i > 0:
                        distance -= tree[i]
                        i &= i - 1
                    i = old + 1
                    while i <= block:
                        tree[i] -= 1
                        i += i & -i
                if t >= start:
                    at_distance[distance] += 1
            last_uses[t >> 6] |= one << np.uint64(t & 63)
            here += 1
        node = block + 1
        tree[node] = here
        child = block
        while child > (node & block):
            tree[node] += tree[child]
            child &= child - 1
    total = 0
    for size in range(capacity + 1):
        total += at_distance[size]
        at_distance[size] = total
    return at_distance
