"""LRU over bytes: the distances of one pass against caches of every capacity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels

KEYS = 8


def distances(ids, size_of):
    ids = np.array(ids, np.int32)
    previous, _ = kernels.previous_and_next(ids, len(size_of))
    return kernels.lru_byte_distances(previous, np.array(size_of)[ids]), previous


@given(
    ids=st.lists(st.integers(0, KEYS - 1), max_size=100),
    size_of=st.lists(st.integers(0, 9), min_size=KEYS, max_size=KEYS),
    room=st.integers(9, 80),
)
def test_hits_are_those_of_a_plain_cache_in_which_every_key_fits(plain, ids, size_of, room):
    found, previous = distances(ids, size_of)
    hits, _, _, _, hit_bytes, *_ = plain(
        "lru", ids, KEYS, KEYS, sizes=[size_of[key] for key in ids], max_bytes=room
    )
    counted = (previous >= 0) & (found <= room)
    assert counted.sum() == hits
    assert sum(size_of[key] for key in np.array(ids)[counted]) == hit_bytes


@pytest.mark.parametrize("n_keys", [3, 300, 4_000])
def test_long_traces_agree_with_the_bounded_kernel(n_keys):
    rng = np.random.default_rng(n_keys)
    ids = np.minimum(rng.zipf(1.2, 20_000) - 1, n_keys - 1)
    size_of = rng.integers(1, 5_000, n_keys)
    found, previous = distances(ids, size_of)
    for room in (5_000, 20_000, 300_000, 5_000_000, 2**40):
        counts = kernels.policy_counts(
            "lru", ids, n_keys, n_keys, sizes=size_of[ids], max_bytes=room
        )
        assert ((previous >= 0) & (found <= room)).sum() == counts.hits


@given(ids=st.lists(st.integers(0, KEYS - 1), max_size=100), weight=st.integers(1, 7))
def test_equal_sizes_give_the_curve_of_entries(ids, weight):
    found, previous = distances(ids, [weight] * KEYS)
    curve = kernels.lru_curve(previous)
    for entries, hits in enumerate(curve):
        assert ((previous >= 0) & (found <= entries * weight)).sum() == hits
    by_weight = kernels.lru_curve(previous, weights=np.full(len(ids), weight))
    assert by_weight.tolist() == (weight * curve).tolist()


@given(ids=st.lists(st.integers(0, KEYS - 1), max_size=100), data=st.data())
def test_weights_are_added_up_over_the_hits(ids, data):
    weights = data.draw(st.lists(st.integers(0, 99), min_size=len(ids), max_size=len(ids)))
    previous, next_use = kernels.previous_and_next(np.array(ids, np.int32), KEYS)
    requests = kernels.Requests(previous=previous, next_use=next_use)
    curve = kernels.lru_curve(previous, weights=weights)
    for entries in range(len(curve)):
        hit = kernels.policy_hits("lru", requests, entries, 1) > 0
        assert curve[entries] == np.array(weights, np.int64)[hit].sum()


def test_another_number_of_sizes_or_weights_is_refused():
    with pytest.raises(ValueError, match="1 sizes for 2 requests"):
        kernels.lru_byte_distances([-1, 0], [4])
    with pytest.raises(ValueError, match="3 weights for 2 requests"):
        kernels.lru_curve([-1, 0], weights=[1, 2, 3])
