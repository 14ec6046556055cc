"""Which keys of a workload are in a share of them, the same ones wherever that is asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.kernels.ids import SPREAD

_SHIFT = np.uint64(32)
_ALL = 2.0**32


def share_of_keys(keys: npt.ArrayLike, share: float) -> npt.NDArray[np.bool_]:
    """Return which keys are in a share of them, bool of shape (n,).

    Multiplicative hashing of Knuth, "The Art of Computer Programming" volume 3, section 6.4: of
    ids that follow each other about that share is in it.

    Args:
        keys: Ids, int64 of shape (n,).
        share: From 0 to 1.
    """
    hashed = (np.asarray(keys, np.int64).astype(np.uint64) * np.uint64(SPREAD)) >> _SHIFT
    found: npt.NDArray[np.bool_] = hashed.astype(np.float64) < share * _ALL
    return found
