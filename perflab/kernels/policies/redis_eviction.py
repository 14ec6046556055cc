"""Redis's own eviction: sampled LRU, LFU, TTL and random within a number of bytes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.outcomes import history_for
from perflab.kernels.policies.operations import GET, SET, TOUCH, UNLESS_FILL, frozen_operations
from perflab.kernels.sampling.draws import next_state, share_of

REDIS_POLICIES = {"noeviction": 0, "lru": 1, "lfu": 2, "ttl": 3, "random": 4}
_NO_EVICTION, _LRU, _LFU, _TTL, _RANDOM = REDIS_POLICIES.values()
_POOL = 16
_LFU_START, _LFU_FACTOR, _LFU_MOST = 5, 10, 255
_TICK_SECONDS = 0.1
_TICK_SAMPLES = 20
_TICK_ROUNDS = 10
_PLACE, _TOUCHED, _STORED, _DEADLINE = 0, 1, 2, 3
_ROW = 4
"""What is known of a key stands side by side, so that a look at it is one at memory: where it
stands among those that are held, -1 where it does not, when it was used last, what it takes, and
when it expires."""


class RedisCounts(NamedTuple):
    """Events of the counted requests, and what is resident after the last one.

    Attributes:
        hits: Gets that found a live entry.
        misses: All other gets.
        evictions: Entries that were removed to make room.
        expirations: Entries that were removed because they had expired.
        refused: Writes, after a miss or recorded, that the server refused for lack of memory.
        entries: Resident entries at the end, expired ones not yet found included.
        bytes: Their size together.
    """

    hits: int
    misses: int
    evictions: int
    expirations: int
    refused: int
    entries: int
    bytes: int


def redis_eviction(
    ids: npt.ArrayLike,
    n_keys: int,
    policy: str,
    max_bytes: int,
    sizes: npt.ArrayLike,
    *,
    volatile: bool = False,
    samples: int = 5,
    times: npt.ArrayLike | None = None,
    ttl: float = math.inf,
    ttls: npt.ArrayLike | None = None,
    jitter: float = 0.0,
    clock_seconds: float = 1.0,
    start: int = 0,
    seed: int = 1,
    history: npt.NDArray[np.int32] | None = None,
    operations: npt.ArrayLike | None = None,
) -> RedisCounts:
    """Count what a Redis does with a GET for each request and a SET after each miss.

    After evict.c and expire.c of Redis 7: entries leave while more than `max_bytes` are held
    when a write comes, so that one entry may stand above it. The one to leave is the best of a
    pool of 16 candidates, filled up with `samples` keys each time and never refreshed. LRU
    knows ages to one tick of the server's clock, 1 s. LFU counts logarithmically from 5 with
    factor 10 and loses 1 a minute. Expired entries leave when requested, and ten times a second
    20 are drawn, again while more than a tenth of them had expired. Keys are drawn uniformly,
    where Redis takes neighbours from its table.

    With operations, the sizes and lifetimes are those that `resolved` gives. A set makes room like
    any write, then replaces what is there in its place, as a use that keeps the LFU counter. A
    touch is EXPIRE or PERSIST, which look the key up to write: to the server that is a use, too.
    The fill of a load (see `policies.operations`) is the SET that the load meant: the entry's age
    and its LFU counter begin with it.

    Args:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        policy: One of `REDIS_POLICIES`.
        max_bytes: What all entries may take together.
        sizes: int64 of shape (n,), bytes that an entry written at this request takes, or of
            shape (1,) where all take the same.
        volatile: Whether only entries with a lifetime are candidates.
        samples: Keys drawn to find one to leave; at least 1.
        times: float64 of shape (n,), seconds; None makes each request a tick, and nothing expires.
        ttl: Lifetime in seconds; infinite is none.
        ttls: float64 of shape (n,), lifetimes that take the place of `ttl` where not NaN.
        jitter: By what share a lifetime is shortened at random, at most.
        clock_seconds: A tick of the server's clock on the clock of `times`; a minute is 60.
        start: The first request that is counted; those before it warm the cache.
        seed: Of the draws.
        history: Filled for `Outcomes`; from `new_history`.
        operations: uint8 of shape (n,), of `policies.operations`; None is all gets.

    Raises:
        ValueError: If there is no such policy, a shape is wrong, or an operation is unknown.
    """
    if policy not in REDIS_POLICIES:
        raise ValueError(f"unknown policy {policy!r}; known: {', '.join(REDIS_POLICIES)}")
    keys, taken = frozen_ids(ids, n_keys), frozen(sizes, np.int64)
    when = frozen(() if times is None else times, np.float64)
    lives = frozen(() if ttls is None else ttls, np.float64)
    for name, column, allowed in (
        ("sizes", taken, (1, len(keys))),
        ("times", when, (0, len(keys))),
        ("ttls", lives, (0, len(keys))),
    ):
        if len(column) not in allowed:
            raise ValueError(f"{name} has {len(column)} elements for {len(keys)} requests")
    codes = None if operations is None else frozen_operations(operations, len(keys))
    first = min(max(int(start), 0), len(keys))
    counted = _redis_eviction(
        keys,
        int(n_keys),
        REDIS_POLICIES[policy],
        int(max_bytes),
        taken,
        bool(volatile),
        max(1, int(samples)),
        when,
        float(ttl),
        lives,
        float(jitter),
        float(clock_seconds),
        first,
        np.uint64(seed * 2 + 1),
        history_for(keys, history),
        codes,
        np.empty(_ROW * int(n_keys)),
    )
    counts = RedisCounts(*(int(count) for count in counted))
    if codes is None:
        return counts
    gets = int(np.count_nonzero(codes[first:] == GET))
    return counts._replace(misses=gets - counts.hits)


@njit(nogil=True, cache=True)
def _redis_eviction(
    ids: npt.NDArray[np.int32],
    n_keys: int,
    policy: int,
    max_bytes: int,
    sizes: npt.NDArray[np.int64],
    volatile: bool,
    samples: int,
    times: npt.NDArray[np.float64],
    ttl: float,
    ttls: npt.NDArray[np.float64],
    jitter: float,
    clock_seconds: float,
    start: int,
    state: Any,
    history: npt.NDArray[np.int32] | None,
    operations: npt.NDArray[np.uint8] | None,
    known: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    n = len(ids)
    varied = len(ttls) > 0
    timed = len(times) > 0
    lives = timed and (varied or ttl < np.inf)
    # Keys stand in no order; one that leaves gives its place to the last.
    held = np.empty(n_keys, np.int32)
    for key in range(n_keys):
        known[_ROW * key + _PLACE] = -1
        known[_ROW * key + _TOUCHED] = 0
        known[_ROW * key + _STORED] = 0
        known[_ROW * key + _DEADLINE] = np.inf
    counter = np.zeros(n_keys if policy == _LFU else 0, np.int16)
    # The keys whose row before was a get that missed.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    pool_keys = np.zeros(_POOL, np.int32)
    pool_scores = np.zeros(_POOL, np.float64)
    picked = np.empty(samples, np.int32)
    pooled = entries = mortal = 0
    used = 0
    tick = 0
    now = 0.0
    next_cycle = times[0] + _TICK_SECONDS * clock_seconds if timed and n > 0 else 0.0
    for _ in range(8):
        state = next_state(state)
    hits = evictions = expirations = refused = 0
    for first, last in ((0, start), (start, n)):
        hits = evictions = expirations = refused = 0
        for t in range(first, last):
            if history is not None:
                history[t, 0] = hits
                history[t, 1] = entries
            prefetch(known, _ROW * ids[min(t + AHEAD, n - 1)])
            key = ids[t]
            row = _ROW * key
            tick = t
            if timed:
                now = times[t]
                tick = int(now / clock_seconds)
            minute = int(now / (60.0 * clock_seconds)) if policy == _LFU else 0
            if lives and now >= next_cycle:
                next_cycle = now + _TICK_SECONDS * clock_seconds
                for _ in range(_TICK_ROUNDS):
                    if mortal == 0:
                        break
                    stale = 0
                    for _ in range(min(_TICK_SAMPLES, entries)):
                        if entries == 0:
                            break
                        state = next_state(state)
                        other = held[int(share_of(state) * entries)]
                        if known[_ROW * other + _DEADLINE] <= now:
                            stale += 1
                            expirations += 1
                            mortal -= 1
                            entries, used = _remove(held, known, other, entries, used)
                    if stale * 10 <= _TICK_SAMPLES:
                        break
            operation = GET
            fills = False
            if operations is not None:
                operation = int(operations[t])
                fills = bool(fresh[key]) & ((operation == SET) | (operation == UNLESS_FILL))
                fresh[key] = operation == GET
            size = sizes[t] if len(sizes) > 1 else sizes[0]
            inserts = operation <= SET
            replaces = False
            if known[row + _PLACE] >= 0:
                alive = now < known[row + _DEADLINE] or not lives
                replaces = alive and operation == SET and not fills
                if alive and operation in (GET, TOUCH):
                    if policy == _LFU:
                        state = next_state(state)
                        idle = minute - int(known[row + _TOUCHED])
                        counter[key] = _used(counter[key], idle, share_of(state))
                        known[row + _TOUCHED] = minute
                    else:
                        known[row + _TOUCHED] = tick
                    if operation == GET:
                        hits += 1
                        if operations is not None:
                            fresh[key] = False
                        continue
                    inserts = False
                elif alive and fills:
                    used += size - int(known[row + _STORED])
                    known[row + _STORED] = size
                    if policy == _LFU:
                        counter[key] = _LFU_START
                    known[row + _TOUCHED] = minute if policy == _LFU else tick
                    inserts = False
                elif not replaces:
                    expirations += not alive
                    mortal -= known[row + _DEADLINE] < np.inf
                    entries, used = _remove(held, known, key, entries, used)
            if not inserts and known[row + _PLACE] < 0:
                continue
            full = False
            while inserts and used > max_bytes:
                if policy == _NO_EVICTION or entries == 0 or (volatile and mortal == 0):
                    full = True
                    break
                victim = -1
                while victim < 0:
                    if policy == _RANDOM:
                        state = next_state(state)
                        victim = held[int(share_of(state) * entries)]
                        if volatile and known[_ROW * victim + _DEADLINE] == np.inf:
                            victim = -1
                        continue
                    # All are drawn before one is looked at, so that memory is asked for all.
                    drawn = 0
                    while drawn < samples:
                        state = next_state(state)
                        other = held[int(share_of(state) * entries)]
                        prefetch(known, _ROW * other)
                        if volatile and known[_ROW * other + _DEADLINE] == np.inf:
                            continue
                        picked[drawn] = other
                        drawn += 1
                    for i in range(samples):
                        other = picked[i]
                        if policy == _LRU:
                            score = float(tick - known[_ROW * other + _TOUCHED])
                        elif policy == _LFU:
                            idle = minute - int(known[_ROW * other + _TOUCHED])
                            score = float(_LFU_MOST - max(counter[other] - idle, 0))
                        else:
                            score = -known[_ROW * other + _DEADLINE]
                        k = 0
                        while k < pooled and pool_scores[k] < score:
                            k += 1
                        if pooled < _POOL:
                            for j in range(pooled, k, -1):
                                pool_keys[j] = pool_keys[j - 1]
                                pool_scores[j] = pool_scores[j - 1]
                            pooled += 1
                        elif k == 0:
                            continue
                        else:
                            k -= 1
                            for j in range(k):
                                pool_keys[j] = pool_keys[j + 1]
                                pool_scores[j] = pool_scores[j + 1]
                        pool_keys[k] = other
                        pool_scores[k] = score
                    while pooled > 0 and victim < 0:
                        pooled -= 1
                        other = pool_keys[pooled]
                        if known[_ROW * other + _PLACE] >= 0 and not (
                            volatile and known[_ROW * other + _DEADLINE] == np.inf
                        ):
                            victim = other
                evictions += 1
                mortal -= known[_ROW * victim + _DEADLINE] < np.inf
                entries, used = _remove(held, known, victim, entries, used)
            if full:
                refused += 1
                continue
            if inserts and known[row + _PLACE] < 0:
                known[row + _PLACE] = entries
                held[entries] = key
                entries += 1
                known[row + _STORED] = size
                used += size
                if policy == _LFU:
                    counter[key] = _LFU_START
                known[row + _TOUCHED] = minute if policy == _LFU else tick
                known[row + _DEADLINE] = np.inf
            elif inserts:
                used += size - int(known[row + _STORED])
                known[row + _STORED] = size
                if policy == _LFU:
                    state = next_state(state)
                    idle = minute - int(known[row + _TOUCHED])
                    counter[key] = _used(counter[key], idle, share_of(state))
                known[row + _TOUCHED] = minute if policy == _LFU else tick
            mortal -= known[row + _DEADLINE] < np.inf
            known[row + _DEADLINE] = np.inf
            if lives:
                life = ttl
                if varied and not np.isnan(ttls[t]):
                    life = ttls[t]
                if life < np.inf:
                    if jitter > 0:
                        state = next_state(state)
                        life *= 1.0 - jitter * share_of(state)
                    known[row + _DEADLINE] = now + life
                    mortal += 1
    counts = (hits, n - start - hits, evictions, expirations, refused, entries, used)
    return np.array(counts, np.int64)


@njit(nogil=True, cache=True)
def _remove(
    held: npt.NDArray[np.int32],
    known: npt.NDArray[np.float64],
    key: int,
    entries: int,
    used: int,
) -> tuple[int, int]:
    """Remove an entry; return how many there are then, and what they take."""
    place = int(known[_ROW * key + _PLACE])
    moved = held[entries - 1]
    held[place] = moved
    known[_ROW * moved + _PLACE] = place
    known[_ROW * key + _PLACE] = -1
    return entries - 1, used - int(known[_ROW * key + _STORED])


@njit(nogil=True, cache=True)
def _used(counter: int, minutes: int, share: float) -> int:
    """Return the LFU counter after a use so many minutes after the last; `share` is drawn."""
    count = max(counter - minutes, 0)
    above = max(count - _LFU_START, 0)
    if count < _LFU_MOST and share * (above * _LFU_FACTOR + 1) < 1.0:
        count += 1
    return count
