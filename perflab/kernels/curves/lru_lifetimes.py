"""LRU with lazy expiry at one size and any TTL, from what does not depend on the TTL."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import popcount
from perflab.kernels.counts import Counts
from perflab.kernels.curves.lru_curve import FIRST_USE
from perflab.kernels.inputs import frozen

STRIDE, BLOCK = 4, 6
"""Of each 16th departure its request is kept, of each 64th its entry; as powers of two."""


class Departures(NamedTuple):
    """What leaves an LRU cache of some size, in the order in which it does.

    An entry stands at the position of its last use, and entries leave in the order of positions:
    the departure of the entry at a position has the number of departures from before it.

    Attributes:
        left: uint64 of shape (ceil(n / 64),): the bit of each position from which an entry left.
        before: int32, likewise: departures from positions before each word of `left`.
        pushed: uint64, likewise: the bit of each request that pushed an entry out.
        requests: int32: the request of departures 0, 16, 32 and so on.
        entries: int32: the position of departures 0, 64, 128 and so on, and of the last one.
    """

    left: npt.NDArray[np.uint64]
    before: npt.NDArray[np.int32]
    pushed: npt.NDArray[np.uint64]
    requests: npt.NDArray[np.int32]
    entries: npt.NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """The memory of all arrays together."""
        return sum(array.nbytes for array in self)


def lru_departures(previous: npt.ArrayLike, next_use: npt.ArrayLike, capacity: int) -> Departures:
    """Find all departures from an LRU cache of `capacity` entries, by the walk of `policies.lru`.

    Args:
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise.
        capacity: Entries, at least 1.

    Raises:
        ValueError: If the capacity is below 1, or there are not as many next uses as previous ones.
    """
    if capacity < 1:
        raise ValueError(f"a cache holds at least 1 entry, got {capacity}")
    before, after = frozen(previous, np.int32), frozen(next_use, np.int32)
    if len(before) != len(after):
        raise ValueError(f"{len(after)} next uses for {len(before)} requests")
    return Departures(*_lru_departures(before, after, int(capacity)))


@njit(nogil=True, cache=True)
def _lru_departures(
    previous: npt.NDArray[np.int32], next_use: npt.NDArray[np.int32], capacity: int
) -> tuple[
    npt.NDArray[np.uint64],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    n = len(previous)
    one = np.uint64(1)
    words = (n + 63) >> 6
    left = np.zeros(words, np.uint64)
    pushed = np.zeros(words, np.uint64)
    requests = np.empty((n >> STRIDE) + 1, np.int32)
    entries = np.empty((n >> BLOCK) + 2, np.int32)
    free = capacity
    tail = 0
    gone = 0
    for t in range(n):
        if previous[t] >= tail:
            continue
        if free > 0:
            free -= 1
            continue
        while next_use[tail] <= t:
            tail += 1
        pushed[t >> 6] |= one << np.uint64(t & 63)
        left[tail >> 6] |= one << np.uint64(tail & 63)
        if gone & ((1 << STRIDE) - 1) == 0:
            requests[gone >> STRIDE] = t
        if gone & ((1 << BLOCK) - 1) == 0:
            entries[gone >> BLOCK] = tail
        gone += 1
        tail += 1
    before = np.empty(words, np.int32)
    counted = 0
    for word in range(words):
        before[word] = counted
        counted += popcount(left[word])
    strides = (gone + (1 << STRIDE) - 1) >> STRIDE
    blocks = (gone + (1 << BLOCK) - 1) >> BLOCK
    if gone > 0:
        # The tail is just behind the entry that left last.
        entries[blocks] = tail - 1
        blocks += 1
    return left, before, pushed, requests[:strides].copy(), entries[:blocks].copy()


class DatedRequests(NamedTuple):
    """Requests key by key, each key's in order of time.

    Attributes:
        n_keys: Number of distinct keys.
        positions: int32 of shape (n,), from `by_key`.
        distances: int32 of shape (n,), from `lru_curve_and_distances`, in the order of `positions`.
        times: float64 of shape (n,), seconds, in the order of `positions`.
        clock: float64 of shape (n,), the same times in their own order: never backwards.
        sizes: int64 of shape (n,), bytes, in the order of `positions`; empty where all are 1.
        ttls: float64 of shape (n,), lifetimes that take the place of the common one where not
            NaN, in the order of `positions`; empty where there are none.
    """

    n_keys: int
    positions: npt.NDArray[np.int32]
    distances: npt.NDArray[np.int32]
    times: npt.NDArray[np.float64]
    clock: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.int64]
    ttls: npt.NDArray[np.float64]


def lru_with_ttl(
    requests: DatedRequests, departures: Departures, capacity: int, ttl: float = math.inf
) -> Counts:
    """Count the events of an LRU cache with lazy expiry: as `policy_counts` without `max_bytes`.

    What expired keeps its place until a request finds it, which loads it anew into the first
    place, or until it is the last: the cache holds the same keys at every TTL, those that Mattson
    et al. say ("Evaluation techniques for storage hierarchies", IBM Systems Journal 1970). So a
    request is a hit where its stack distance fits and the last load of its key is young enough,
    which each key's requests tell by themselves. An entry that is pushed out counts as expired
    where its time came before the request that pushed it. That does not hold where expired entries
    leave at once: they make room, and whose room it is depends on the TTL.

    Args:
        requests: The trace.
        departures: Of a cache of `capacity` entries.
        capacity: Entries, at least 1.
        ttl: Lifetime in seconds; infinite is none.
    """
    fitting = min(int(capacity), requests.n_keys)
    clock = frozen(requests.clock, np.float64)
    stays = _stays(clock, departures.requests, departures.entries)
    counted = _lru_with_ttl(
        frozen(requests.positions, np.int32),
        frozen(requests.distances, np.int32),
        frozen(requests.times, np.float64),
        clock,
        frozen(requests.sizes, np.int64),
        frozen(requests.ttls, np.float64),
        *departures[:-1],
        *stays,
        fitting,
        float(ttl),
    )
    hits, expirations, hit_bytes, held = (int(count) for count in counted)
    misses = len(requests.positions) - hits
    if len(requests.sizes) == 0:
        hit_bytes, held = hits, fitting
    evictions = misses - expirations - fitting
    return Counts(hits, misses, evictions, expirations, hit_bytes, fitting, held)


@njit(nogil=True, cache=True)
def _lru_with_ttl(
    positions: npt.NDArray[np.int32],
    distances: npt.NDArray[np.int32],
    times: npt.NDArray[np.float64],
    clock: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
    ttls: npt.NDArray[np.float64],
    left: npt.NDArray[np.uint64],
    before: npt.NDArray[np.int32],
    pushed: npt.NDArray[np.uint64],
    requests: npt.NDArray[np.int32],
    departed: npt.NDArray[np.float64],
    shortest: float,
    longest: float,
    capacity: int,
    ttl: float,
) -> tuple[int, int, int, int]:
    n = len(positions)
    one = np.uint64(1)
    sized = len(sizes) > 0
    varied = len(ttls) > 0
    hits = expirations = hit_bytes = held = 0
    deadline = 0.0
    stored = 0
    for i in range(n):
        now = times[i]
        if distances[i] <= capacity and now < deadline:
            hits += 1
            if sized:
                hit_bytes += sizes[i]
        else:
            expirations += distances[i] <= capacity
            life = ttl
            if varied and not np.isnan(ttls[i]):
                life = ttls[i]
            deadline = now + life
            if sized:
                stored = sizes[i]
        following = distances[i + 1] if i + 1 < n else FIRST_USE
        if following <= capacity:
            continue
        # Pushed out, or, where its key is not requested again, perhaps held to the end. Most
        # entries have longer to live than any stays; that one was pushed out in time needs no look.
        rest = deadline - now
        if rest <= longest or (sized and following == FIRST_USE):
            place = positions[i]
            bits = left[place >> 6]
            bit = one << np.uint64(place & 63)
            if not bits & bit:
                held += stored
            elif rest < shortest:
                expirations += 1
            elif rest <= longest:
                number = before[place >> 6] + popcount(bits & (bit - one))
                stride = number >> STRIDE
                if departed[stride] >= deadline:
                    expirations += 1
                elif departed[stride + 1] >= deadline:
                    # A call here would count references to all arrays.
                    further = number & ((1 << STRIDE) - 1)
                    word = requests[stride] >> 6
                    bits = pushed[word] & (~np.uint64(0) << np.uint64(requests[stride] & 63))
                    here = popcount(bits)
                    while further >= here:
                        further -= here
                        word += 1
                        bits = pushed[word]
                        here = popcount(bits)
                    for _ in range(further):
                        bits &= bits - one
                    lowest = bits & (~bits + one)
                    pushed_at = (word << 6) + popcount(lowest - one)
                    expirations += clock[pushed_at] >= deadline
    return hits, expirations, hit_bytes, held


@njit(nogil=True, cache=True)
def _stays(
    clock: npt.NDArray[np.float64],
    requests: npt.NDArray[np.int32],
    entries: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.float64], float, float]:
    """Return when some departures were, and bounds on how long any entry stays after its last use.

    A difference of rounded times that is beyond them is beyond the true one: rounding keeps order.

    Returns:
        The time of departures 0, 16, 32 and so on, and after them the end of all; the shortest
        stay is not below the first bound, the longest not above the second.
    """
    departed = np.empty(len(requests) + 1, np.float64)
    for stride in range(len(requests)):
        departed[stride] = clock[requests[stride]]
    departed[-1] = clock[-1] if len(clock) > 0 else 0.0
    shortest, longest = np.inf, -np.inf
    strides = 1 << (BLOCK - STRIDE)
    for i in range(len(entries) - 1):
        following = min((i + 1) * strides, len(departed) - 1)
        longest = max(longest, departed[following] - clock[entries[i]])
        shortest = min(shortest, departed[i * strides] - clock[entries[i + 1]])
    return departed, shortest, longest
