"""LRU and FIFO with everything that bounds the live cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs


def lru_bounded(
    ids: npt.ArrayLike,
    n_keys: int,
    max_entries: int,
    sizes: npt.ArrayLike | None = None,
    max_bytes: int = 0,
    times: npt.ArrayLike | None = None,
    ttl: float = math.inf,
    ttls: npt.ArrayLike | None = None,
    start: int = 0,
    *,
    eager: bool = False,
) -> Counts:
    """Count the events of an LRU cache with bounds and expiry; a hit moves to the head.

    An entry written at time w with lifetime L is live while now < w + L: a hit does not prolong
    it. A request that finds an expired entry removes it (an expiration) and loads anew (a miss).
    On a miss, entries leave from the tail until the new one fits, then it enters at the head;
    one that is expired when it leaves is an expiration, not an eviction. An entry of more than
    `max_bytes` is not admitted, and nothing leaves for it.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        max_entries: Most resident entries; 0 and less admit nothing.
        sizes: int64 of shape (n,), bytes that a load at this request would write; None is all 1.
        max_bytes: Most resident bytes; 0 and less is no bound.
        times: float64 of shape (n,), seconds; None is no clock, and nothing expires.
        ttl: Lifetime in seconds; infinite is none.
        ttls: float64 of shape (n,), lifetimes that take the place of `ttl` where not NaN.
        start: The first request that is counted; those before it warm the cache.
        eager: Whether an expired entry leaves at once, as an expiration, and not when a request
            finds it or room is made: no live entry makes room while an expired one is held.
    """
    keys, *bounds = bounded_inputs(
        ids,
        n_keys,
        sizes=sizes,
        max_bytes=max_bytes,
        times=times,
        ttl=ttl,
        ttls=ttls,
        start=start,
        eager=eager,
    )
    return Counts.from_array(_queue_bounded(keys, int(n_keys), int(max_entries), True, *bounds))


def fifo_bounded(
    ids: npt.ArrayLike,
    n_keys: int,
    max_entries: int,
    sizes: npt.ArrayLike | None = None,
    max_bytes: int = 0,
    times: npt.ArrayLike | None = None,
    ttl: float = math.inf,
    ttls: npt.ArrayLike | None = None,
    start: int = 0,
    *,
    eager: bool = False,
) -> Counts:
    """Count the events of a FIFO cache with bounds and expiry; arguments as of `lru_bounded`."""
    keys, *bounds = bounded_inputs(
        ids,
        n_keys,
        sizes=sizes,
        max_bytes=max_bytes,
        times=times,
        ttl=ttl,
        ttls=ttls,
        start=start,
        eager=eager,
    )
    return Counts.from_array(_queue_bounded(keys, int(n_keys), int(max_entries), False, *bounds))


@njit(nogil=True, cache=True)
def _queue_bounded(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    max_entries: int,
    hit_moves: bool,
    sizes: npt.NDArray[np.int64],
    max_bytes: int,
    times: npt.NDArray[np.float64],
    ttl: float,
    ttls: npt.NDArray[np.float64],
    start: int,
    order: npt.NDArray[np.int32],
    stored: npt.NDArray[np.int64],
    deadline: npt.NDArray[np.float64],
    written: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    # The queue is the trace: an entry stands at the position of its insertion (FIFO) or last use
    # (LRU), and a position is stale when its key stands elsewhere.
    position = np.full(n_keys, -1, np.int32)
    swept = 0
    tail = 0
    entries = 0
    held = 0
    size = 1
    freed = 1
    now = 0.0
    hits = evictions = expirations = hit_bytes = 0
    for first, last in ((0, start), (start, n)):
        hits = evictions = expirations = hit_bytes = 0
        for t in range(first, last):
            key = ids[t]
            if timed:
                now = times[t]
            while eager and swept < n:
                write = np.int64(order[swept]) if varied else swept
                other = ids[write]
                if write >= t:
                    break
                if position[other] >= tail and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    position[other] = -1
                swept += 1
            if position[key] >= tail:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if hit_moves:
                        position[key] = t
                    continue
                expirations += 1
                position[key] = -1
                entries -= 1
                held -= stored[key] if sized else 1
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            while entries >= max_entries or held + size > max_bytes:
                victim = ids[tail]
                while position[victim] != tail:
                    tail += 1
                    victim = ids[tail]
                tail += 1
                if timed and now >= deadline[victim]:
                    expirations += 1
                else:
                    evictions += 1
                if sized:
                    freed = stored[victim]
                entries -= 1
                held -= freed
            position[key] = t
            entries += 1
            held += size
            if sized:
                stored[key] = size
            if timed:
                life = ttl
                if varied and not np.isnan(ttls[t]):
                    life = ttls[t]
                deadline[key] = now + life
            if eager:
                written[key] = t
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)
