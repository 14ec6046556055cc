"""Writes, renewals and removals in every policy, against plain Python caches; and their laws."""

from __future__ import annotations

import functools
import math

import numba
import numpy as np
import pytest

from perflab import kernels
from perflab.kernels import policy_counts

POLICIES = tuple(name for name, loops in kernels.POLICIES.items() if loops.bounded)
TRACES = 20 if numba.config.DISABLE_JIT else 2_000
GET, SET, TOUCH, DELETE, UNLESS_FILL = range(5)


@functools.cache
def random_trace(seed):
    """Return ids, how many there are, the entries, and the rest of what a cache is given."""
    rng = np.random.default_rng(seed)
    length, n_keys = int(rng.integers(1, 120)), int(rng.integers(1, 9))
    weights = rng.dirichlet([4, 2, 1, 1, 1])
    lives = np.where(rng.random(length) < 0.3, np.nan, rng.integers(0, 90, length) / 10)
    lives[rng.random(length) < 0.1] = np.inf
    sized, timed, varied = rng.random(3) < (0.7, 0.8, 0.5)
    return (
        rng.integers(0, n_keys, length).tolist(),
        n_keys,
        int(rng.integers(0, n_keys + 2)),
        {
            "operations": rng.choice(5, length, p=weights).tolist(),
            "sizes": rng.integers(0, 12, length).tolist() if sized else [],
            "max_bytes": int(rng.choice([0, 1, 5, 11, 20, 40])),
            "times": np.cumsum(rng.integers(0, 12, length) / 10).tolist() if timed else [],
            "ttl": float(rng.choice([math.inf, 0.0, 0.5, 3.0, 10.0])),
            "ttls": lives.tolist() if varied else [],
            "start": int(rng.integers(0, length + 1)) if rng.random() < 0.5 else 0,
            "eager": bool(rng.random() < 0.4),
        },
    )


