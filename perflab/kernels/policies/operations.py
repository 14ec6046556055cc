"""What the bytes of a trace's operations mean to the loops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.kernels.inputs import frozen

GET, SET, TOUCH, DELETE, UNLESS_FILL = 0, 1, 2, 3, 4
"""The operations of `perflab.operations`, and a removal that leaves the fill of a load alone.

An entry whose time has come is gone before the operation. A get that finds none loads and inserts
one; so does a set, uncounted. A set of what is there is a use to the policy, as a hit is, and gives
the entry a new size and lifetime in its place. A touch restarts the lifetime, a delete removes.
A set whose row before on this key was a get that missed is the fill of its load: no use. What grew
above the bounds makes room as the policy says; where it is itself what leaves, a set then inserts
it like one that was not there.
"""

ABSENT, RESIDENT, USED, LOADED = range(4)
"""What a key is to a loop: without an entry, or with one.

That was used since it was last passed over, or that its last row loaded, or neither.
"""
AFTER = np.array(
    (
        *(LOADED, USED, USED, USED),
        *(RESIDENT, USED, USED, RESIDENT),
        *(ABSENT, RESIDENT, USED, RESIDENT),
        *(ABSENT, ABSENT, ABSENT, ABSENT),
        *(ABSENT, ABSENT, ABSENT, RESIDENT),
    ),
    np.uint8,
)
"""What a key is after an operation: at `operation << 2 | before`."""
EVICTED, HELD = 0, 1
"""The columns of a tally: live entries that made room until then, and those that are held."""


def frozen_operations(operations: npt.ArrayLike, requests: int) -> npt.NDArray[np.uint8]:
    """Return operations as `frozen` does, after a look at all of them.

    Where a loop is given None instead, numba compiles one without the lines that read them.

    Raises:
        ValueError: If there are not as many as requests, or one is unknown.
    """
    codes = frozen(operations, np.uint8)
    if len(codes) != requests:
        raise ValueError(f"operations has {len(codes)} elements for {requests} requests")
    if len(codes) and int(codes.max()) > UNLESS_FILL:
        wrong = int(np.argmax(codes > UNLESS_FILL))
        raise ValueError(f"the operation {codes[wrong]} of request {wrong} is unknown")
    return codes
