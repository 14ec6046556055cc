"""Requests of a whole trace, drawn with a chance for each class of keys and part of the trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.sampling.draws import next_state, share_of


def thinned(
    ids: npt.ArrayLike,
    classes: npt.ArrayLike,
    edges: npt.ArrayLike,
    chances: npt.ArrayLike,
    seed: int = 1,
) -> npt.NDArray[np.int64]:
    """Draw requests by Bernoulli trials.

    Args:
        ids: int32 of shape (n,), dense key ids.
        classes: uint8 of shape (n_keys,), the class of each key.
        edges: Integers of shape (parts + 1,), where each part of the trace begins, rising from 0
            to n.
        chances: float64 of shape (classes, parts), 0 to 1.
        seed: Of the draws.

    Returns:
        int64, the places of those that were drawn, rising.

    Raises:
        ValueError: If shapes do not fit.
    """
    of, bounds = frozen(classes, np.uint8), frozen(edges, np.int64)
    keys, table = frozen_ids(ids, len(of)), np.ascontiguousarray(chances, np.float64)
    if table.ndim != 2 or table.shape[1] != len(bounds) - 1:
        raise ValueError(f"chances of shape {table.shape} for {len(bounds) - 1} parts")
    if len(of) and of.max() >= len(table):
        raise ValueError(f"class {of.max()}, but chances for {len(table)}")
    if bounds[0] != 0 or bounds[-1] != len(keys) or (np.diff(bounds) < 0).any():
        raise ValueError(f"parts from {bounds[0]} to {bounds[-1]} of {len(keys)} requests")
    places: npt.NDArray[np.int64] = _thinned(keys, of, bounds, table, np.uint64(2 * seed + 1))
    return places


@njit(nogil=True, cache=True)
def _thinned(
    ids: npt.NDArray[np.int32],
    classes: npt.NDArray[np.uint8],
    edges: npt.NDArray[np.int64],
    chances: npt.NDArray[np.float64],
    state: np.uint64,
) -> Any:
    places = np.empty(len(ids), np.int64)
    count = 0
    for _ in range(8):
        state = next_state(state)
    for part in range(len(edges) - 1):
        for t in range(edges[part], edges[part + 1]):
            state = next_state(state)
            if share_of(state) < chances[classes[ids[t]], part]:
                places[count] = t
                count += 1
    return places[:count].copy()
