"""Drawing samples of keys from a trace: counts a key, keys by count, requests of chosen keys."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids

_COUNTED_APART = 1 << 16


def key_counts(ids: npt.ArrayLike, n_keys: int) -> npt.NDArray[np.int32]:
    """Count the requests for each key.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of ids.

    Returns:
        int32 of shape (n_keys,).
    """
    counts: npt.NDArray[np.int32] = _key_counts(frozen_ids(ids, n_keys), int(n_keys))
    return counts


def by_count(counts: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Order keys by their counts, the highest first; of equal ones the lower id first.

    A counting sort (Knuth, "The Art of Computer Programming" volume 3, section 5.2, algorithm D)
    of counts below 65,536; the few keys above are sorted apart.

    Args:
        counts: int32 of shape (k,), from 0 up.

    Returns:
        int32 of shape (k,), the ids.

    Raises:
        ValueError: If a count is negative.
    """
    values = frozen(counts, np.int32)
    if len(values) and values.min() < 0:
        raise ValueError("a count is negative")
    high = np.flatnonzero(values >= _COUNTED_APART).astype(np.int32)
    high = high[np.argsort(-values[high].astype(np.int64), kind="stable")]
    return np.concatenate([high, _by_low_count(values, _COUNTED_APART)])


def requests_of(ids: npt.ArrayLike, draws: npt.ArrayLike) -> list[npt.NDArray[np.int32]]:
    """Find the requests for the keys of several draws in one pass.

    Args:
        ids: int32 of shape (n,), dense key ids.
        draws: uint8 of shape (n_keys,): bit d of a key says that draw d has it.

    Returns:
        For each of the 8 draws, int32 positions in order of time.
    """
    chosen = frozen(draws, np.uint8)
    keys = frozen_ids(ids, len(chosen))
    totals = _totals(keys, chosen)
    ends = np.cumsum(totals)
    positions = np.empty(int(ends[-1]), np.int32)
    _fill(keys, chosen, positions, ends - totals)
    return np.split(positions, ends[:-1])


@njit(nogil=True, cache=True)
def _key_counts(ids: npt.NDArray[np.int32], n_keys: int) -> npt.NDArray[np.int32]:
    counts = np.zeros(n_keys, np.int32)
    for t in range(len(ids)):
        counts[ids[t]] += 1
    return counts


@njit(nogil=True, cache=True)
def _by_low_count(counts: npt.NDArray[np.int32], bound: int) -> npt.NDArray[np.int32]:
    starts = np.zeros(bound + 1, np.int64)
    for key in range(len(counts)):
        if counts[key] < bound:
            starts[bound - counts[key]] += 1
    for i in range(bound):
        starts[i + 1] += starts[i]
    ordered = np.empty(starts[bound], np.int32)
    for key in range(len(counts)):
        if counts[key] < bound:
            place = bound - 1 - counts[key]
            ordered[starts[place]] = key
            starts[place] += 1
    return ordered


@njit(nogil=True, cache=True)
def _totals(ids: npt.NDArray[np.int32], draws: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    totals = np.zeros(8, np.int64)
    for t in range(len(ids)):
        mask = draws[ids[t]]
        if mask:
            for d in range(8):
                totals[d] += mask >> d & 1
    return totals


@njit(nogil=True, cache=True)
def _fill(
    ids: npt.NDArray[np.int32],
    draws: npt.NDArray[np.uint8],
    positions: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
) -> None:
    for t in range(len(ids)):
        mask = draws[ids[t]]
        if mask:
            for d in range(8):
                if mask >> d & 1:
                    positions[places[d]] = t
                    places[d] += 1
