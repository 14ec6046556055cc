"""The LRU curve with writes and removals, against a cache of each size."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from perflab import kernels

TRACES = 15 if numba.config.DISABLE_JIT else 600
GET, SET, TOUCH, DELETE, UNLESS_FILL = range(5)


def random_rows(seed, weights):
    rng = np.random.default_rng(seed)
    length, n_keys = int(rng.integers(1, 90)), int(rng.integers(1, 9))
    return rng.integers(0, n_keys, length), n_keys, rng.choice(5, length, p=weights)


def assert_every_size_agrees(curve, ids, n_keys, codes):
    for capacity in range(len(curve.hits)):
        counts = kernels.policy_counts("lru", ids, n_keys, capacity, operations=codes)
        answer = curve.hits[capacity], curve.evictions[capacity], curve.entries[capacity]
        assert answer == (counts.hits, counts.evictions, counts.entries), capacity


@pytest.mark.parametrize(
    "weights", [(0.6, 0, 0.1, 0.3, 0), (0.3, 0.4, 0.1, 0.2, 0), (0.4, 0.05, 0, 0.4, 0.15)]
)
def test_every_size_agrees_with_a_cache_of_it(weights):
    answered = 0
    for seed in range(TRACES):
        ids, n_keys, codes = random_rows(seed, weights)
        curve = kernels.lru_curve_with(ids, n_keys, codes)
        if curve is None:
            continue
        answered += 1
        assert len(curve.hits) == len(set(ids[codes <= SET])) + 1
        assert_every_size_agrees(curve, ids, n_keys, codes)
    assert answered > TRACES // 20


@pytest.mark.compiled
def test_long_traces_agree_with_caches_of_some_sizes():
    rng = np.random.default_rng(2)
    ids = np.minimum(rng.zipf(1.2, 30_000) - 1, 2_999)
    codes = rng.choice([GET, TOUCH, DELETE], 30_000, p=[0.8, 0.1, 0.1])
    # Behind some rows, be they gets or not, a write of the same key.
    first = np.flatnonzero(rng.random(30_000) < 0.2)
    ids, codes = np.insert(ids, first + 1, ids[first]), np.insert(codes, first + 1, SET)
    curve = kernels.lru_curve_with(ids, 3_000, codes)
    for capacity in (1, 7, 100, 640, len(curve.hits) - 1):
        counts = kernels.policy_counts("lru", ids, 3_000, capacity, operations=codes)
        answer = curve.hits[capacity], curve.evictions[capacity], curve.entries[capacity]
        assert answer == (counts.hits, counts.evictions, counts.entries)


def test_all_gets_are_the_curve_of_a_trace_without_operations():
    ids = np.random.default_rng(3).zipf(1.3, 4_000) % 500
    curve = kernels.lru_curve_with(ids, 500, np.zeros(4_000, np.uint8))
    assert np.array_equal(curve.hits, kernels.lru_curve(kernels.previous_and_next(ids, 500)[0]))
    assert np.array_equal(curve.entries, np.arange(len(curve.hits)))


def test_a_fill_after_other_keys_has_no_curve_and_one_right_after_its_load_has():
    assert kernels.lru_curve_with([0, 1, 0], 2, [GET, GET, SET]) is None
    assert kernels.lru_curve_with([0, 1, 0], 2, [GET, DELETE, SET]).hits.tolist() == [0, 0]
    assert kernels.lru_curve_with([0, 0, 0], 1, [GET, GET, UNLESS_FILL]) is None
    filled = kernels.lru_curve_with([0, 1, 0, 0], 2, [GET, GET, UNLESS_FILL, GET])
    assert filled.hits.tolist() == [0, 0, 1]


def test_without_removals_gets_and_sets_are_requests():
    ids = np.array([0, 1, 2, 0, 1, 0, 2])
    codes = np.array([SET, GET, SET, SET, TOUCH, GET, GET])
    rows = kernels.lru_references(ids, 3, codes)
    assert rows.tolist() == [0, 1, 2, 3, 5, 6]
    previous, _ = kernels.previous_and_next(ids[rows], 3)
    _, distances = kernels.lru_curve_and_distances(previous)
    needed = distances[codes[rows] == GET]
    hits = [int((needed <= size).sum()) for size in range(4)]
    assert hits == kernels.lru_curve_with(ids, 3, codes).hits.tolist() == [0, 1, 2, 2]
    assert kernels.lru_references([0, 0], 1, [GET, DELETE]) is None
    assert kernels.lru_references([0, 1, 0], 2, [GET, GET, SET]) is None
