"""Redis's own eviction: sampled LRU, LFU, TTL and random within a number of bytes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

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
) -> npt.NDArray[np.int64]:
    n = len(ids)
    varied = len(ttls) > 0
    timed = len(times) > 0
    lives = timed and (varied or ttl < np.inf)
    # Keys stand in no order; one that leaves gives its place to the last.
    held = np.empty(n_keys, np.int32)
    place = np.full(n_keys, -1, np.int32)
    stored = np.zeros(n_keys, np.int64)
    touched = np.zeros(n_keys, np.int64)
    counter = np.zeros(n_keys, np.int16)
    deadline = np.full(n_keys, np.inf)
    # The keys whose row before was a get that missed.
    fresh = np.zeros(n_keys if operations is not None else 0, np.bool_)
    pool_keys = np.zeros(_POOL, np.int32)
    pool_scores = np.zeros(_POOL, np.float64)
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
            key = ids[t]
            tick = t
            if timed:
                now = times[t]
                tick = int(now / clock_seconds)
            minute = int(now / (60.0 * clock_seconds))
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
                        if deadline[other] <= now:
                            stale += 1
                            expirations += 1
                            entries -= 1
                            mortal -= 1
                            used -= stored[other]
                            moved = held[entries]
                            held[place[other]] = moved
                            place[moved] = place[other]
                            place[other] = -1
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
            if place[key] >= 0:
                alive = now < deadline[key] or not lives
                replaces = alive and operation == SET and not fills
                if alive and operation in (GET, TOUCH):
                    if policy == _LFU:
                        state = next_state(state)
                        counter[key] = _used(counter[key], minute - touched[key], share_of(state))
                        touched[key] = minute
                    else:
                        touched[key] = tick
                    if operation == GET:
                        hits += 1
                        if operations is not None:
                            fresh[key] = False
                        continue
                    inserts = False
                elif alive and fills:
                    used += size - stored[key]
                    stored[key] = size
                    counter[key] = _LFU_START
                    touched[key] = minute if policy == _LFU else tick
                    inserts = False
                elif not replaces:
                    expirations += not alive
                    entries -= 1
                    mortal -= deadline[key] < np.inf
                    used -= stored[key]
                    moved = held[entries]
                    held[place[key]] = moved
                    place[moved] = place[key]
                    place[key] = -1
            if not inserts and place[key] < 0:
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
                        if volatile and deadline[victim] == np.inf:
                            victim = -1
                        continue
                    drawn = 0
                    while drawn < samples:
                        state = next_state(state)
                        other = held[int(share_of(state) * entries)]
                        if volatile and deadline[other] == np.inf:
                            continue
                        drawn += 1
                        if policy == _LRU:
                            score = float(tick - touched[other])
                        elif policy == _LFU:
                            decayed = max(counter[other] - (minute - touched[other]), 0)
                            score = float(_LFU_MOST - decayed)
                        else:
                            score = -deadline[other]
                        k = 0
                        while k < pooled and pool_scores[k] < score:
                            k += 1
                        if pooled < _POOL:
                            for i in range(pooled, k, -1):
                                pool_keys[i] = pool_keys[i - 1]
                                pool_scores[i] = pool_scores[i - 1]
                            pooled += 1
                        elif k == 0:
                            continue
                        else:
                            k -= 1
                            for i in range(k):
                                pool_keys[i] = pool_keys[i + 1]
                                pool_scores[i] = pool_scores[i + 1]
                        pool_keys[k] = other
                        pool_scores[k] = score
                    while pooled > 0 and victim < 0:
                        pooled -= 1
                        other = pool_keys[pooled]
                        if place[other] >= 0 and not (volatile and deadline[other] == np.inf):
                            victim = other
                evictions += 1
                entries -= 1
                if deadline[victim] < np.inf:
                    mortal -= 1
                used -= stored[victim]
                moved = held[entries]
                held[place[victim]] = moved
                place[moved] = place[victim]
                place[victim] = -1
            if full:
                refused += 1
                continue
            if inserts and place[key] < 0:
                place[key] = entries
                held[entries] = key
                entries += 1
                stored[key] = size
                used += size
                counter[key] = _LFU_START
                touched[key] = minute if policy == _LFU else tick
                deadline[key] = np.inf
            elif inserts:
                used += size - stored[key]
                stored[key] = size
                if policy == _LFU:
                    state = next_state(state)
                    counter[key] = _used(counter[key], minute - touched[key], share_of(state))
                touched[key] = minute if policy == _LFU else tick
            mortal -= deadline[key] < np.inf
            deadline[key] = np.inf
            if lives:
                life = ttl
                if varied and not np.isnan(ttls[t]):
                    life = ttls[t]
                if life < np.inf:
                    if jitter > 0:
                        state = next_state(state)
                        life *= 1.0 - jitter * share_of(state)
                    deadline[key] = now + life
                    mortal += 1
    counts = (hits, n - start - hits, evictions, expirations, refused, entries, used)
    return np.array(counts, np.int64)


@njit(nogil=True, cache=True)
def _used(counter: int, minutes: int, share: float) -> int:
    """Return the LFU counter after a use so many minutes after the last; `share` is drawn."""
    count = max(counter - minutes, 0)
    above = max(count - _LFU_START, 0)
    if count < _LFU_MOST and share * (above * _LFU_FACTOR + 1) < 1.0:
        count += 1
    return count
