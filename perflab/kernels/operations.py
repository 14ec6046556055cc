"""What the rows of a trace with operations come to, whatever a cache holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.policies.operations import (
    DELETE,
    GET,
    SET,
    TOUCH,
    UNLESS_FILL,
    frozen_operations,
)


def resolved(
    ids: npt.ArrayLike,
    n_keys: int,
    operations: npt.ArrayLike,
    sizes: npt.ArrayLike | None,
    ttls: npt.ArrayLike | None,
) -> tuple[npt.NDArray[np.int64] | None, npt.NDArray[np.float64] | None]:
    """Return the size and the lifetime that each row gives an entry, as `policy_counts` takes them.

    A get loads what was last written for its key: size and lifetime of the last set before it, or
    the lifetime of a touch after that; where nothing was written yet, its own. Also a set that acts
    as a removal has written what is loaded next. A row that is no get gives its own.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 17 bytes each.
        operations: uint8 of shape (n,), of `policies.operations`.
        sizes: int64 of shape (n,), bytes; None stays None.
        ttls: float64 of shape (n,), seconds, NaN for the setting's; None stays None.

    Returns:
        Sizes, int64 of shape (n,), and lifetimes, float64 of shape (n,).

    Raises:
        ValueError: If an operation is unknown, a column has another length, or an id is wrong.
    """
    keys = frozen_ids(ids, n_keys)
    codes = frozen_operations(operations, len(keys))
    size = frozen(() if sizes is None else sizes, np.int64)
    life = frozen(() if ttls is None else ttls, np.float64)
    for name, given, column in (("sizes", sizes, size), ("ttls", ttls, life)):
        if given is not None and len(column) != len(keys):
            raise ValueError(f"{name} has {len(column)} elements for {len(keys)} requests")
    weighs, lasts = _resolved(keys, int(n_keys), codes, size, life)
    return (None if sizes is None else weighs), (None if ttls is None else lasts)


@njit(nogil=True, cache=True)
def _resolved(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    operations: npt.NDArray[np.uint8],
    sizes: npt.NDArray[np.int64],
    ttls: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    sized = len(sizes) > 0
    varied = len(ttls) > 0
    weighs = sizes.copy()
    lasts = ttls.copy()
    size = np.full(n_keys if sized else 0, -1, np.int64)
    life = np.empty(n_keys if varied else 0, np.float64)
    given = np.zeros(n_keys if varied else 0, np.bool_)
    for t in range(len(ids)):
        key = ids[t]
        operation = operations[t]
        if operation == GET:
            if sized and size[key] >= 0:
                weighs[t] = size[key]
            if varied and given[key]:
                lasts[t] = life[key]
        elif operation != DELETE:
            if sized and operation != TOUCH:
                size[key] = sizes[t]
            if varied:
                life[key] = ttls[t]
                given[key] = True
    return weighs, lasts


def settled(
    ids: npt.ArrayLike, n_keys: int, operations: npt.ArrayLike
) -> npt.NDArray[np.uint8] | None:
    """Return the operations with each `UNLESS_FILL` as what it does in every cache.

    It is a removal (`DELETE`) where the row before on its key is no get, and changes no more than a
    `TOUCH` where that get misses in every cache, as nothing was held of its key.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 1 byte each.
        operations: uint8 of shape (n,), of `policies.operations`.

    Returns:
        uint8 of shape (n,), or None where one does something else in another cache: its row before
        is a get that hits in some.

    Raises:
        ValueError: If an operation is unknown, there are not as many as ids, or an id is wrong.
    """
    keys = frozen_ids(ids, n_keys)
    codes = frozen_operations(operations, len(keys))
    if not np.any(codes == UNLESS_FILL):
        return codes
    plain, known = _settled(keys, int(n_keys), codes)
    return plain if known else None


@njit(nogil=True, cache=True)
def _settled(
    ids: npt.NDArray[np.int32], n_keys: int, operations: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], bool]:
    absent, missed, held, asked = 0, 1, 2, 3  # nowhere, loaded by the last row, perhaps, just asked
    state = np.zeros(n_keys, np.uint8)
    plain = operations.copy()
    for t in range(len(ids)):
        key = ids[t]
        operation = operations[t]
        before = state[key]
        if operation == GET:
            state[key] = missed if before == absent else asked
        elif operation == SET:
            state[key] = held
        elif operation == UNLESS_FILL and before == asked:
            return plain, False
        elif operation == TOUCH or (operation == UNLESS_FILL and before == missed):
            plain[t] = TOUCH
            state[key] = absent if before == absent else held
        else:
            plain[t] = DELETE
            state[key] = absent
    return plain, True


def next_gets(
    ids: npt.ArrayLike, n_keys: int, operations: npt.ArrayLike
) -> npt.NDArray[np.int32] | None:
    """Find where the entry that each row leaves is needed next, for OPT.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids; memory of 4 bytes each.
        operations: uint8 of shape (n,), of `policies.operations`; touches count for nothing.

    Returns:
        int32 of shape (n,): the position of the key's next get, or n where a set or a removal
        comes before it, or none does. None where `settled` has none: whether an entry is needed
        then depends on whether it was held before.

    Raises:
        ValueError: If an operation is unknown, there are not as many as ids, or an id is wrong.
    """
    codes = settled(ids, n_keys, operations)
    if codes is None:
        return None
    found: npt.NDArray[np.int32] = _next_gets(
        frozen_ids(ids, n_keys), int(n_keys), frozen(codes, np.uint8)
    )
    return found


@njit(nogil=True, cache=True)
def _next_gets(
    ids: npt.NDArray[np.int32], n_keys: int, operations: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int32]:
    n = len(ids)
    last = np.full(n_keys, -1, np.int32)
    found = np.full(n, n, np.int32)
    for t in range(n):
        operation = operations[t]
        if operation == TOUCH:
            continue
        key = ids[t]
        if operation == GET and last[key] >= 0:
            found[last[key]] = t
        last[key] = -1 if operation == DELETE else t
    return found
