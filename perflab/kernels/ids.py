"""Keys of any value as dense ids, so that kernels index arrays by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

FIRST_SLOTS = 1 << 16
_SMALL = 4
"""Up to so many times as many numbers as there are keys are looked up in an array."""
SPREAD = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio


def dense_ids(keys: npt.ArrayLike) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Number integer keys in the order of their first appearance.

    An open addressing hash table with linear probing and multiplicative hashing (Knuth, "The Art
    of Computer Programming" volume 3, section 6.4), which doubles when it is half full. Keys that
    are small whole numbers, such as ids of a part of a trace, are looked up in an array; those that
    are numbered so already are looked at once.

    Args:
        keys: Integers of shape (n,), as int64.

    Returns:
        ids: int32 of shape (n,), 0..k-1.
        unique: int64 of shape (k,), the key of each id.
    """
    narrow = getattr(keys, "dtype", None) == np.int32
    given = frozen(keys, np.int32 if narrow else np.int64)
    known = int(_numbered_already(given))
    if known >= 0:
        return given.astype(np.int32), np.arange(known, dtype=np.int64)
    given = frozen(given, np.int64)
    if given.min() >= 0:
        bound = int(given.max()) + 1
        if bound <= max(FIRST_SLOTS, _SMALL * len(given)):
            ids, unique = _small_ids(given, bound)
            return ids, unique
    ids, unique = _dense_ids(given, FIRST_SLOTS)
    return ids, unique


def bounded_ids(keys: npt.ArrayLike) -> tuple[npt.NDArray[np.int32], int]:
    """Return keys as ids below a bound: as they are where they are small whole numbers.

    Args:
        keys: Integers of shape (n,), as int64.

    Returns:
        ids: int32 of shape (n,); equal for equal keys.
        bound: One more than the highest id there may be.
    """
    given = np.asarray(keys)
    if len(given) and given.min() >= 0:
        bound = int(given.max()) + 1
        if bound <= max(FIRST_SLOTS, _SMALL * len(given)):
            return frozen(given, np.int32), bound
    ids, unique = dense_ids(given)
    return ids, len(unique)


@njit(nogil=True, cache=True)
def _numbered_already(keys: npt.NDArray[Any]) -> int:
    """Return how many keys there are where they are numbered by first appearance; else -1."""
    count = 0
    for t in range(len(keys)):
        if keys[t] >= count:
            if keys[t] > count:
                return -1
            count += 1
        elif keys[t] < 0:
            return -1
    return count


@njit(nogil=True, cache=True)
def _small_ids(
    keys: npt.NDArray[np.int64], bound: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    n = len(keys)
    ids = np.empty(n, np.int32)
    known = np.zeros(bound, np.int32)  # from 1; 0 is a key that has not come yet
    unique = np.empty(min(bound, n), np.int64)
    count = 0
    for t in range(n):
        number = known[keys[t]]
        if number == 0:
            unique[count] = keys[t]
            count += 1
            number = known[keys[t]] = count
        ids[t] = number - 1
    return ids, unique[:count].copy()


@njit(nogil=True, cache=True)
def _dense_ids(
    keys: npt.NDArray[np.int64], slots: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    n = len(keys)
    ids = np.empty(n, np.int32)
    fold = np.uint64(32)
    spread = np.uint64(SPREAD)
    size = 2
    shift = np.uint64(63)
    while size < slots:
        size <<= 1
        shift -= np.uint64(1)
    table_key = np.zeros(size, np.int64)
    table_id = np.zeros(size, np.int32)  # from 1; 0 is an empty slot
    count = 0
    for t in range(n):
        key = keys[t]
        bits = np.uint64(key)
        slot = np.int64((bits ^ bits >> fold) * spread >> shift)
        while table_id[slot] > 0 and table_key[slot] != key:
            slot = (slot + 1) & (size - 1)
        if table_id[slot] > 0:
            ids[t] = table_id[slot] - 1
            continue
        ids[t] = count
        count += 1
        table_key[slot] = key
        table_id[slot] = count
        if 2 * count >= size:
            old_key = table_key
            old_id = table_id
            size <<= 1
            shift -= np.uint64(1)
            table_key = np.zeros(size, np.int64)
            table_id = np.zeros(size, np.int32)
            for i in range(len(old_key)):
                if old_id[i] > 0:
                    bits = np.uint64(old_key[i])
                    slot = np.int64((bits ^ bits >> fold) * spread >> shift)
                    while table_id[slot] > 0:
                        slot = (slot + 1) & (size - 1)
                    table_key[slot] = old_key[i]
                    table_id[slot] = old_id[i]
    unique = np.empty(count, np.int64)
    for i in range(size):
        if table_id[i] > 0:
            unique[table_id[i] - 1] = table_key[i]
    return ids, unique


_FOLD = np.uint64(32)
_MULTIPLIER = np.uint64(SPREAD)


class GrowingIds:
    """Numbers integer keys in the order of their first appearance, block by block.

    The table of `dense_ids`, kept: memory grows with the distinct keys, 12 to 24 bytes each at
    most half full, and not with the requests.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(FIRST_SLOTS, np.int64)
        self._ids = np.zeros(FIRST_SLOTS, np.int32)  # from 1; 0 is an empty slot
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, keys: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return the ids of the next block, int32 of shape (n,), for int64 keys of that shape."""
        block = frozen(keys, np.int64)
        ids = np.empty(len(block), np.int32)
        done = 0
        while done < len(block):
            done, self._count = _number(block, done, ids, self._keys, self._ids, self._count)
            if 2 * self._count >= len(self._keys):
                self._grow()
        return ids

    def unique(self) -> npt.NDArray[np.int64]:
        """Return the key of each id."""
        unique = np.empty(self._count, np.int64)
        used = np.flatnonzero(self._ids)
        unique[self._ids[used] - 1] = self._keys[used]
        return unique

    def _grow(self) -> None:
        old = self.unique()
        self._keys = np.zeros(2 * len(self._keys), np.int64)
        self._ids = np.zeros(len(self._keys), np.int32)
        _number(frozen(old, np.int64), 0, np.empty(len(old), np.int32), self._keys, self._ids, 0)


@njit(nogil=True, cache=True)
def _number(
    keys: npt.NDArray[np.int64],
    start: int,
    ids: npt.NDArray[np.int32],
    table_key: npt.NDArray[np.int64],
    table_id: npt.NDArray[np.int32],
    count: int,
) -> tuple[int, int]:
    """Number keys until all have ids or the table is half full; say how far that went."""
    size = len(table_key)
    shift = np.uint64(64)
    slots = size
    while slots > 1:
        slots >>= 1
        shift -= np.uint64(1)
    for t in range(start, len(keys)):
        key = keys[t]
        bits = np.uint64(key)
        slot = np.int64((bits ^ bits >> _FOLD) * _MULTIPLIER >> shift)
        while table_id[slot] > 0 and table_key[slot] != key:
            slot = (slot + 1) & (size - 1)
        if table_id[slot] == 0:
            if 2 * (count + 1) > size:
                return t, count
            count += 1
            table_key[slot] = key
            table_id[slot] = count
        ids[t] = table_id[slot] - 1
    return len(keys), count
