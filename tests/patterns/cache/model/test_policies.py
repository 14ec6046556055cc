"""What the cache's model says of every policy: laws, bounds, lifetimes, slices of two passes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perflab import kernels
from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.policies import CACHE_POLICIES, FUTURE_POLICIES, LIVE_POLICIES, POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

LOAD = LoadSettings()
BOUNDED = [policy for policy in POLICIES if policy not in FUTURE_POLICIES]


def counted(trace, load=LOAD, requests=None, **values):
    return CacheCounter(trace).counts(CacheSettings(**values), load, requests)


def skewed(length=3_000, n_keys=300, **columns):
    keys = np.random.default_rng(5).zipf(1.2, length) % n_keys
    return Trace.from_keys(keys, **columns)


def test_one_list_says_which_policies_there_are():
    bounded = {name for name, loops in kernels.POLICIES.items() if loops.bounded}
    assert set(kernels.POLICIES) == set(POLICIES) == set(CACHE_POLICIES)
    assert bounded == set(BOUNDED)
    assert FUTURE_POLICIES == ("opt",)
    assert set(LIVE_POLICIES) <= set(BOUNDED)


@pytest.mark.parametrize("policy", POLICIES)
@given(keys=st.lists(st.integers(0, 9), min_size=1, max_size=80), size=st.integers(1, 12))
def test_no_policy_is_above_the_optimum_or_holds_more_than_it_may(policy, keys, size):
    trace = Trace.from_keys(keys)
    counts = counted(trace, policy=policy, max_cache_size=size)
    assert counts.hits <= counted(trace, policy="opt", max_cache_size=size).hits
    assert counts.entries <= size
    assert counts.hits + counts.misses == len(keys)
    assert counts.evictions == counts.misses - counts.entries


@pytest.mark.parametrize("policy", POLICIES)
@given(keys=st.lists(st.integers(0, 9), min_size=1, max_size=80))
def test_room_for_all_keys_leaves_only_first_misses(policy, keys):
    counts = counted(Trace.from_keys(keys), policy=policy, max_cache_size=10)
    assert counts.misses == len(set(keys))


@pytest.mark.parametrize("policy", BOUNDED)
@pytest.mark.parametrize("expiry", ["lazy", "eager"])
def test_a_long_ttl_equals_none(policy, expiry):
    trace = skewed(times=np.arange(3_000.0))
    plain = counted(trace, policy=policy, max_cache_size=40)
    aged = counted(trace, policy=policy, max_cache_size=40, ttl_seconds=1e6, expiry=expiry)
    assert plain == aged


@pytest.mark.parametrize("policy", BOUNDED)
def test_byte_weights_of_one_equal_entries(policy):
    plain = counted(skewed(), policy=policy, max_cache_size=40)
    sized = skewed(sizes=np.ones(3_000, np.int64))
    by_bytes = counted(sized, policy=policy, max_cache_size=100_000, max_bytes=40)
    assert by_bytes.hits == plain.hits == by_bytes.hit_bytes
    assert by_bytes.bytes == plain.entries


@pytest.mark.parametrize("policy", POLICIES)
def test_sizes_that_do_not_bound_weigh_the_hits_of_every_policy(policy):
    trace = skewed(sizes=np.full(3_000, 7))
    counts = counted(trace, policy=policy, max_cache_size=40)
    assert counts.hits == counted(skewed(), policy=policy, max_cache_size=40).hits
    assert (counts.hit_bytes, counts.bytes) == (7 * counts.hits, 7 * counts.entries)


@pytest.mark.parametrize("policy", FUTURE_POLICIES)
def test_bounds_that_a_policy_is_not_simulated_with_are_refused_by_name(policy):
    bench = load_bench("cache")
    trace = skewed(times=np.arange(3_000.0), sizes=np.ones(3_000, np.int64))
    for values in ({"ttl_seconds": 5}, {"max_bytes": 100}):
        chosen = CacheSettings(policy=policy, **values)
        with pytest.raises(BadInputError, match=f"policy: {CACHE_POLICIES[policy].title} is"):
            bench.models.check(chosen, LOAD, trace)
        with pytest.raises(BadInputError, match="set ttl_seconds and max_bytes to none"):
            CacheCounter(trace).counts(chosen, LOAD)


def test_an_eager_cache_throws_no_live_entry_out_for_an_expired_one():
    trace = skewed(times=np.arange(3_000.0))
    lazy, eager = (
        counted(trace, max_cache_size=60, ttl_seconds=150, expiry=expiry)
        for expiry in ("lazy", "eager")
    )
    assert eager.evictions < lazy.evictions
    assert eager.hits > lazy.hits


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=15)
@given(first=st.integers(0, 399), last=st.one_of(st.integers(1, 400), st.sampled_from([200, 400])))
def test_a_slice_of_looped_requests_counts_like_playing_them(policy, first, last):
    keys = (np.random.default_rng(3).zipf(1.3, 200) % 60).tolist()
    model = CacheCounter(Trace.from_keys(keys))
    chosen = CacheSettings(policy=policy, max_cache_size=12)
    first = min(first, last - 1)
    whole = CacheCounter(Trace.from_keys(keys * 2))
    # Of a cache that knows the future, what comes after a slice decides what is kept in it.
    assume(policy not in FUTURE_POLICIES or last in (200, 400))
    counts = model.counts(chosen, LOAD, slice(first, last))
    played = whole.counts(chosen, LOAD, slice(first, last))
    assert counts.hits == played.hits
    assert counts.requests == last - first
