"""A short hash of the columns of a workload."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt


def fingerprint(*columns: tuple[npt.NDArray[np.generic] | None, str]) -> str:
    """Return a hash of arrays, equal for equal values on any machine.

    Args:
        columns: Each an array, or None where there is none, and the type that it is hashed as.
    """
    digest = hashlib.blake2b(digest_size=8)
    for values, dtype in columns:
        digest.update(b"-" if values is None else b"+")
        if values is not None:
            digest.update(np.ascontiguousarray(values, dtype).data)
    return digest.hexdigest()
