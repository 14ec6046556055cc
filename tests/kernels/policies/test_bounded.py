"""Every policy that has bounds and expiry, against plain Python caches."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab import kernels
from perflab.kernels import policy_counts

MANY = 12 if numba.config.DISABLE_JIT else 300

POLICIES = tuple(name for name, loops in kernels.POLICIES.items() if loops.bounded)
KEYS = 7

gaps = st.floats(0, 3, allow_nan=False).map(lambda gap: round(gap, 1))
lives = st.one_of(st.just(math.nan), st.just(math.inf), st.floats(0, 9).map(lambda s: round(s, 1)))
requests = st.lists(
    st.tuples(st.integers(0, KEYS - 1), st.integers(0, 12), gaps, lives), max_size=120
)


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=MANY)
@given(
    requests=requests,
    max_entries=st.integers(0, KEYS + 2),
    max_bytes=st.sampled_from([0, 1, 5, 11, 20, 40]),
    ttl=st.sampled_from([math.inf, 0.0, 0.5, 3.0, 10.0]),
    sized=st.booleans(),
    timed=st.booleans(),
    varied=st.booleans(),
    eager=st.booleans(),
    data=st.data(),
)
def test_counts_are_those_of_a_plain_cache(
    *, plain, policy, requests, max_entries, max_bytes, ttl, sized, timed, varied, eager, data
):
    ids = [key for key, *_ in requests]
    bounds = {
        "sizes": [size for _, size, *_ in requests] if sized else [],
        "max_bytes": max_bytes,
        "times": np.cumsum([gap for _, _, gap, _ in requests]) if timed else [],
        "ttl": ttl,
        "ttls": [life for *_, life in requests] if varied else [],
        "start": data.draw(st.integers(0, len(ids))),
        "eager": eager,
    }
    counts = policy_counts(policy, ids, KEYS, max_entries, **bounds)
    assert tuple(counts) == plain(policy, ids, KEYS, max_entries, **bounds)


@pytest.mark.compiled
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("max_entries", [3, 150])
def test_long_traces_agree_with_a_plain_cache(plain, policy, max_entries, eager):
    rng = np.random.default_rng(max_entries)
    length = 6_000
    ids = np.minimum(rng.zipf(1.3, length) - 1, 999)
    bounds = {
        "sizes": rng.integers(1, 100, length),
        "max_bytes": 20 * max_entries,
        "times": np.cumsum(rng.exponential(1.0, length)),
        "ttl": 400.0,
        "ttls": np.where(rng.random(length) < 0.2, rng.uniform(0, 900, length), np.nan),
        "start": 2_000,
        "eager": eager,
    }
    counts = policy_counts(policy, ids, 1_000, max_entries, **bounds)
    assert tuple(counts) == plain(policy, ids.tolist(), 1_000, max_entries, **bounds)
    assert min(counts.hits, counts.evictions, counts.expirations) > 0


@pytest.mark.parametrize("policy", POLICIES)
def test_an_entry_lives_until_just_before_its_deadline(policy):
    for now, hits in ((9.999, 1), (10.0, 0)):
        counts = policy_counts(policy, [0, 0], 1, 1, times=[0.0, now], ttl=10.0)
        assert (counts.hits, counts.expirations, counts.misses) == (hits, 1 - hits, 2 - hits)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_hit_does_not_prolong_a_life(policy):
    counts = policy_counts(policy, [0, 0, 0], 1, 1, times=[0.0, 9.0, 11.0], ttl=10.0)
    assert (counts.hits, counts.expirations) == (1, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_an_expired_victim_is_not_an_eviction(policy):
    counts = policy_counts(policy, [0, 1], 2, 1, times=[0.0, 20.0], ttl=10.0)
    assert (counts.evictions, counts.expirations) == (0, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_lifetime_of_a_request_goes_before_the_common_one(policy):
    counts = policy_counts(
        policy, [0, 1, 0, 1], 2, 2, times=[0.0, 0.0, 5.0, 5.0], ttl=10.0, ttls=[2.0, math.nan] * 2
    )
    assert (counts.hits, counts.expirations) == (1, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_an_entry_larger_than_the_cache_moves_nothing(policy):
    counts = policy_counts(policy, [0, 1, 0, 1], 2, 2, sizes=[4, 11, 4, 11], max_bytes=10)
    assert tuple(counts) == (1, 3, 0, 0, 4, 1, 4)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_hit_counts_the_size_that_was_asked_for_and_holds_the_one_that_was_written(policy):
    counts = policy_counts(policy, [0, 0], 1, 1, sizes=[4, 9], max_bytes=5)
    assert (counts.hit_bytes, counts.bytes) == (9, 4)


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "wtinylfu"])
def test_a_large_entry_may_push_out_several(policy):
    counts = policy_counts(policy, [0, 1, 2, 3], 4, 4, sizes=[3, 3, 3, 8], max_bytes=10)
    assert tuple(counts) == (0, 4, 3, 0, 0, 1, 8)


def test_wtinylfu_lets_a_large_entry_in_when_it_is_asked_for_more_often():
    # The first try of 3 is one request against the one for 0. The second is two, and wins against 0
    # alone: 1 and 2 make the rest of the room unasked.
    ids, sizes = [0, 1, 2, 3, 3], [3, 3, 3, 8, 8]
    rejected = policy_counts("wtinylfu", ids[:4], 4, 4, sizes=sizes[:4], max_bytes=10)
    admitted = policy_counts("wtinylfu", ids, 4, 4, sizes=sizes, max_bytes=10)
    assert (rejected.entries, rejected.bytes) == (3, 9)
    assert (admitted.entries, admitted.bytes) == (1, 8)


@pytest.mark.parametrize("policy", POLICIES)
def test_an_eager_cache_makes_room_of_what_expired_before_it_evicts(policy):
    # When 2 comes, 0 has expired and 1 lives: the lazy cache throws out the older one all the same
    # or the live one, the eager cache has room.
    ids, times, ttls = [0, 1, 2, 1], [0.0, 1.0, 5.0, 6.0], [2.0, 99.0, 99.0, 99.0]
    eager = policy_counts(policy, ids, 3, 2, times=times, ttls=ttls, eager=True)
    assert (eager.hits, eager.evictions, eager.expirations) == (1, 0, 1)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
def test_a_lifetime_without_end_changes_nothing(policy, eager):
    ids = (np.random.default_rng(7).zipf(1.3, 2_000) % 90).astype(np.int32)
    bounds = {"sizes": ids % 7 + 1, "max_bytes": 90}
    plain = policy_counts(policy, ids, 90, 30, **bounds)
    aged = policy_counts(policy, ids, 90, 30, **bounds, times=np.arange(2_000.0), eager=eager)
    assert plain == aged


@pytest.mark.compiled
@pytest.mark.parametrize("policy", POLICIES)
def test_equal_sizes_weigh_as_entries(policy):
    # A hundred entries, so that the hundredth which is the window of W-TinyLFU is one of them.
    ids = (np.random.default_rng(8).zipf(1.2, 3_000) % 400).astype(np.int32)
    by_count = policy_counts(policy, ids, 400, 100)
    by_bytes = policy_counts(policy, ids, 400, 10_000, sizes=np.full(3_000, 10), max_bytes=1_000)
    assert by_bytes[:4] == by_count[:4]
    assert by_bytes.hit_bytes == 10 * by_count.hits
    assert by_bytes.bytes <= 1_000


@pytest.mark.parametrize("policy", POLICIES)
@given(ids=st.lists(st.integers(0, 29), min_size=1, max_size=200), room=st.integers(1, 32))
def test_bounds_that_nothing_reaches_leave_the_hits_of_the_policy_at_one_size(policy, ids, room):
    requests = kernels.Requests(np.array(ids, np.int32), 30, *kernels.previous_and_next(ids, 30))
    hits = int(kernels.policy_hits(policy, requests, room).sum())
    by_count = policy_counts(policy, ids, 30, room, times=range(len(ids)), ttl=1e9)
    by_bytes = policy_counts(policy, ids, 30, 10_000, sizes=[1] * len(ids), max_bytes=room)
    assert by_count.hits == by_bytes.hits == by_bytes.hit_bytes == hits
    assert by_count.entries == by_bytes.entries == min(room, len(set(ids)))
    assert by_count.evictions == by_count.misses - by_count.entries


@pytest.mark.parametrize("policy", POLICIES)
def test_without_a_clock_nothing_expires(policy):
    assert policy_counts(policy, [0, 0], 1, 1, ttl=0.0, ttls=[0.0, 0.0]).hits == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_requests_before_the_start_only_warm(policy):
    counts = policy_counts(policy, [0, 1, 0, 1, 2], 3, 2, start=2)
    assert (counts.hits, counts.misses, counts.evictions, counts.entries) == (2, 1, 1, 2)
    assert policy_counts(policy, [0, 0], 1, 1, start=9)[:5] == (0, 0, 0, 0, 0)


def test_the_hand_starts_over_when_the_head_expires_under_it():
    # Evicting 1 for 3 leaves the hand on 2. The expired 3 is too large to come back, so that 2 is
    # the head; it expires under the hand and comes back. The next victim is the tail, 0, not 2.
    ids = [0, 1, 2, 0, 3, 3, 2, 4, 5, 2]
    sizes = [1, 1, 1, 1, 1, 9, 1, 1, 1, 1]
    ttls = [99.0, 99.0, 5.5, 99.0, 0.5, 99.0, 99.0, 99.0, 99.0, 99.0]
    counts = policy_counts("sieve", ids, 6, 3, sizes=sizes, max_bytes=8, times=range(10), ttls=ttls)
    assert (counts.hits, counts.expirations, counts.evictions) == (2, 2, 2)


@pytest.mark.parametrize("column", ["sizes", "times", "ttls"])
def test_a_column_of_another_length_is_refused(column):
    with pytest.raises(ValueError, match=f"{column} has 3 elements for 2 requests"):
        policy_counts("lru", [0, 1], 2, 1, **{column: [1, 1, 1]})


def test_a_negative_size_is_refused():
    with pytest.raises(ValueError, match="negative"):
        policy_counts("sieve", [0, 1], 2, 1, sizes=[1, -1], max_bytes=3)