def long_trace(seed=5, length=3_000, n_keys=200):
    rng = np.random.default_rng(seed)
    return (
        np.minimum(rng.zipf(1.3, length) - 1, n_keys - 1).astype(np.int32),
        rng.choice(5, length, p=[0.6, 0.15, 0.1, 0.1, 0.05]).astype(np.uint8),
        {
            "sizes": rng.integers(1, 100, length),
            "max_bytes": 2_000,
            "times": np.cumsum(rng.exponential(1.0, length)),
            "ttl": 200.0,
            "ttls": np.where(rng.random(length) < 0.2, rng.uniform(0, 900, length), np.nan),
        },
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_counts_are_those_of_a_plain_cache(plain, policy):
    for seed in range(TRACES):
        ids, n_keys, entries, rest = random_trace(seed)
        counts = policy_counts(policy, ids, n_keys, entries, **rest)
        expected = list(plain(policy, ids, n_keys, entries, **rest))
        assert [*counts] == expected, f"seed {seed}"
        gets = sum(code == GET for code in rest["operations"][rest["start"] :])
        assert counts.hits + counts.misses == gets


@pytest.mark.compiled
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("max_entries", [3, 80])
def test_long_traces_agree_with_a_plain_cache(plain, policy, max_entries, eager):
    ids, codes, rest = long_trace()
    rest |= {"max_bytes": 30 * max_entries, "start": 500, "eager": eager}
    counts = policy_counts(policy, ids, 200, max_entries, operations=codes, **rest)
    expected = plain(policy, ids.tolist(), 200, max_entries, operations=codes.tolist(), **rest)
    assert tuple(counts) == expected
    assert min(counts.hits, counts.evictions) > 0


@pytest.mark.parametrize("policy", POLICIES)
def test_entries_alone_are_counted_as_under_bounds_that_nothing_reaches(policy):
    for seed in range(TRACES):
        ids, n_keys, entries, rest = random_trace(seed)
        rows = {"operations": rest["operations"], "start": rest["start"]}
        counts = policy_counts(policy, ids, n_keys, entries, **rows)
        assert counts == policy_counts(policy, ids, n_keys, entries, max_bytes=10**9, **rows), seed


@pytest.mark.compiled
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("entries", [1, 10, 300, 1_990, 5_000])
@pytest.mark.parametrize("removals", [0.02, 0.4])
def test_long_traces_of_entries_alone_agree_with_bounds(policy, entries, removals):
    rng = np.random.default_rng(entries)
    ids = np.minimum(rng.zipf(1.2, 50_000) - 1, 1_999).astype(np.int32)
    codes = rng.choice(5, len(ids), p=[0.5, 0.3 - removals / 2, 0.1, removals / 2, 0.1])
    rows = {"operations": codes, "start": 5_000}
    counts = policy_counts(policy, ids, 2_000, entries, **rows)
    assert counts == policy_counts(policy, ids, 2_000, entries, max_bytes=10**9, **rows)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
def test_all_gets_are_a_trace_without_operations(policy, eager):
    ids, _, rest = long_trace()
    plain = policy_counts(policy, ids, 200, 40, eager=eager, **rest)
    gets = policy_counts(policy, ids, 200, 40, eager=eager, operations=[GET] * len(ids), **rest)
    assert gets == plain
    alone = policy_counts(policy, ids, 200, 40, operations=[GET] * len(ids))
    assert alone == policy_counts(policy, ids, 200, 40)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("operation", [TOUCH, DELETE, UNLESS_FILL])
def test_an_absent_key_is_neither_renewed_nor_removed(policy, operation):
    ids, codes, rest = long_trace()
    rows = np.arange(0, len(ids), 7)
    # What is inserted concerns keys that are never loaded.
    more = {
        name: np.insert(value, rows, value[rows])
        for name, value in rest.items()
        if isinstance(value, np.ndarray)
    }
    before = policy_counts(policy, ids, 202, 40, operations=codes, **rest)
    after = policy_counts(
        policy,
        np.insert(ids, rows, 200 + rows % 2),
        202,
        40,
        operations=np.insert(codes, rows, operation),
        **(rest | more),
    )
    assert after == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
def test_lifetimes_without_end_and_renewals_are_no_lifetimes(policy, eager):
    ids, codes, rest = long_trace()
    codes[codes == DELETE] = TOUCH
    endless = rest | {"ttl": math.inf, "ttls": np.full(len(ids), np.inf), "eager": eager}
    renewed = policy_counts(policy, ids, 200, 40, operations=codes, **endless)
    untimed = rest | {"times": None, "ttls": None}
    assert renewed == policy_counts(policy, ids, 200, 40, operations=codes, **untimed)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("eager", [False, True])
def test_a_renewed_entry_lives_on_and_one_that_is_cut_short_does_not(policy, eager):
    for life, hits in ((99.0, 1), (1.0, 0)):
        counts = policy_counts(
            policy,
            [0, 0, 0],
            1,
            1,
            times=[0.0, 4.0, 8.0],
            ttl=5.0,
            ttls=[math.nan, life, math.nan],
            operations=[GET, TOUCH, GET],
            eager=eager,
        )
        assert (counts.hits, counts.expirations) == (hits, 1 - hits)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_removed_key_is_loaded_anew_and_a_written_one_is_not(policy):
    counts = policy_counts(policy, [0, 0, 0, 1, 1], 2, 2, operations=[GET, DELETE, GET, SET, GET])
    assert tuple(counts) == (1, 2, 0, 0, 1, 2, 2)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_write_that_outgrows_the_cache_leaves_no_entry(policy):
    for codes in ([SET, SET], [GET, SET], [GET, UNLESS_FILL]):
        counts = policy_counts(policy, [0, 0], 1, 1, sizes=[3, 9], max_bytes=5, operations=codes)
        assert (counts.evictions, counts.expirations, counts.entries, counts.bytes) == (0, 0, 0, 0)


def test_the_fill_of_a_load_is_no_use():
    # In an LRU cache of two, the fill of 0 leaves it behind 1, a write would not.
    filled = policy_counts("lru", [0, 1, 0, 2, 0], 3, 2, operations=[GET, GET, SET, GET, GET])
    written = policy_counts("lru", [0, 1, 0, 2, 0], 3, 2, operations=[SET, GET, SET, GET, GET])
    assert (filled.hits, written.hits) == (0, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_only_a_removal_that_is_no_fill_removes(policy):
    for first, hits in ((GET, 1), (SET, 0)):
        counts = policy_counts(policy, [0, 0, 0], 1, 1, operations=[first, UNLESS_FILL, GET])
        assert counts.hits == hits


def test_outcomes_of_rows_that_are_no_gets_are_no_hits():
    codes, history = [GET, SET, GET, TOUCH, DELETE, GET], kernels.new_history(6)
    counts = policy_counts("lru", [0] * 6, 1, 1, operations=codes, history=history)
    outcomes = kernels.Outcomes.of(history, counts)
    assert outcomes.hit.tolist() == [False, False, True, False, False, False]
    assert outcomes.entries.tolist() == [1, 1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("operations", "message"),
    [([0, 5], "operation 5 of request 1"), ([0], "operations has 1 elements for 2 requests")],
)
def test_operations_that_cannot_be_are_refused(operations, message):
    with pytest.raises(ValueError, match=message):
        policy_counts("lru", [0, 0], 1, 1, operations=operations)


@pytest.mark.parametrize("policy", POLICIES)
def test_hits_of_blocks_are_those_of_the_counts(policy):
    ids, codes, _ = long_trace()
    requests = kernels.Requests(ids, 200, operations=codes)
    flags = kernels.policy_hits(policy, requests, 40, 1)
    assert set(np.flatnonzero(flags)) <= set(np.flatnonzero(codes == GET))
    blocks = kernels.policy_hits(policy, requests, 40, 700)
    assert blocks.tolist() == [flags[at : at + 700].sum() for at in range(0, len(ids), 700)]
    hits = policy_counts(policy, ids, 200, 40, operations=codes).hits
    assert blocks.sum() == kernels.policy_hits(policy, requests, 40).sum() == hits
