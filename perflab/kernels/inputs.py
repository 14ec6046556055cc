"""What every kernel is given: contiguous, aligned, read-only arrays of one type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MAX_REQUESTS = 2**31 - 1


def frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a read-only contiguous view of an array; copies only what has another type or layout.

    Numba compiles a function again for each of memory-mapped, writable and read-only arrays.
    Passing every input through here leaves one compiled form a kernel, whatever the caller has.

    Raises:
        ValueError: If the array is not one-dimensional, or too long for 32-bit positions.
    """
    array = np.asarray(np.require(values, dtype, ("C_CONTIGUOUS", "ALIGNED")))
    if array.ndim != 1:
        raise ValueError(f"expected an array of one dimension, got {array.ndim}")
    if len(array) > MAX_REQUESTS:
        raise ValueError(f"{len(array)} requests are more than the {MAX_REQUESTS} of one trace")
    view = array.view()
    view.flags.writeable = False
    return view


def block_length(block: int | None, requests: int) -> int:
    """Return the number of requests whose hits are counted together; None is the whole trace.

    Raises:
        ValueError: If the block is below 1.
    """
    if block is None:
        return max(requests, 1)
    if block < 1:
        raise ValueError(f"a block is at least 1 request, got {block}")
    return int(block)
