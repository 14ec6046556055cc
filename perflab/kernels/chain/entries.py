"""Entries of least recently used caches: a log of uses, and when each entry ends.

An entry stands where its last use stands in the log of its cache, as in `policies.lru`: a use is
written at the end, and the least recently used entry is the first that still stands where the log
has it. A look at an entry reads one place in memory, the log is read and written in sequence.

- entries, float64 of shape (2 * n_keys,): of each key where its last use stands, and when its
  entry ends. One that stands before the tail of its cache is not there.
- log, int32: the keys in the order of their uses, those of each cache in a stretch of its own.
- marks, int64 of shape (caches, 3): where the log of each cache begins and ends now, and how many
  entries it holds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.operations import Operation

TAIL, HEAD, HELD = 0, 1, 2
NOWHERE = -1.0
_SET, _TOUCH = int(Operation.SET), int(Operation.TOUCH)

Floats = npt.NDArray[np.float64]
Log = npt.NDArray[np.int32]
Marks = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def empty_marks(uses: npt.NDArray[np.int64]) -> Marks:
    """Return the marks of caches that are empty; their entries are all -1.

    Args:
        uses: int64 of shape (caches,), how often entries of each are used or written at most:
            together, so long is the log.
    """
    marks = np.zeros((len(uses), 3), np.int64)
    room = 0
    for cache in range(len(uses)):
        marks[cache, TAIL] = room
        marks[cache, HEAD] = room
        room += uses[cache]
    return marks


@njit(nogil=True, cache=True)
def is_held(entries: Floats, marks: Marks, key: int, cache: int, now: float) -> bool:
    """Say whether an entry is there, and remove one that has ended."""
    if entries[2 * key] < marks[cache, TAIL]:
        return False
    if entries[2 * key + 1] <= now:
        drop(entries, marks, key, cache)
        return False
    return True


@njit(nogil=True, cache=True)
def use(entries: Floats, log: Log, marks: Marks, key: int, cache: int) -> None:
    """Make an entry that is there the last used one."""
    place = marks[cache, HEAD]
    log[place] = key
    entries[2 * key] = place
    marks[cache, HEAD] = place + 1


@njit(nogil=True, cache=True)
def drop(entries: Floats, marks: Marks, key: int, cache: int) -> None:
    """Remove an entry that is there."""
    entries[2 * key] = NOWHERE
    marks[cache, HELD] -= 1


@njit(nogil=True, cache=True)
def hold(
    entries: Floats, log: Log, marks: Marks, key: int, cache: int, capacity: int, end: float
) -> None:
    """Write an entry that ends then, as the last used one; the least recently used makes room."""
    if entries[2 * key] < marks[cache, TAIL]:
        if capacity < 1:
            return
        if marks[cache, HELD] < capacity:
            marks[cache, HELD] += 1
        else:
            tail = marks[cache, TAIL]
            last = marks[cache, HEAD] - 1
            prefetch(entries, 2 * log[min(tail + AHEAD, last)])
            while entries[2 * log[tail]] != tail:
                tail += 1
                prefetch(entries, 2 * log[min(tail + AHEAD, last)])
            marks[cache, TAIL] = tail + 1
    entries[2 * key + 1] = end
    use(entries, log, marks, key, cache)


@njit(nogil=True, cache=True)
def write_entry(
    entries: Floats,
    log: Log,
    marks: Marks,
    key: int,
    cache: int,
    capacity: int,
    end: float,
    code: int,
    now: float,
) -> None:
    """Set, renew or remove an entry of a cache."""
    if code == _SET:
        hold(entries, log, marks, key, cache, capacity, end)
    elif is_held(entries, marks, key, cache, now):
        if code == _TOUCH:
            entries[2 * key + 1] = end
        else:
            drop(entries, marks, key, cache)


@njit(nogil=True, cache=True)
def drop_all(marks: Marks, cache: int) -> None:
    """Empty a cache."""
    marks[cache, TAIL] = marks[cache, HEAD]
    marks[cache, HELD] = 0
