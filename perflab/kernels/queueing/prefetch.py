"""Prefetching as a queue: workers that fetch ahead of a consumer, under a bound."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen

Floats = npt.NDArray[np.float64]


class Prefetch(NamedTuple):
    """What became of each batch, in order; seconds from the start.

    Attributes:
        fetched: float64 of shape (batches,): when it was there.
        taken: float64 of shape (batches,): when the consumer took it.
        ended: float64 of shape (batches,): when the consumer was done with it.
        stalls: float64 of shape (batches,): how long the consumer waited for it.
        busy_seconds: Sum of the fetches.
    """

    fetched: Floats
    taken: Floats
    ended: Floats
    stalls: Floats
    busy_seconds: float


def prefetch(
    sizes: npt.ArrayLike,
    fetches: npt.ArrayLike,
    consumes: npt.ArrayLike,
    workers: int,
    buffer_size: float,
    factors: npt.ArrayLike | None = None,
    wait_seconds: float = 0.0,
    handover_seconds: float = 0.0,
    item_seconds: float = 0.0,
) -> Prefetch:
    """Return when each batch is fetched, taken and consumed.

    Ranges are claimed in order by whichever worker is free first. A claim holds room for its items
    until the consumer takes them, so the next one waits for a worker and for room. Batches are
    taken in order; a batch that fits in no room passes alone.

    Args:
        sizes: int64 of shape (batches,): items of each, at least 1.
        fetches: float64 of shape (batches,): seconds that each fetch takes with one at work.
        consumes: float64 of shape (batches,): seconds of the consumer's work on each.
        workers: At least 1.
        buffer_size: Items that may be ahead.
        factors: float64 of shape (workers + 1,): what a fetch is multiplied with when so many are
            at work at its start, its own included; None is all 1.
        wait_seconds: What each fetch takes on top, however many are at work.
        handover_seconds: What it takes to wake who waits: the consumer, or a worker.
        item_seconds: Items are requested no sooner than this apart; 0 for as soon as it can.

    Raises:
        ValueError: If shapes do not fit or there is no worker.
    """
    counts = frozen(sizes, np.int64)
    lengths, works = frozen(fetches, np.float64), frozen(consumes, np.float64)
    slower = frozen(() if factors is None else factors, np.float64)
    if not len(counts) == len(lengths) == len(works):
        raise ValueError(f"{len(counts)} sizes, {len(lengths)} fetches, {len(works)} consumes")
    if workers < 1:
        raise ValueError(f"prefetching needs at least 1 worker, got {workers}")
    if len(slower) not in (0, workers + 1):
        raise ValueError(f"{len(slower)} factors for 0 to {workers} workers")
    found: tuple[Any, ...] = _prefetch(
        counts,
        lengths,
        works,
        int(workers),
        float(buffer_size),
        slower,
        float(wait_seconds),
        float(handover_seconds),
        float(item_seconds),
    )
    return Prefetch(*found)


@njit(nogil=True, cache=True)
def _prefetch(
    sizes: npt.NDArray[np.int64],
    fetches: Floats,
    consumes: Floats,
    workers: int,
    buffer_size: float,
    factors: Floats,
    wait: float,
    handover: float,
    item_seconds: float,
) -> Any:
    n = len(sizes)
    fetched = np.empty(n, np.float64)
    taken = np.empty(n, np.float64)
    ended = np.empty(n, np.float64)
    stalls = np.empty(n, np.float64)
    free = np.zeros(workers, np.float64)
    slowed = len(factors) > 0
    # Batches [oldest, k) are claimed and hold room until they are taken.
    oldest = 0
    ahead = 0
    busy_seconds = 0.0
    claimed = 0.0
    asked = 0
    previous = 0.0
    for k in range(n):
        size = sizes[k]
        first = 0
        for w in range(1, workers):
            if free[w] < free[first]:
                first = w
        start = max(claimed, free[first])
        while oldest < k and (ahead + size > buffer_size or taken[oldest] <= start):
            if taken[oldest] > start:
                start = taken[oldest] + handover
            ahead -= sizes[oldest]
            oldest += 1
        claimed = start
        length = fetches[k]
        if slowed:
            at_work = 1
            for w in range(workers):
                if w != first and free[w] > start:
                    at_work += 1
            length *= factors[at_work]
        length += wait
        busy_seconds += length
        done = start + length
        free[first] = done
        ahead += size
        ask = max(previous, asked * item_seconds)
        there = done
        if there > ask:
            there += handover
        take = max(ask, there)
        fetched[k] = done
        taken[k] = take
        stalls[k] = take - ask
        asked += size
        end = take + consumes[k]
        if item_seconds > 0.0:
            end = max(end, (asked - 1) * item_seconds + consumes[k] / size)
        ended[k] = end
        previous = end
    return fetched, taken, ended, stalls, busy_seconds
