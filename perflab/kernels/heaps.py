"""Binary heaps inside a kernel: the least first, the next two below each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(nogil=True, cache=True)
def replace_entry(
    when: npt.NDArray[np.float64],
    holds: npt.NDArray[np.int64],
    tried: npt.NDArray[np.int64],
    time: float,
    request: int | np.int64,
    count: int | np.int64,
) -> None:
    """Put another entry in place of the first of the heap and restore its order."""
    size = len(when)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and when[child + 1] < when[child]:
            child += 1
        if when[child] >= time:
            break
        when[place], holds[place], tried[place] = when[child], holds[child], tried[child]
        place = child
    when[place], holds[place], tried[place] = time, request, count


@njit(nogil=True, cache=True)
def replace_first(heap: npt.NDArray[np.float64], time: float) -> None:
    """Put another time in place of the first of the heap and restore its order."""
    size = len(heap)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= time:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = time
