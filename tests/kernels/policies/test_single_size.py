"""Every policy at one size, against plain Python caches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels

POLICIES = tuple(kernels.POLICIES)
PLAIN = ("lru", "fifo", "sieve", "clock", "lfu", "s3fifo", "random", "opt")
KEYS = 9

requests = st.lists(st.integers(0, KEYS - 1), max_size=120)
capacities = st.integers(-1, KEYS + 3)


def hits(policy, ids, capacity, block=None, n_keys=KEYS):
    ids = np.array(ids, np.int32)
    requests = kernels.Requests(ids, n_keys, *kernels.previous_and_next(ids, n_keys))
    return kernels.policy_hits(policy, requests, capacity, block)


@pytest.mark.parametrize("policy", PLAIN)
@given(ids=requests, capacity=capacities)
def test_total_hits_are_those_of_a_plain_cache(flags, policy, ids, capacity):
    assert hits(policy, ids, capacity).sum() == sum(flags(policy, ids, capacity))


@pytest.mark.parametrize("policy", PLAIN[:-1])
@given(ids=requests, capacity=capacities)
def test_each_request_hits_as_in_a_plain_cache(flags, policy, ids, capacity):
    assert hits(policy, ids, capacity, block=1).tolist() == flags(policy, ids, capacity)


@pytest.mark.parametrize("policy", POLICIES)
@given(ids=requests, capacity=capacities, block=st.integers(1, 130))
def test_blocks_add_up_the_requests_within_them(policy, ids, capacity, block):
    single = hits(policy, ids, capacity, block=1)
    starts = range(0, len(ids), block)
    assert hits(policy, ids, capacity, block).tolist() == [
        single[start : start + block].sum() for start in starts
    ]


@given(ids=requests, capacity=capacities)
def test_no_policy_hits_more_than_the_optimum(ids, capacity):
    best = hits("opt", ids, capacity).sum()
    assert all(hits(policy, ids, capacity).sum() <= best for policy in POLICIES)


@pytest.mark.parametrize("policy", POLICIES)
@given(ids=requests)
def test_a_cache_of_all_keys_misses_each_once(policy, ids):
    assert hits(policy, ids, KEYS).sum() == len(ids) - len(set(ids))


@pytest.mark.parametrize("policy", POLICIES)
def test_no_requests_have_no_blocks(policy):
    assert hits(policy, [], 3).tolist() == []


@pytest.mark.parametrize("policy", PLAIN)
@pytest.mark.parametrize("capacity", [1, 63, 700, 5_000])
def test_long_traces_agree_with_a_plain_cache(flags, policy, capacity):
    keys = 400 if policy == "opt" else 20_000
    length = 3_000 if policy == "opt" else 30_000
    rng = np.random.default_rng(capacity)
    ids = np.minimum(rng.zipf(1.2, length) - 1, keys - 1).tolist()
    got = hits(policy, ids, capacity, n_keys=keys)
    assert got.sum() == sum(flags(policy, ids, capacity))


@pytest.mark.compiled
def test_the_optimum_keeps_entries_of_a_far_future():
    # Next uses spread over more than 64**3 positions, so that all levels of the bitmap are used.
    length = 600_000
    ids = np.arange(length, dtype=np.int32) % 300_000
    requests = kernels.Requests(ids, 300_000, *kernels.previous_and_next(ids, 300_000))
    for capacity in (1, 1_000, 100_000, 299_999):
        # The first keys of the loop stay, and the last one, as every miss is admitted.
        assert kernels.policy_hits("opt", requests, capacity).sum() == (
            capacity if capacity > 1 else 0
        )


def test_a_block_of_none_of_the_requests_is_refused():
    with pytest.raises(ValueError, match="at least 1 request"):
        hits("fifo", [0, 1], 1, block=0)
