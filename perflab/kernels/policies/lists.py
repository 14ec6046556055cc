"""Lists of keys inside a kernel: the first has stood there longest, and any key may leave.

Doubly linked lists, numbered from 1 on, are three arrays:

- links, int32 of shape (n_keys + lists + 1, 2): who stands before each key, and who behind it. The
  row n_keys + number is the end of a list: no key, but the neighbour of the first and the last.
- home, uint8 of shape (n_keys,): the list that each key stands in, 0 where it is in none.
- totals, int64 of shape (lists + 1, 2): the entries of each list, and their bytes.

Arrays, and no tuple of them: Numba would count references to its fields at every use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

BEFORE, BEHIND = 0, 1
ENTRIES, BYTES = 0, 1


@njit(nogil=True, cache=True)
def new_lists(
    n_keys: int, lists: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return links, home and totals of lists that are empty."""
    links = np.empty((n_keys + lists + 1, 2), np.int32)
    for end in range(n_keys, n_keys + lists + 1):
        links[end, BEFORE] = end
        links[end, BEHIND] = end
    return links, np.zeros(n_keys, np.uint8), np.zeros((lists + 1, 2), np.int64)


@njit(nogil=True, cache=True)
def put(
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.integer[Any]],
    totals: npt.NDArray[np.int64],
    key: int | np.integer,
    left: int | np.integer,
    number: int,
    size: int | np.integer,
) -> None:
    """Put a key that stands nowhere behind another of a list; behind its end is the first place."""
    right = links[left, BEHIND]
    links[key, BEFORE] = left
    links[key, BEHIND] = right
    links[left, BEHIND] = key
    links[right, BEFORE] = key
    home[key] = number
    totals[number, ENTRIES] += 1
    totals[number, BYTES] += size


@njit(nogil=True, cache=True)
def take(
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.integer[Any]],
    totals: npt.NDArray[np.int64],
    key: int | np.integer,
    size: int | np.integer,
) -> None:
    """Take a key out of its list."""
    left = links[key, BEFORE]
    right = links[key, BEHIND]
    links[left, BEHIND] = right
    links[right, BEFORE] = left
    number = home[key]
    home[key] = 0
    totals[number, ENTRIES] -= 1
    totals[number, BYTES] -= size


@njit(nogil=True, cache=True)
def move(
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.integer[Any]],
    totals: npt.NDArray[np.int64],
    key: int | np.integer,
    number: int,
    size: int | np.integer,
) -> None:
    """Move a key from its list to the last place of a list, of the same or another one."""
    take(links, home, totals, key, size)
    put(links, home, totals, key, links[len(home) + number, BEFORE], number, size)
