"""Eviction by sampling with writes, renewals and removals."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from perflab import kernels
from perflab.kernels import redis_eviction

TRACES = 15 if numba.config.DISABLE_JIT else 500
POLICIES = ("noeviction", "lru", "lfu", "ttl", "random")
GET, SET, TOUCH, DELETE, UNLESS_FILL = range(5)


def random_trace(seed, length=400, n_keys=30):
    rng = np.random.default_rng(seed)
    lives = np.where(rng.random(length) < 0.3, rng.integers(0, 90, length) / 10, np.nan)
    lives[rng.random(length) < 0.1] = math.inf
    return {
        "ids": rng.integers(0, n_keys, length),
        "n_keys": n_keys,
        "operations": rng.choice(5, length, p=[0.5, 0.2, 0.1, 0.1, 0.1]),
        "sizes": rng.integers(1, 12, length),
        "times": np.cumsum(rng.integers(0, 12, length) / 10),
        "ttl": float(rng.choice([math.inf, 3.0])),
        "ttls": lives,
    }


def endless_memory(ids, n_keys, operations, sizes, times, ttl, ttls):
    """Return hits, misses, and the live entries at the end with their bytes."""
    held, loaded, hits, misses = {}, set(), 0, 0
    for row, key in enumerate(ids.tolist()):
        code, now = int(operations[row]), times[row]
        life = ttl if math.isnan(ttls[row]) else ttls[row]
        if key in held and held[key][1] <= now:
            del held[key]
        fill = key in loaded and code in (SET, UNLESS_FILL)
        loaded.discard(key)
        if code == GET and key in held:
            hits += 1
        elif code in (GET, SET) or (fill and key in held):
            held[key] = (int(sizes[row]), now + life)
            if code == GET:
                misses += 1
                loaded.add(key)
        elif code == TOUCH and key in held:
            held[key] = (held[key][0], now + life)
        elif code in (DELETE, UNLESS_FILL):
            held.pop(key, None)
    live = [size for size, end in held.values() if end > times[-1]]
    return hits, misses, len(live), sum(live)


@pytest.mark.parametrize("policy", POLICIES)
def test_without_need_of_room_it_is_a_plain_cache(policy):
    for seed in range(TRACES):
        trace = random_trace(seed, length=60, n_keys=6)
        counts = redis_eviction(policy=policy, max_bytes=10**9, **trace)
        hits, misses, entries, held = endless_memory(**trace)
        assert (counts.hits, counts.misses) == (hits, misses), f"seed {seed}"
        assert (counts.evictions, counts.refused) == (0, 0)
        assert counts.entries >= entries
        assert counts.bytes >= held


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("volatile", [False, True])
def test_all_gets_are_a_trace_without_operations(policy, volatile):
    trace = random_trace(1, length=3_000) | {"operations": np.zeros(3_000, np.uint8)}
    limits = {"policy": policy, "max_bytes": 80, "volatile": volatile, "jitter": 0.2, "start": 900}
    gets = redis_eviction(**trace, **limits)
    assert gets == redis_eviction(**(trace | {"operations": None}), **limits)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("volatile", [False, True])
def test_what_is_held_stays_in_bounds_and_adds_up(policy, volatile):
    for seed in range(TRACES // 10):
        trace = random_trace(seed)
        history = kernels.new_history(400)
        counts = redis_eviction(
            policy=policy, max_bytes=60, volatile=volatile, history=history, **trace
        )
        gets = int((trace["operations"] == GET).sum())
        assert counts.hits + counts.misses == gets
        assert 0 <= counts.entries <= 30
        assert counts.bytes >= counts.entries
        outcomes = kernels.Outcomes.of(history, counts)
        assert not outcomes.hit[trace["operations"] != GET].any()
        if policy in ("lru", "lfu", "random") and not volatile:
            # One write may stand above, and a fill may grow by as much.
            assert counts.bytes <= 60 + 2 * 12


@pytest.mark.compiled
def test_many_samples_come_near_to_exact_lru():
    rng = np.random.default_rng(6)
    ids = np.minimum(rng.zipf(1.2, 60_000) - 1, 1_999)
    codes = rng.choice([GET, SET, DELETE, UNLESS_FILL], 60_000, p=[0.7, 0.1, 0.1, 0.1])
    for room in (50, 300, 1_000):
        exact = kernels.policy_counts("lru", ids, 2_000, room + 1, operations=codes).hits
        near = redis_eviction(ids, 2_000, "lru", room * 10, [10], samples=64, operations=codes)
        assert abs(near.hits - exact) < 0.003 * len(ids)


def test_a_removed_key_makes_room():
    kept = redis_eviction(
        [0, 1, 0, 2, 1], 3, "lru", 15, [10], operations=[GET, GET, DELETE, GET, GET], samples=50
    )
    assert (kept.hits, kept.evictions, kept.entries) == (1, 0, 2)


def test_a_renewed_age_saves_an_entry_and_a_lifetime_without_end_makes_it_persistent():
    for operation, hits in ((SET, 1), (TOUCH, 1), (DELETE, 0)):
        ids, codes = [0, 1, 0, 2, 3, 0], [SET, SET, operation, SET, SET, GET]
        counts = redis_eviction(ids, 4, "lru", 25, [10], operations=codes, samples=50)
        assert counts.hits == hits
    ids, codes = [0, 1, 0, 2, 3, 0], [SET, SET, TOUCH, SET, SET, GET]
    lives = [1.0, 5.0, math.inf, 5.0, 5.0, math.nan]
    counts = redis_eviction(
        ids,
        4,
        "ttl",
        25,
        [10],
        operations=codes,
        samples=50,
        volatile=True,
        times=[0.0] * 6,
        ttls=lives,
        ttl=9.0,
    )
    assert counts.hits == 1


def test_a_refused_write_leaves_what_is_there():
    counts = redis_eviction(
        [0, 1, 0, 0], 2, "noeviction", 15, [9, 9, 1, 9], operations=[SET, SET, SET, GET]
    )
    assert (counts.hits, counts.refused, counts.bytes) == (1, 1, 18)


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="operation 9 of request 0"):
        redis_eviction([0], 1, "lru", 15, [9], operations=[9])
