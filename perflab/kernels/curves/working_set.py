"""What lives at once under a lifetime, where nothing is ever evicted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids


class WorkingSet(NamedTuple):
    """What a cache without bounds holds over time.

    Attributes:
        keys: int64 of shape (m,), live keys at each of the moments.
        bytes: int64 of shape (m,), their sizes together; live keys again where none are given.
        peak_keys: Most live keys at any time.
        peak_bytes: Most live bytes at any time.
        hits: Requests that found a live entry.
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
) -> WorkingSet:
    """Count the live keys and bytes at moments of a trace's time, under one lifetime.

    After Denning, "The working set model for program behavior", Communications of the ACM 1968,
    with the lifetime of a cache: an entry lives from its write to just before `ttl` seconds later,
    a hit does not prolong it, and the first request after that writes it again.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        times: float64 of shape (n,), seconds, not decreasing.
        ttl: Seconds that an entry lives; infinite is for ever.
        moments: float64 of shape (m,), seconds on the same clock, not decreasing; what is written
            at a moment counts at it.
        sizes: int64 of shape (n,), bytes that a write at this request takes.

    Raises:
        ValueError: If there are not as many times or sizes as requests.
    """
    keys, when = frozen_ids(ids, n_keys), frozen(times, np.float64)
    weights = frozen(() if sizes is None else sizes, np.int64)
    asked = frozen(moments, np.float64)
    if len(when) != len(keys):
        raise ValueError(f"{len(when)} times for {len(keys)} requests")
    if len(weights) not in (0, len(keys)):
        raise ValueError(f"{len(weights)} sizes for {len(keys)} requests")
    live, held, *peaks = _working_set(keys, int(n_keys), when, float(ttl), asked, weights)
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
