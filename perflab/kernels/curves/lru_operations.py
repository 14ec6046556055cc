"""LRU at every size in entries with writes and removals, where one pass answers for all sizes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import popcount
from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.operations import settled
from perflab.kernels.policies.operations import DELETE, GET, SET


class LruOperations(NamedTuple):
    """What LRU caches of every size do; element c of each is a cache of c entries.

    Attributes:
        hits: int64 of shape (k + 1,), with k the distinct keys: gets that found an entry.
        evictions: int64, likewise: entries that were removed to make room.
        entries: int64, likewise: resident at the end.
    """

    hits: npt.NDArray[np.int64]
    evictions: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]


def lru_curve_with(
    ids: npt.ArrayLike, n_keys: int, operations: npt.ArrayLike
) -> LruOperations | None:
    """Count the hits of LRU caches of every size, without lifetimes and sizes, where one pass does.

    As `lru_curve`, with removals after Traiger and Slutz, "One-pass techniques for the evaluation
    of memory hierarchies", IBM Research RJ 892, 1971: what is removed leaves a hole at its depth,
    which is room in each cache that reaches it. What is used next comes from beneath or from
    without and takes the place of the topmost hole above it; its own place becomes the hole.
    A set is a use that is no hit, and a touch is nothing.

    That is no longer so where a set or an `UNLESS_FILL` is the fill of a load in some caches and
    not in others, after other keys were used: then what one cache holds is no part of what a
    larger one does.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 10 bytes each.
        operations: uint8 of shape (n,), of `policies.operations`.

    Returns:
        The counts, or None where one pass does not tell.

    Raises:
        ValueError: If an operation is unknown, there are not as many as ids, or an id is wrong.
    """
    codes = settled(ids, n_keys, operations)
    keys = frozen_ids(ids, n_keys)
    if codes is None:
        return None
    codes = frozen(codes, np.uint8)
    if not _nests(keys, int(n_keys), codes):
        return None
    return LruOperations(*_lru_curve_with(keys, int(n_keys), codes))


def lru_references(
    ids: npt.ArrayLike, n_keys: int, operations: npt.ArrayLike
) -> npt.NDArray[np.int64] | None:
    """Return the rows that are all there is to LRU without lifetimes, where nothing is removed.

    Its gets and sets are then the requests of a trace without operations, of which only the gets
    count: for `previous_and_next`, `lru_curve` and `lru_byte_distances`.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        operations: uint8 of shape (n,), of `policies.operations`.

    Returns:
        int64 positions, or None where a key is removed that may be held, or as in `lru_curve_with`.

    Raises:
        ValueError: If an operation is unknown, there are not as many as ids, or an id is wrong.
    """
    codes = settled(ids, n_keys, operations)
    keys = frozen_ids(ids, n_keys)
    if codes is None or np.any(codes == DELETE):
        return None
    codes = frozen(codes, np.uint8)
    return np.flatnonzero(codes <= SET) if _nests(keys, int(n_keys), codes) else None


@njit(nogil=True, cache=True)
def _nests(ids: npt.NDArray[np.int32], n_keys: int, operations: npt.NDArray[np.uint8]) -> bool:
    """Say whether no set comes after a get of its key with uses of other keys between them."""
    asked = np.zeros(n_keys, np.bool_)
    top = -1
    for t in range(len(ids)):
        key = ids[t]
        operation = operations[t]
        if operation == SET and asked[key] and key != top:
            return False
        asked[key] = operation == GET
        if operation <= SET:
            top = key
    return True


@njit(nogil=True, cache=True)
def _lru_curve_with(
    ids: npt.NDArray[np.int32], n_keys: int, operations: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    n = len(ids)
    one = np.uint64(1)
    ones = ~np.uint64(0)
    # An entry or hole stands at the row at which it came into its place; -1 is none.
    place = np.full(n_keys, -1, np.int32)
    known = np.zeros(n_keys, np.bool_)
    holes = np.empty(n_keys, np.int32)  # a heap, the topmost first
    n_holes = distinct = loads = 0
    hit_at = np.zeros(n_keys + 2, np.int64)
    # Rows that find an entry to use, replace or remove: by the size from which on they do.
    found_at = np.zeros(n_keys + 2, np.int64)
    n_blocks = (n + 1023) >> 10
    slots = np.zeros(n_blocks << 4, np.uint64)
    tree = np.zeros(n_blocks + 1, np.int32)
    total = 0
    for block in range(n_blocks):
        here = 0
        for t in range(block << 10, min(n, (block + 1) << 10)):
            key = ids[t]
            operation = operations[t]
            before = int(place[key])
            if operation > SET and (operation != DELETE or before < 0):
                continue
            if not known[key]:
                known[key] = True
                distinct += 1
            if before >= 0:
                word = before >> 6
                old = before >> 10
                distance = popcount(slots[word] & (ones << np.uint64(before & 63)))
                for i in range(word + 1, (old + 1) << 4):
                    distance += popcount(slots[i])
                if old < block:
                    distance += total
                    i = old + 1
                    while i > 0:
                        distance -= tree[i]
                        i &= i - 1
                found_at[distance] += 1
                if operation == GET:
                    hit_at[distance] += 1
            if operation == DELETE:
                place[key] = -1
                n_holes = _push(holes, n_holes, before)
                continue
            loads += 1
            place[key] = t
            gone = before
            if n_holes > 0 and holes[0] > before:
                gone = int(holes[0])
                n_holes = _pop(holes, n_holes)
                if before >= 0:
                    n_holes = _push(holes, n_holes, before)
            if gone < 0:
                total += 1
            else:
                slots[gone >> 6] ^= one << np.uint64(gone & 63)
                i = (gone >> 10) + 1
                if i > block:
                    here -= 1
                else:
                    while i <= block:
                        tree[i] -= 1
                        i += i & -i
            slots[t >> 6] |= one << np.uint64(t & 63)
            here += 1
        node = block + 1
        tree[node] = here
        child = block
        while child > (node & block):
            tree[node] += tree[child]
            child &= child - 1
    held = slots.copy()
    for i in range(n_holes):
        held[holes[i] >> 6] ^= one << np.uint64(holes[i] & 63)
    entries = np.zeros(distinct + 1, np.int64)
    size = 0
    for word in range(len(slots) - 1, -1, -1):
        if slots[word] == 0:
            continue
        for i in range(63, -1, -1):
            if slots[word] >> np.uint64(i) & one:
                size += 1
                entries[size] = entries[size - 1] + int(held[word] >> np.uint64(i) & one)
    entries[size + 1 :] = entries[size]
    hits = np.zeros(distinct + 1, np.int64)
    evictions = np.zeros(distinct + 1, np.int64)
    found = 0
    for size in range(1, distinct + 1):
        hits[size] = hits[size - 1] + hit_at[size]
        found += found_at[size]
        evictions[size] = loads - found - entries[size]
    return hits, evictions, entries


@njit(nogil=True, cache=True)
def _push(heap: npt.NDArray[np.int32], length: int, value: Any) -> int:
    """Add a number to a heap of so many, the highest first; return its length then."""
    at = length
    while at > 0 and heap[(at - 1) >> 1] < value:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = value
    return length + 1


@njit(nogil=True, cache=True)
def _pop(heap: npt.NDArray[np.int32], length: int) -> int:
    """Take the highest number out of a heap of so many; return its length then."""
    length -= 1
    value = heap[length]
    at = 0
    while 2 * at + 1 < length:
        child = 2 * at + 1
        if child + 1 < length and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = value
    return length
