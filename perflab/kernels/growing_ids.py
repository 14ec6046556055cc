"""Dense ids for keys that come in blocks, in a table that stays between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.dense import FIRST_SLOTS, SPREAD
from perflab.kernels.inputs import frozen

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
