from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import policy_counts, redis_eviction
from perflab.kernels.policies.redis_eviction import REDIS_POLICIES

KEYS = 2000


@pytest.fixture(scope="module")
def ids():
    return (np.random.default_rng(1).zipf(1.2, 60_000) % KEYS).astype(np.int32)


@given(
    keys=st.lists(st.integers(0, 15), min_size=1, max_size=120),
    policy=st.sampled_from(sorted(REDIS_POLICIES)),
    room=st.integers(0, 900),
    volatile=st.booleans(),
    ttl=st.sampled_from([0.5, 4.0, np.inf]),
    data=st.data(),
)
def test_counts_add_up_at_any_settings(keys, policy, room, volatile, ttl, data):
    sizes = data.draw(st.lists(st.integers(1, 200), min_size=len(keys), max_size=len(keys)))
    times = np.arange(len(keys)) * 0.3
    found = redis_eviction(
        keys, 16, policy, room, sizes, volatile=volatile, times=times, ttl=ttl, jitter=0.2
    )
    assert found.hits + found.misses == len(keys)
    written = found.misses - found.refused
    assert written == found.entries + found.evictions + found.expirations
    # The entry that is written last is looked at by the next write only.
    assert found.bytes <= room + max(sizes)
    if ttl == np.inf:
        assert found.expirations == 0
    if policy == "noeviction" or (volatile and ttl == np.inf):
        assert found.evictions == 0


@pytest.mark.compiled
def test_many_samples_come_near_to_exact_lru(ids):
    for room in (50, 300, 1000):
        exact = policy_counts("lru", ids, KEYS, room + 1).hits
        near = redis_eviction(ids, KEYS, "lru", room * 10, [10], samples=64).hits
        few = redis_eviction(ids, KEYS, "lru", room * 10, [10], samples=1).hits
        assert abs(near - exact) < 0.003 * len(ids)
        assert abs(few - exact) > abs(near - exact)


def test_uses_within_one_tick_of_the_clock_are_not_told_apart(ids):
    slow = redis_eviction(ids, KEYS, "lru", 1000, [10], times=np.arange(len(ids)) * 1.0)
    fast = redis_eviction(ids, KEYS, "lru", 1000, [10], times=np.arange(len(ids)) * 1e-9)
    chance = redis_eviction(ids, KEYS, "random", 1000, [10])
    assert slow.hits > fast.hits
    assert fast.hits == pytest.approx(chance.hits, rel=0.02)


@pytest.mark.compiled
def test_lfu_keeps_what_is_asked_for_often(ids):
    scan = np.arange(60_000, dtype=np.int32) % 20_000 + KEYS
    mixed = np.stack([ids, scan], axis=1).ravel()
    lfu = redis_eviction(mixed, KEYS + 20_000, "lfu", 5000, [10]).hits
    lru = redis_eviction(mixed, KEYS + 20_000, "lru", 5000, [10]).hits
    assert lfu > 1.05 * lru


def test_a_counter_that_is_not_used_loses_one_a_minute():
    # Key 0 is asked for often, then never; ten minutes later it leaves before the newer ones.
    keys = [0] * 500 + [1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    times = np.array([0.0] * 500 + [3600.0] * 13)
    found = redis_eviction(keys, 8, "lfu", 35, [10], times=times, samples=16)
    kept = redis_eviction([*keys, 0], 8, "lfu", 35, [10], times=[*times, 3600.0], samples=16)
    assert kept.misses == found.misses + 1


def test_the_entry_that_expires_first_leaves_first():
    keys = [0, 1, 2, 3, 0, 2]
    found = redis_eviction(
        keys, 4, "ttl", 25, [10], times=np.zeros(6), ttls=[90, 10, 50, 80, 90, 50], samples=16
    )
    assert (found.hits, found.evictions) == (2, 1)


def test_without_eviction_writes_are_refused_and_miss_again():
    found = redis_eviction([0, 1, 2, 2, 0], 3, "noeviction", 15, [10])
    assert (found.hits, found.refused, found.entries) == (1, 2, 2)


def test_expired_entries_leave_though_nobody_asks_for_them():
    keys = np.arange(4000, dtype=np.int32)
    found = redis_eviction(keys, 4000, "lru", 10**9, [10], times=keys * 0.1, ttl=20.0)
    assert found.expirations > 3500
    assert found.entries < 300


def test_a_policy_that_redis_has_not_is_refused():
    with pytest.raises(ValueError, match="known: noeviction"):
        redis_eviction([0], 1, "sieve", 10, [1])
