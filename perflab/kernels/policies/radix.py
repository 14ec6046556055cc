"""Sorting inside a kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

_DIGIT = 11


@njit(nogil=True, cache=True)
def in_order(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return numbers of 0 and above in order; what is given is used up.

    A radix sort from the least digit on (Knuth, "The Art of Computer Programming" volume 3,
    section 5.2.5, algorithm R) by 11 bits, which leaves out the digits that all share. It compiles
    in a tenth of the time of numba's quicksort.
    """
    other = np.empty_like(words)
    highest = np.int64(0)
    for i in range(len(words)):
        highest |= words[i]
    shift = 0
    while highest >> shift > 0:
        starts = np.zeros((1 << _DIGIT) + 1, np.int64)
        for i in range(len(words)):
            starts[(words[i] >> shift & (1 << _DIGIT) - 1) + 1] += 1
        for digit in range(1 << _DIGIT):
            starts[digit + 1] += starts[digit]
        for i in range(len(words)):
            digit = words[i] >> shift & (1 << _DIGIT) - 1
            other[starts[digit]] = words[i]
            starts[digit] += 1
        words, other = other, words
        shift += _DIGIT
    return words
