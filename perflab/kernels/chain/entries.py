"""Entries of least recently used caches: lists of keys, and when each entry ends.

The lists are those of `perflab.kernels.policies.lists`, with any number of them: `home` is int32
here. Each list is one cache, all of one capacity in entries.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.policies.lists import BEHIND, ENTRIES, move, new_lists, put, take

Floats = npt.NDArray[np.float64]
Links = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def empty_caches(n_keys: int, lists: int) -> tuple[Links, Links, Integers, Floats]:
    """Return links, home, totals and ends of caches that are empty."""
    links, _, totals = new_lists(n_keys, lists)
    return links, np.zeros(n_keys, np.int32), totals, np.empty(n_keys, np.float64)


@njit(nogil=True, cache=True)
def is_held(
    links: Links, home: Links, totals: Integers, ends: Floats, key: int, now: float
) -> bool:
    """Say whether an entry is there, and remove one that has ended."""
    if home[key] == 0:
        return False
    if ends[key] <= now:
        take(links, home, totals, key, 0)
        return False
    return True


@njit(nogil=True, cache=True)
def hold(
    links: Links,
    home: Links,
    totals: Integers,
    ends: Floats,
    key: int,
    cache: int,
    capacity: int,
    end: float,
) -> None:
    """Write an entry that ends then, as the last used one; the least recently used makes room."""
    ends[key] = end
    if home[key] != 0:
        move(links, home, totals, key, cache, 0)
        return
    if capacity < 1:
        return
    last = len(home) + cache
    if totals[cache, ENTRIES] >= capacity:
        take(links, home, totals, links[last, BEHIND], 0)
    put(links, home, totals, key, links[last, 0], cache, 0)


@njit(nogil=True, cache=True)
def drop_all(links: Links, home: Links, totals: Integers, cache: int) -> None:
    """Empty a cache."""
    last = len(home) + cache
    while links[last, BEHIND] != last:
        take(links, home, totals, links[last, BEHIND], 0)
