"""2Q with everything that bounds a cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs
from perflab.kernels.lists import BEFORE, BEHIND, BYTES, ENTRIES, move, new_lists, put, take

A1IN, AM, A1OUT = 1, 2, 3


def twoq_bounded(
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
    """Count the events of a 2Q cache with bounds and expiry; arguments as of `lru_bounded`.

    As `twoq_hits`, weighted as libCacheSim's TwoQ.c: a quarter of each bound, of entries and of
    bytes, is A1in's and a half is A1out's, where a key weighs as its entry did. A1in gives room
    while it has more than its quarter of either, else Am, or whichever of them is not empty. A1out
    does not take a key that weighs more than its half. An expired entry that makes room is
    remembered like any other; one that was found or swept is not.
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
    bounds += new_lists(n_keys, A1OUT)
    return Counts.from_array(_twoq_bounded(keys, int(n_keys), int(max_entries), *bounds))


@njit(nogil=True, cache=True)
def _twoq_bounded(
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
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.uint8],
    totals: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    in_room, in_bytes = max_entries // 4, max_bytes // 4
    out_room, out_bytes = max_entries // 2, max_bytes // 2
    swept = 0
    entries = 0
    held = 0
    size = 1
    freed = 1
    now = 0.0
    hits = evictions = expirations = hit_bytes = 0
    for first_request, last_request in ((0, start), (start, n)):
        hits = evictions = expirations = hit_bytes = 0
        for t in range(first_request, last_request):
            key = ids[t]
            if timed:
                now = times[t]
            while eager and swept < n:
                write = np.int64(order[swept]) if varied else swept
                other = ids[write]
                if write >= t:
                    break
                if 0 < home[other] < A1OUT and written[other] == write:
                    if now < deadline[other]:
                        break
                    if sized:
                        freed = stored[other]
                    take(links, home, totals, other, freed)
                    expirations += 1
                    entries -= 1
                    held -= freed
                swept += 1
            number = home[key]
            if sized:
                freed = stored[key]
            if 0 < number < A1OUT:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if number == AM:
                        move(links, home, totals, key, AM, freed)
                    continue
                take(links, home, totals, key, freed)
                expirations += 1
                entries -= 1
                held -= freed
                number = 0
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
            if number == A1OUT:
                take(links, home, totals, key, freed)
            while entries >= max_entries or held + size > max_bytes:
                gives = AM
                if totals[A1IN, ENTRIES] > in_room or totals[A1IN, BYTES] > in_bytes:
                    gives = A1IN
                if totals[gives, ENTRIES] == 0:
                    gives = A1IN + AM - gives
                victim = links[n_keys + gives, BEHIND]
                if sized:
                    freed = stored[victim]
                take(links, home, totals, victim, freed)
                if timed and now >= deadline[victim]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
                if gives == AM or out_room == 0 or freed > out_bytes:
                    continue
                put(links, home, totals, victim, links[n_keys + A1OUT, BEFORE], A1OUT, freed)
                while totals[A1OUT, ENTRIES] > out_room or totals[A1OUT, BYTES] > out_bytes:
                    other = links[n_keys + A1OUT, BEHIND]
                    if sized:
                        freed = stored[other]
                    take(links, home, totals, other, freed)
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
            number = AM if number == A1OUT else A1IN
            put(links, home, totals, key, links[n_keys + number, BEFORE], number, size)
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)
