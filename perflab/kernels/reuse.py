"""The neighbours of a request in time: where its key was asked for before, and where again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen_ids

Positions = npt.NDArray[np.int32]


def previous_and_next(ids: npt.ArrayLike, n_keys: int) -> tuple[Positions, Positions]:
    """Find the previous and the next request for the same key, in one pass.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 4 bytes each.

    Returns:
        previous: int32 of shape (n,), the last earlier position of the key, or -1.
        next: int32 of shape (n,), the first later position of the key, or n.
    """
    previous, next_use = _previous_and_next(frozen_ids(ids, n_keys), int(n_keys))
    return previous, next_use


@njit(nogil=True, cache=True)
def _previous_and_next(ids: Positions, n_keys: int) -> tuple[Positions, Positions]:
    n = len(ids)
    last = np.full(n_keys, -1, np.int32)
    previous = np.empty(n, np.int32)
    next_use = np.empty(n, np.int32)
    for t in range(n):
        key = ids[t]
        before = last[key]
        previous[t] = before
        next_use[t] = n
        if before >= 0:
            next_use[before] = t
        last[key] = t
    return previous, next_use
