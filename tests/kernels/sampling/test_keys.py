from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perflab import kernels

KEYS = 12


@given(arrays(np.int32, st.integers(0, 80), elements=st.integers(0, KEYS - 1)))
def test_counts_are_those_of_numpy(ids):
    assert kernels.key_counts(ids, KEYS).tolist() == np.bincount(ids, minlength=KEYS).tolist()


@given(arrays(np.int32, st.integers(0, 40), elements=st.sampled_from([0, 1, 2, 65_535, 2**20])))
def test_keys_come_by_count_and_equal_ones_by_id(counts):
    assert kernels.by_count(counts).tolist() == sorted(
        range(len(counts)), key=lambda key: (-counts[key], key)
    )


@given(
    arrays(np.int32, st.integers(0, 80), elements=st.integers(0, KEYS - 1)),
    arrays(np.uint8, KEYS, elements=st.integers(0, 255)),
)
def test_a_draw_has_every_request_for_its_keys_and_no_other(ids, draws):
    found = kernels.requests_of(ids, draws)
    assert len(found) == 8
    for place, positions in enumerate(found):
        expected = [t for t, key in enumerate(ids) if draws[key] >> place & 1]
        assert positions.tolist() == expected


@pytest.mark.compiled
def test_memory_mapped_arrays_compile_nothing_more(tmp_path):
    np.save(tmp_path / "ids.npy", np.array([0, 1, 0], np.int32))
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    kernels.requests_of(mapped, np.array([1, 2], np.uint8))
    kernels.by_count(kernels.key_counts(mapped, 2))
    compiled = sys.modules["perflab.kernels.sampling.keys"]
    for name in ("_key_counts", "_by_low_count", "_totals", "_fill"):
        assert len(getattr(compiled, name).signatures) == 1, name


@pytest.mark.compiled
def test_a_sample_of_keys_has_all_operations_of_each_and_hits_as_the_whole():
    rng = np.random.default_rng(11)
    n_keys, length = 20_000, 300_000
    ids = rng.permutation(n_keys)[(rng.random(length) ** 1.5 * n_keys).astype(int)]
    codes = rng.choice(4, length, p=[0.7, 0.1, 0.1, 0.1]).astype(np.uint8)
    drawn = rng.random(n_keys) < 0.25
    rows = kernels.requests_of(ids, drawn.astype(np.uint8))[0]
    assert rows.tolist() == np.flatnonzero(drawn[ids]).tolist()
    sampled, keys = kernels.dense_ids(ids[rows])
    for policy in ("lru", "s3fifo", "arc"):
        whole = kernels.policy_counts(policy, ids, n_keys, 4_000, operations=codes)
        part = kernels.policy_counts(policy, sampled, len(keys), 1_000, operations=codes[rows])
        rates = [counts.misses / (counts.hits + counts.misses) for counts in (whole, part)]
        assert abs(rates[0] - rates[1]) < 0.03
