"""TinyLFU's sketch inside a kernel: about how often keys were requested, in four bits each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import popcount

_ONES = 0x1111111111111111
_HALF = 0x7777777777777777
_MOST = 15


@njit(nogil=True, cache=True)
def new_sketch(entries: int) -> npt.NDArray[np.uint64]:
    """Return a sketch of 16 counters for each entry, rounded up to a power of two.

    A count-min sketch as Caffeine's FrequencySketch: a key has four counters, one in each pair of
    words of a block of eight, which is a cache line.
    """
    words = 8
    while words < entries:
        words <<= 1
    return np.zeros(words, np.uint64)


@njit(nogil=True, cache=True)
def spread(key: int | np.integer) -> np.uint32:
    """Return the hash of a key, which `count` and `estimate` take: Caffeine's of an integer."""
    x = np.uint32(key)
    x ^= x >> np.uint32(17)
    x = np.uint32(x * np.uint32(0xED5AD4BB))
    x ^= x >> np.uint32(11)
    x = np.uint32(x * np.uint32(0xAC4C1B51))
    x ^= x >> np.uint32(15)
    return x


@njit(nogil=True, cache=True)
def first_word(sketch: npt.NDArray[np.uint64], hashed: np.uint32) -> np.uint64:
    """Return the word at which the block of a key begins."""
    return np.uint64(hashed & np.uint32((len(sketch) >> 3) - 1)) << np.uint64(3)


@njit(nogil=True, cache=True)
def count(sketch: npt.NDArray[np.uint64], hashed: np.uint32) -> np.int64:
    """Count a request for a key; return 1, or 0 where all its counters are full."""
    block = first_word(sketch, hashed)
    x = np.uint32(hashed * np.uint32(0x31848BAB))
    x ^= x >> np.uint32(14)
    counted = np.uint64(0)
    for row in range(4):
        word = block + np.uint64(x & np.uint32(1)) + np.uint64(row << 1)
        shift = np.uint64(x >> np.uint32(1) & np.uint32(15)) << np.uint64(2)
        x >>= np.uint32(8)
        room = np.uint64(sketch[word] >> shift & np.uint64(_MOST) != np.uint64(_MOST))
        sketch[word] += room << shift
        counted |= room
    return np.int64(counted)


@njit(nogil=True, cache=True)
def estimate(sketch: npt.NDArray[np.uint64], hashed: np.uint32) -> np.uint64:
    """Return about how often a key was requested since long ago, at most 15."""
    block = first_word(sketch, hashed)
    x = np.uint32(hashed * np.uint32(0x31848BAB))
    x ^= x >> np.uint32(14)
    least = np.uint64(_MOST)
    for row in range(4):
        word = block + np.uint64(x & np.uint32(1)) + np.uint64(row << 1)
        shift = np.uint64(x >> np.uint32(1) & np.uint32(15)) << np.uint64(2)
        x >>= np.uint32(8)
        least = min(least, sketch[word] >> shift & np.uint64(_MOST))
    return least


@njit(nogil=True, cache=True)
def halve(sketch: npt.NDArray[np.uint64], counted: np.int64) -> np.int64:
    """Halve all counters; return what is left of so many requests that were counted."""
    odd = 0
    for i in range(len(sketch)):
        odd += popcount(sketch[i] & np.uint64(_ONES))
        sketch[i] = sketch[i] >> np.uint64(1) & np.uint64(_HALF)
    return (counted - (odd >> 2)) >> 1
