"""Random numbers inside a kernel: the same on every machine, and a nanosecond each."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def next_state(state: np.uint64) -> np.uint64:
    """Marsaglia, "Xorshift RNGs", Journal of Statistical Software 2003."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@njit(nogil=True, cache=True)
def share_of(state: np.uint64) -> float:
    """Return a number in [0, 1)."""
    return np.int64(state >> np.uint64(11)) * (1.0 / 9007199254740992.0)
