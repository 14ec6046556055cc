from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import bounded_ids, dense_ids

LOW, HIGH = -(2**63), 2**63 - 1


@given(keys=st.lists(st.one_of(st.integers(-3, 3), st.integers(LOW, HIGH)), max_size=60))
def test_ids_follow_the_first_appearance(keys):
    ids, unique = dense_ids(np.array(keys, np.int64))
    assert unique.tolist() == list(dict.fromkeys(keys))
    assert unique[ids].tolist() == keys
    assert (ids.dtype, unique.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize("stride", [1, 2**16, 2**31, 2**44 + 1])
def test_the_table_grows_over_many_keys(stride):
    order = np.random.default_rng(0).permutation(200_000)
    keys = np.concatenate([order, order]) * stride
    ids, unique = dense_ids(keys)
    assert np.array_equal(ids, np.tile(np.arange(200_000), 2))
    assert np.array_equal(unique, order * stride)


def test_ids_that_are_numbered_already_are_a_copy_of_themselves():
    for keys in ([0, 1, 0, 2], [0, 1, 0, 3], [1, 0], []):
        given = np.array(keys, np.int32)
        ids, unique = dense_ids(given)
        assert unique[ids].tolist() == keys
        assert unique.tolist() == list(dict.fromkeys(keys))
        assert not np.shares_memory(ids, given)


@pytest.mark.parametrize("keys", [[5, 2, 5], [-1, 7, -1], [2**40, 3, 2**40], []])
def test_bounded_ids_are_equal_for_equal_keys(keys):
    ids, bound = bounded_ids(np.array(keys, np.int64))
    assert ids.dtype == np.int32
    assert all(0 <= each < bound for each in ids.tolist())
    pairs = set(zip(keys, ids.tolist(), strict=True))
    assert len(pairs) == len(set(keys)) == len(set(ids.tolist()))
