"""Exact quantiles of many durations in two passes, without sorting them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

_LOWEST = (1023 - 40) << 7
_BUCKETS = 60 << 7


def quantiles_of(values: npt.ArrayLike, quantiles: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the smallest values that at least such shares of the values do not exceed.

    Values fall into 128 buckets an octave by their leading bits; only those of the buckets
    that hold a quantile are sorted.

    Args:
        values: float64 of shape (n,), seconds, not negative; NaN is left out.
        quantiles: Shares from 0 to 1, increasing.

    Returns:
        float64 of the shape of `quantiles`; NaN where there are no values.
    """
    shares = frozen(quantiles, np.float64)
    found: npt.NDArray[np.float64] = _quantiles_of(frozen(values, np.float64), shares)
    return found


@njit(nogil=True, cache=True)
def _quantiles_of(
    values: npt.NDArray[np.float64], quantiles: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    counts = np.zeros(_BUCKETS, np.int64)
    bits = values.view(np.int64)
    total = 0
    for t in range(len(values)):
        if not np.isnan(values[t]):
            bucket = min(max((bits[t] >> 45) - _LOWEST, 0), _BUCKETS - 1)
            counts[bucket] += 1
            total += 1
    result = np.full(len(quantiles), np.nan)
    if total == 0:
        return result
    before = 0
    bucket = 0
    sorted_bucket = -1
    inside = np.empty(0, np.float64)
    for q in range(len(quantiles)):
        rank = min(max(int(np.ceil(quantiles[q] * total - 1e-9)) - 1, 0), total - 1)
        while before + counts[bucket] <= rank:
            before += counts[bucket]
            bucket += 1
        if bucket != sorted_bucket:
            sorted_bucket = bucket
            inside = np.empty(counts[bucket], np.float64)
            n = 0
            for t in range(len(values)):
                if not np.isnan(values[t]) and (
                    min(max((bits[t] >> 45) - _LOWEST, 0), _BUCKETS - 1) == bucket
                ):
                    inside[n] = values[t]
                    n += 1
            if inside.min() < inside.max():
                inside.sort()
        result[q] = inside[rank - before]
    return result
