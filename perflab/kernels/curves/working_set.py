"""What lives at once under a lifetime, where nothing is ever evicted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.policies.operations import GET, SET, TOUCH, UNLESS_FILL, frozen_operations


class WorkingSet(NamedTuple):
    """What a cache without bounds holds over time.

    Attributes:
        keys: int64 of shape (m,), live keys at each of the moments.
        bytes: int64 of shape (m,), their sizes together; live keys again where none are given.
        peak_keys: Most live keys at any time.
        peak_bytes: Most live bytes at any time.
        hits: Gets that found a live entry.
    """

    keys: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.int64]
    peak_keys: int
    peak_bytes: int
    hits: int


def working_set(
    ids: npt.ArrayLike,
    n_keys: int,
    times: npt.ArrayLike,
    ttl: float,
    moments: npt.ArrayLike,
    sizes: npt.ArrayLike | None = None,
    *,
    operations: npt.ArrayLike | None = None,
) -> WorkingSet:
    """Count the live keys and bytes at moments of a trace's time, under one lifetime.

    After Denning, "The working set model for program behavior", Communications of the ACM 1968,
    with the lifetime of a cache: an entry lives from its write to just before `ttl` seconds later,
    a hit does not prolong it, and the first request after that writes it again. Sets and touches
    begin its lifetime again, removals end it.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        times: float64 of shape (n,), seconds, not decreasing.
        ttl: Seconds that an entry lives; infinite is for ever.
        moments: float64 of shape (m,), seconds on the same clock, not decreasing; what is written
            at a moment counts at it.
        sizes: int64 of shape (n,), bytes that a write at this request takes; with operations those
            that `resolved` gives.
        operations: uint8 of shape (n,), of `policies.operations`; None is all gets.

    Raises:
        ValueError: If there are not as many times or sizes as requests, or an operation is unknown.
    """
    keys, when = frozen_ids(ids, n_keys), frozen(times, np.float64)
    weights = frozen(() if sizes is None else sizes, np.int64)
    asked = frozen(moments, np.float64)
    if len(when) != len(keys):
        raise ValueError(f"{len(when)} times for {len(keys)} requests")
    if len(weights) not in (0, len(keys)):
        raise ValueError(f"{len(weights)} sizes for {len(keys)} requests")
    given = (keys, int(n_keys), when, float(ttl), asked, weights)
    if operations is None:
        live, held, *peaks = _working_set(*given)
    else:
        codes = frozen_operations(operations, len(keys))
        live, held, *peaks = _working_set_with(*given, codes)
    return WorkingSet(live, held, *(int(peak) for peak in peaks))


@njit(nogil=True, cache=True)
def _working_set(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    times: npt.NDArray[np.float64],
    ttl: float,
    moments: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int, int]:
    n = len(ids)
    sized = len(sizes) > 0
    live_at = np.zeros(len(moments), np.int64)
    held_at = np.zeros(len(moments), np.int64)
    written = np.full(n_keys, -np.inf, np.float64)
    # Writes in their order; all live equally long, so that the first written expires first.
    writes = np.empty(n, np.int32)
    end = oldest = 0
    live = held = peak = peak_bytes = hits = 0
    moment = 0
    for t in range(n + 1):
        while moment < len(moments) and (t == n or moments[moment] < times[t]):
            while oldest < end and moments[moment] >= times[writes[oldest]] + ttl:
                held -= sizes[writes[oldest]] if sized else 1
                live -= 1
                oldest += 1
            live_at[moment] = live
            held_at[moment] = held
            moment += 1
        if t == n:
            break
        now = times[t]
        while oldest < end and now >= times[writes[oldest]] + ttl:
            held -= sizes[writes[oldest]] if sized else 1
            live -= 1
            oldest += 1
        key = ids[t]
        if now < written[key] + ttl:
            hits += 1
            continue
        written[key] = now
        writes[end] = t
        end += 1
        live += 1
        held += sizes[t] if sized else 1
        peak = max(peak, live)
        peak_bytes = max(peak_bytes, held)
    return live_at, held_at, peak, peak_bytes, hits


@njit(nogil=True, cache=True)
def _working_set_with(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    times: npt.NDArray[np.float64],
    ttl: float,
    moments: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
    operations: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int, int]:
    n = len(ids)
    sized = len(sizes) > 0
    live_at = np.zeros(len(moments), np.int64)
    held_at = np.zeros(len(moments), np.int64)
    stored = np.zeros(n_keys, np.int64)
    fresh = np.zeros(n_keys, np.bool_)
    # The row that began each live entry's lifetime. One in `writes` is stale that is no longer it.
    began = np.full(n_keys, -1, np.int32)
    writes = np.empty(n, np.int32)
    end = oldest = 0
    live = held = peak = peak_bytes = hits = 0
    moment = 0
    t = 0
    while t < n or moment < len(moments):
        # What is written at a moment counts at it.
        is_moment = moment < len(moments) and (t == n or moments[moment] < times[t])
        now = moments[moment] if is_moment else times[t]
        while oldest < end and now >= times[writes[oldest]] + ttl:
            key = ids[writes[oldest]]
            if began[key] == writes[oldest]:
                began[key] = -1
                live -= 1
                held -= stored[key]
            oldest += 1
        if is_moment:
            live_at[moment] = live
            held_at[moment] = held
            moment += 1
            continue
        key = ids[t]
        operation = operations[t]
        lives = began[key] >= 0
        fills = fresh[key] and operation == UNLESS_FILL
        fresh[key] = operation == GET and not lives
        t += 1
        if operation == GET and lives:
            hits += 1
        elif operation <= SET or (lives and (operation == TOUCH or fills)):
            began[key] = t - 1
            writes[end] = t - 1
            end += 1
            if not lives:
                live += 1
                stored[key] = 0
            if operation != TOUCH:
                size = sizes[t - 1] if sized else 1
                held += size - stored[key]
                stored[key] = size
            peak = max(peak, live)
            peak_bytes = max(peak_bytes, held)
        elif lives:
            began[key] = -1
            live -= 1
            held -= stored[key]
    return live_at, held_at, peak, peak_bytes, hits
