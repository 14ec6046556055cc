"""W-TinyLFU with everything that bounds a cache: entries, bytes and time to live."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.counts import Counts, bounded_inputs
from perflab.kernels.lists import BEFORE, BEHIND, BYTES, ENTRIES, move, new_lists, put, take
from perflab.kernels.sketch import count, estimate, halve, new_sketch, spread
from perflab.kernels.wtinylfu import PROBATION, PROTECTED, WINDOW


def wtinylfu_bounded(
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
    """Count the events of a W-TinyLFU cache with bounds and expiry; arguments as of `lru_bounded`.

    As `wtinylfu_hits`, weighted as in Caffeine 3 (its BoundedLocalCache: evictFromWindow,
    evictFromMain, reorderProbation). Window, main and protected have their shares of each bound,
    of entries and of bytes: a list is full by whichever comes first. A new entry enters the
    window, as the next to leave it where it is larger than the window. What the window gives up
    are candidates: while the cache is too large, each is compared with the next victim of
    probation, and the one that was asked for more rarely leaves, so that a large entry is let in
    by a single victim. Where candidates run out, those still in the window are compared, then
    victims leave unasked: of probation, of protected, of the window. An entry larger than
    protected stays in probation.

    Other than there, an entry without a size may leave, expired entries are compared until they
    are found or swept, and the sketch is made once for the entries that fit by the mean size of
    all requests: Caffeine enlarges it with the cache, and forgets what it counted.
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
    weights, most_bytes, *_ = bounds
    mean = float(weights.mean()) if len(weights) > 0 else 1.0
    fitting = max(1, min(max_entries, n_keys, int(most_bytes / max(mean, 1.0))))
    bounds += [*new_lists(n_keys, PROTECTED), new_sketch(fitting), 10 * fitting]
    counts = _wtinylfu_bounded(keys, int(n_keys), int(max_entries), *bounds)
    return Counts.from_array(counts)


@njit(nogil=True, cache=True)
def _wtinylfu_bounded(
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
    sketch: npt.NDArray[np.uint64],
    most_counted: int,
) -> npt.NDArray[np.int64]:
    n = len(ids)
    sized = len(stored) > 0
    timed = len(deadline) > 0
    varied = len(ttls) > 0
    eager = len(written) > 0
    main_room, main_bytes = int(max_entries * 0.99), int(max_bytes * 0.99)
    window_room, window_bytes = max_entries - main_room, max_bytes - main_bytes
    protected_room, protected_bytes = int(main_room * 0.8), int(main_bytes * 0.8)
    nobody = np.int32(n_keys)
    counted = np.int64(0)
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
                if home[other] > 0 and written[other] == write:
                    if now < deadline[other]:
                        break
                    if sized:
                        freed = stored[other]
                    take(links, home, totals, other, freed)
                    expirations += 1
                    entries -= 1
                    held -= freed
                swept += 1
            counted += count(sketch, spread(key))
            if counted == most_counted:
                counted = halve(sketch, counted)
            number = home[key]
            if number > 0:
                if sized:
                    freed = stored[key]
                if not timed or now < deadline[key]:
                    hits += 1
                    hit_bytes += sizes[t] if sized else 1
                    if number == PROBATION and freed <= protected_bytes:
                        number = PROTECTED
                    move(links, home, totals, key, number, freed)
                    while (
                        totals[PROTECTED, ENTRIES] > protected_room
                        or totals[PROTECTED, BYTES] > protected_bytes
                    ):
                        other = links[n_keys + PROTECTED, BEHIND]
                        if sized:
                            freed = stored[other]
                        move(links, home, totals, other, PROBATION, freed)
                    continue
                take(links, home, totals, key, freed)
                expirations += 1
                entries -= 1
                held -= freed
            if sized:
                size = sizes[t]
            if max_entries < 1 or size > max_bytes:
                continue
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
            end = n_keys + WINDOW
            left = end if size > window_bytes else np.int64(links[end, BEFORE])
            put(links, home, totals, key, left, WINDOW, size)
            candidate = nobody
            while totals[WINDOW, ENTRIES] > window_room or totals[WINDOW, BYTES] > window_bytes:
                other = links[n_keys + WINDOW, BEHIND]
                if sized:
                    freed = stored[other]
                move(links, home, totals, other, PROBATION, freed)
                if candidate >= nobody:
                    candidate = other
            victim = links[n_keys + PROBATION, BEHIND]
            victims = PROBATION
            searched = False
            while entries > max_entries or held > max_bytes:
                if candidate >= nobody and not searched:
                    candidate = links[n_keys + WINDOW, BEHIND]
                    searched = True
                if candidate >= nobody and victim >= nobody:
                    victims = PROTECTED if victims == PROBATION else WINDOW
                    victim = links[n_keys + victims, BEHIND]
                    continue
                if candidate == victim:
                    other = victim
                    victim = links[victim, BEHIND]
                    candidate = nobody
                elif victim >= nobody or (
                    candidate < nobody
                    and estimate(sketch, spread(candidate)) <= estimate(sketch, spread(victim))
                ):
                    other = candidate
                    candidate = links[candidate, BEHIND]
                else:
                    other = victim
                    victim = links[victim, BEHIND]
                    if candidate < nobody:
                        candidate = links[candidate, BEHIND]
                if sized:
                    freed = stored[other]
                take(links, home, totals, other, freed)
                if timed and now >= deadline[other]:
                    expirations += 1
                else:
                    evictions += 1
                entries -= 1
                held -= freed
    misses = n - start - hits
    counts = (hits, misses, evictions, expirations, hit_bytes, entries, held)
    return np.array(counts, np.int64)
