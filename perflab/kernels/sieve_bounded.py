"""SIEVE with everything that bounds the live cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs


def sieve_bounded(
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
    """Count the events of a SIEVE cache with bounds and expiry; arguments as of `lru_bounded`.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. When the entry under the
    hand expires, the hand moves to the next one toward the head; past the head it starts over at
    the tail. A visited entry is spared even where it has expired; nobody has asked since.
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
    room = int(max(min(max_entries, n_keys), 0))
    return Counts.from_array(_sieve_bounded(keys, int(n_keys), room, *bounds))


@njit(nogil=True, cache=True)
def _sieve_bounded(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    max_entries: int,
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
    # The queue, from tail to head, is [0, packed) and [hand, end): between them is what the hand
    # removed. An element is stale when its key is not resident or stands elsewhere.
    queue = np.empty(2 * max(min(max_entries, n_keys), 0), np.int32)
    place = np.full(n_keys, -1, np.int32)
    visited = np.zeros(n_keys, np.bool_)
    swept = 0
    packed = 0
    hand = 0
    end = 0
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
                if place[other] >= 0 and written[other] == write:
                    if now < deadline[other]:
                        break
                    expirations += 1
                    entries -= 1
                    held -= stored[other] if sized else 1
                    place[other] = -1
                swept += 1
            if place[key] >= 0:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    visited[key] = True
                    continue
                expirations += 1
                place[key] = -1
                entries -= 1
                held -= stored[key] if sized else 1
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            while True:
                # The hand must be past what was removed, and at the tail again when nothing is
                # left toward the head, before a new entry is inserted there.
                if hand == end:
                    end = packed
                    hand = 0
                    packed = 0
                if hand < end and place[queue[hand]] != hand:
                    hand += 1
                    continue
                if entries < max_entries and held + size <= max_bytes:
                    break
                candidate = queue[hand]
                hand += 1
                if visited[candidate]:
                    visited[candidate] = False
                    place[candidate] = packed
                    queue[packed] = candidate
                    packed += 1
                    continue
                place[candidate] = -1
                if timed and now >= deadline[candidate]:
                    expirations += 1
                else:
                    evictions += 1
                if sized:
                    freed = stored[candidate]
                entries -= 1
                held -= freed
            if end == len(queue):
                live = 0
                for i in range(end):
                    if i == hand:
                        packed = live
                    other = queue[i]
                    if place[other] == i:
                        place[other] = live
                        queue[live] = other
                        live += 1
                hand = packed
                end = live
            place[key] = end
            queue[end] = key
            end += 1
            visited[key] = False
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
