"""ARC with everything that bounds a cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs
from perflab.kernels.lists import BEFORE, BEHIND, BYTES, ENTRIES, move, new_lists, put, take

T1, T2, B1, B2 = 1, 2, 3, 4


def arc_bounded(
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
    """Count the events of an ARC cache with bounds and expiry; arguments as of `lru_bounded`.

    As `arc_hits`, weighted as in ZFS (arc_adapt in the arc.c of OpenSolaris): what a ghost
    remembers weighs as it did, and a request that finds one moves the target of T1 by its bytes,
    times the ratio of the ghosts' bytes where that is above 1. There is a target in entries and
    one in bytes; whichever bound lacks room decides by its own, and where T2 is empty T1 gives
    room. T1 and B1 together are limited to both bounds, and all four lists to twice both bounds.
    An expired entry that makes room leaves a ghost like any other; one that was found or swept
    leaves none.
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
    bounds += new_lists(n_keys, B2)
    return Counts.from_array(_arc_bounded(keys, int(n_keys), int(max_entries), *bounds))


@njit(nogil=True, cache=True)
def _arc_bounded(
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
    target = 0.0
    target_bytes = 0.0
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
                if 0 < home[other] < B1 and written[other] == write:
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
            if 0 < number < B1:
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    move(links, home, totals, key, T2, freed)
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
            if number > 0:
                other = B2 if number == B1 else B1
                step = max(totals[other, ENTRIES] / totals[number, ENTRIES], 1.0)
                step_bytes = freed * max(totals[other, BYTES] / max(totals[number, BYTES], 1), 1.0)
                if number == B1:
                    target = min(target + step, float(max_entries))
                    target_bytes = min(target_bytes + step_bytes, float(max_bytes))
                else:
                    target = max(target - step, 0.0)
                    target_bytes = max(target_bytes - step_bytes, 0.0)
                take(links, home, totals, key, freed)
            while entries >= max_entries or held + size > max_bytes:
                above = float(totals[T1, BYTES]) - target_bytes
                if entries >= max_entries:
                    above = float(totals[T1, ENTRIES]) - target
                gives = T1 if above > 0 or (above == 0 and number == B2) else T2
                if totals[gives, ENTRIES] == 0:
                    gives = T1 + T2 - gives
                other = links[n_keys + gives, BEHIND]
                if sized:
                    freed = stored[other]
                move(links, home, totals, other, B1 if gives == T1 else B2, freed)
                if timed and now >= deadline[other]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
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
            number = T2 if number > 0 else T1
            put(links, home, totals, key, links[n_keys + number, BEFORE], number, size)
            while (
                totals[T1, ENTRIES] + totals[B1, ENTRIES] > max_entries
                or totals[T1, BYTES] + totals[B1, BYTES] > max_bytes
            ):
                other = links[n_keys + B1, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
            while (
                entries + totals[B1, ENTRIES] + totals[B2, ENTRIES] > 2 * max_entries
                or held + totals[B1, BYTES] + totals[B2, BYTES] > 2 * max_bytes
            ):
                other = links[n_keys + B2, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)
