from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import (
    Requests,
    lru_curve,
    lru_curve_and_distances,
    lru_curve_up_to,
    policy_hits,
    previous_and_next,
)

requests = st.lists(st.integers(0, 11), max_size=150)


@given(ids=requests, data=st.data())
def test_the_curve_equals_a_run_at_every_size(ids, data):
    start = data.draw(st.integers(0, len(ids)))
    previous, next_use = previous_and_next(ids, 12)
    requests = Requests(previous=previous, next_use=next_use)
    curve = lru_curve(previous, start=start)
    assert curve.tolist() == [
        policy_hits("lru", requests, capacity, block=1)[start:].sum()
        for capacity in range(len(set(ids)) + 1)
    ]


@pytest.mark.parametrize("length", [1_023, 1_024, 1_025, 70_000])
@pytest.mark.parametrize("start", [0, 600])
def test_the_curve_equals_runs_across_many_blocks(length, start):
    rng = np.random.default_rng(length)
    ids = rng.integers(0, 1 + length // 4, length).astype(np.int32)
    ids[rng.random(length) < 0.4] %= 50
    previous, next_use = previous_and_next(ids, 1 + length // 4)
    requests = Requests(previous=previous, next_use=next_use)
    curve = lru_curve(previous, start=start)
    assert len(curve) == len(np.unique(ids)) + 1
    assert np.all(np.diff(curve) >= 0)
    for capacity in (0, 1, 2, 40, 55, 200, len(curve) // 2, len(curve) - 1):
        assert curve[capacity] == policy_hits("lru", requests, capacity, block=1)[start:].sum()


@pytest.mark.parametrize("length", [0, 1, 1_025, 9_000])
def test_a_request_is_a_hit_from_its_distance_on(length):
    ids = np.random.default_rng(length).zipf(1.3, length) % 800
    previous, next_use = previous_and_next(ids, 800)
    requests = Requests(previous=previous, next_use=next_use)
    curve, distances = lru_curve_and_distances(previous)
    assert curve.tolist() == lru_curve(previous).tolist()
    for capacity in (1, 2, 40, 500, 800):
        hits = policy_hits("lru", requests, capacity, block=1)
        assert np.array_equal(distances <= capacity, hits > 0)


def test_a_trace_without_requests_has_a_curve_of_nothing():
    assert lru_curve(np.empty(0, np.int32)).tolist() == [0]


@given(ids=requests, capacity=st.integers(1, 14), data=st.data())
def test_a_curve_up_to_a_size_is_the_beginning_of_the_whole(ids, capacity, data):
    start = data.draw(st.integers(0, len(ids)))
    previous, _ = previous_and_next(ids, 12)
    whole = lru_curve(previous, start=start)
    assert lru_curve_up_to(previous, capacity, start=start).tolist() == (
        whole[: capacity + 1].tolist()
    )


@pytest.mark.parametrize("capacity", [1, 7, 900, 1_024, 5_000, 100_000])
@pytest.mark.parametrize("keys", [40, 1_000, 30_000])
def test_a_curve_up_to_a_size_is_exact_across_many_blocks(capacity, keys):
    rng = np.random.default_rng(keys)
    ids = rng.integers(0, keys, 40_000).astype(np.int32)
    ids[rng.random(len(ids)) < 0.3] %= 50
    previous, _ = previous_and_next(ids, keys)
    whole = lru_curve(previous, start=500)
    found = lru_curve_up_to(previous, capacity, start=500)
    assert found.tolist() == whole[: capacity + 1].tolist()


def test_a_largest_cache_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 entry, got 0"):
        lru_curve_up_to(np.empty(0, np.int32), 0)
