"""Accesses to rows as accesses to chunks: where each chunk was used before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import MAX_REQUESTS


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
        ValueError: If there are too many accesses for 32-bit positions.
    """
    if len(rows) > MAX_REQUESTS:
        raise ValueError(f"{len(rows)} accesses are more than {MAX_REQUESTS}")
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
        low = chunk * chunk_size
        previous[count] = last[chunk]
        last[chunk] = count
        count += 1
    return previous[:count].copy()
