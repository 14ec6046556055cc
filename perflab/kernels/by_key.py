"""The requests of a trace key by key, each key's in order of time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen_ids


def by_key(ids: npt.ArrayLike, n_keys: int) -> npt.NDArray[np.int32]:
    """Return the positions of all requests, those for key 0 first.

    A counting sort (Knuth, "The Art of Computer Programming" volume 3, section 5.2, algorithm D).

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.

    Returns:
        int32 of shape (n,).
    """
    positions: npt.NDArray[np.int32] = _by_key(frozen_ids(ids, n_keys), int(n_keys))
    return positions


@njit(nogil=True, cache=True)
def _by_key(ids: npt.NDArray[np.int32], n_keys: int) -> npt.NDArray[np.int32]:
    places = np.zeros(n_keys + 1, np.int32)
    for t in range(len(ids)):
        places[ids[t] + 1] += 1
    for key in range(n_keys):
        places[key + 1] += places[key]
    positions = np.empty(len(ids), np.int32)
    for t in range(len(ids)):
        key = ids[t]
        positions[places[key]] = t
        places[key] += 1
    return positions
