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


def frozen_ids(ids: npt.ArrayLike, n_keys: int) -> npt.NDArray[np.int32]:
    """Return ids as `frozen` does, after a look at all of them.

    Compiled code does not check what it indexes by: an id beyond the keys would be written to
    memory that is something else's.

    Raises:
        ValueError: If one is not between 0 and `n_keys` - 1, or breaks `frozen`.
    """
    keys = frozen(ids, np.int32)
    # As unsigned numbers, negative ones are the highest: one pass finds both.
    if len(keys) and int(keys.view(np.uint32).max()) >= int(n_keys):
        wrong = int(np.argmax(keys.view(np.uint32) >= np.uint32(max(int(n_keys), 0))))
        raise ValueError(f"the id {keys[wrong]} of request {wrong} is not below {n_keys}")
    return keys


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
