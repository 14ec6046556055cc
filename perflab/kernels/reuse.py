"""Where the requests for a key, or the accesses to a chunk, stand in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.inputs import MAX_REQUESTS, frozen_ids

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
    keys = frozen_ids(ids, n_keys)
    # NumPy asks for large pages, compiled code does not: a fourth of the time to fill them.
    previous, next_use = np.empty(len(keys), np.int32), np.empty(len(keys), np.int32)
    _previous_and_next(keys, int(n_keys), previous, next_use)
    return previous, next_use


@njit(nogil=True, cache=True)
def _previous_and_next(
    ids: Positions, n_keys: int, previous: Positions, next_use: Positions
) -> None:
    n = len(ids)
    last = np.full(n_keys, -1, np.int32)
    for t in range(n):
        prefetch(last, ids[min(t + AHEAD, n - 1)])
        key = ids[t]
        before = last[key]
        previous[t] = before
        next_use[t] = n
        if before >= 0:
            next_use[before] = t
        last[key] = t


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


def chunk_reuse(
    rows: npt.NDArray[np.int32] | npt.NDArray[np.int64], chunk_size: int, n_rows: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Find the previous use of each chunk, with accesses to the same chunk in a row as one.

    An access to the chunk that was used just before is a hit in every cache that holds a chunk,
    so that only the others, often far fewer, have to be looked at.

    Args:
        rows: Row numbers of shape (n,), from 0; int32 or int64.
        chunk_size: Rows a chunk.
        n_rows: One more than the highest row number there may be; memory of 4 bytes a chunk.

    Returns:
        previous: int32 of shape (m,), for each access to another chunk than just before, the last
            earlier one of these to the same chunk, or -1; as `previous_and_next` gives it.
        repeats: How many accesses are left out, ``n - m``.

    Raises:
        ValueError: If there are too many accesses for 32-bit positions, a chunk has no rows, or a
            row is not below `n_rows`.
    """
    if len(rows) > MAX_REQUESTS:
        raise ValueError(f"{len(rows)} accesses are more than {MAX_REQUESTS}")
    if chunk_size < 1:
        raise ValueError(f"a chunk has at least 1 row, got {chunk_size}")
    view: npt.NDArray[Any] = np.ascontiguousarray(rows).view()
    view.flags.writeable = False
    # A divisor of the rows' own type: dividing 32 bits takes half the time.
    divisor: Any = view.dtype.type(chunk_size)
    previous: npt.NDArray[np.int32] = _chunk_reuse(view, divisor, -(-n_rows // chunk_size))
    return previous, len(rows) - len(previous)


@njit(nogil=True, cache=True)
def _chunk_reuse(rows: npt.NDArray[Any], chunk_size: int, n_chunks: int) -> npt.NDArray[np.int32]:
    n = len(rows)
    last = np.full(n_chunks, -1, np.int32)
    previous = np.empty(n, np.int32)
    count = 0
    low = -chunk_size
    for t in range(n):
        row = rows[t]
        offset = row - low
        if offset >= 0 and offset < chunk_size:
            continue
        chunk = row // chunk_size
        if row < 0 or chunk >= n_chunks:
            raise ValueError("a row is not below the number of rows")
        low = chunk * chunk_size
        previous[count] = last[chunk]
        last[chunk] = count
        count += 1
    return previous[:count].copy()
