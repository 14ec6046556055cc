"""Ids in the order of first appearance: 0 for the first key seen, 1 for the second."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Keys: TypeAlias = "npt.NDArray[np.int64] | pa.Array"
"""The key of each id: whole numbers, or texts as Arrow has them."""


def first_appearance(
    numbers: npt.NDArray[np.integer], bound: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Renumber small whole numbers by first appearance.

    Args:
        numbers: Whole numbers in ``0 .. bound - 1``.
        bound: How many numbers there could be; memory grows with it.

    Returns:
        The new ids (int32, as long as `numbers`), and the number that stands for each id.
    """
    count = len(numbers)
    first = np.full(bound, count, np.int64)
    # Of several writes to one place the last one stays: walking backwards, the first appearance.
    first[numbers[::-1]] = np.arange(count - 1, -1, -1, dtype=np.int64)
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < count)]
    renamed = np.empty(bound, np.int32)
    renamed[order] = np.arange(len(order), dtype=np.int32)
    return renamed[numbers], order


def is_by_first_appearance(ids: npt.NDArray[np.int32], n_keys: int) -> bool:
    """Say whether ids are numbered by first appearance, with none of `n_keys` left unused."""
    highest = np.maximum.accumulate(ids)
    new_at_most_one_up = bool(np.all(ids[1:] <= highest[:-1] + 1))
    return bool(ids[0] == 0) and new_at_most_one_up and int(highest[-1]) + 1 == n_keys
