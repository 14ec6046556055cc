"""Exact quantiles of many durations without sorting them, and values at many shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

_LOWEST = (1023 - 40) << 7
_BUCKETS = 60 << 7
_LINES = 1024


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
    times, shares = frozen(values, np.float64), frozen(quantiles, np.float64)
    counts = _bucket_counts(times)
    ends = np.cumsum(counts)
    found = np.full(len(shares), np.nan)
    if ends[-1] == 0:
        return found
    ranks = np.ceil(shares * ends[-1] - 1e-9).astype(np.int64) - 1
    ranks = np.clip(ranks, 0, ends[-1] - 1)
    buckets = np.searchsorted(ends, ranks, side="right")
    wanted = np.zeros(_BUCKETS, np.bool_)
    wanted[buckets] = True
    inside = _within(times, wanted, int(counts[wanted].sum()))
    inside.sort()
    # Of those in wanted buckets, how many lie in the buckets before each.
    before = np.cumsum(np.where(wanted, counts, 0)) - counts
    found[:] = inside[ranks - (ends - counts)[buckets] + before[buckets]]
    return found


def values_at(
    shares: npt.ArrayLike, places: npt.ArrayLike, values: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return the values at shares, by straight lines between those that are known.

    It is `numpy.interp` for many shares: the line of each is looked up by its leading digits.

    Args:
        shares: float64 of shape (n,), from 0 to below 1.
        places: float64 of shape (k,), the shares whose values are known, rising from 0 to 1.
        values: float64 of shape (k,).

    Raises:
        ValueError: If shapes do not fit, places do not go from 0 to 1, or a share is not there.
    """
    wanted, known = frozen(shares, np.float64), frozen(places, np.float64)
    heights = frozen(values, np.float64)
    if len(known) != len(heights) or len(known) < 2 or known[0] != 0 or known[-1] != 1:
        raise ValueError(f"{len(heights)} values at {len(known)} places, not from 0 to 1")
    if len(wanted) and not 0 <= wanted.min() <= wanted.max() < 1:
        raise ValueError("a share is below 0, or 1 and above")
    firsts = np.searchsorted(known, np.arange(_LINES) / _LINES, side="right") - 1
    slopes = np.diff(heights) / np.diff(known)
    found: npt.NDArray[np.float64] = _values_at(wanted, known, heights, slopes, firsts)
    return found


@njit(nogil=True, cache=True)
def _values_at(
    shares: npt.NDArray[np.float64],
    places: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    slopes: npt.NDArray[np.float64],
    firsts: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    found = np.empty(len(shares), np.float64)
    for t in range(len(shares)):
        share = shares[t]
        line = firsts[int(share * len(firsts))]
        while places[line + 1] <= share:
            line += 1
        found[t] = slopes[line] * (share - places[line]) + values[line]
    return found


@njit(nogil=True, cache=True)
def _bucket_counts(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    counts = np.zeros(_BUCKETS, np.int64)
    bits = values.view(np.int64)
    for t in range(len(values)):
        if values[t] <= np.inf:
            counts[min(max((bits[t] >> 45) - _LOWEST, 0), _BUCKETS - 1)] += 1
    return counts


@njit(nogil=True, cache=True)
def _within(
    values: npt.NDArray[np.float64], wanted: npt.NDArray[np.bool_], count: int
) -> npt.NDArray[np.float64]:
    inside = np.empty(count, np.float64)
    bits = values.view(np.int64)
    n = 0
    for t in range(len(values)):
        if values[t] <= np.inf and wanted[min(max((bits[t] >> 45) - _LOWEST, 0), _BUCKETS - 1)]:
            inside[n] = values[t]
            n += 1
    return inside
