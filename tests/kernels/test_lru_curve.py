from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import lru_curve, lru_hits, previous_and_next

requests = st.lists(st.integers(0, 11), max_size=150)


@given(ids=requests, data=st.data())
def test_the_curve_equals_a_run_at_every_size(ids, data):
    start = data.draw(st.integers(0, len(ids)))
    previous, next_use = previous_and_next(ids, 12)
    curve = lru_curve(previous, start=start)
    assert curve.tolist() == [
        lru_hits(previous, next_use, capacity, block=1)[start:].sum()
        for capacity in range(len(set(ids)) + 1)
    ]


@pytest.mark.parametrize("length", [1_023, 1_024, 1_025, 70_000])
@pytest.mark.parametrize("start", [0, 600])
def test_the_curve_equals_runs_across_many_blocks(length, start):
    rng = np.random.default_rng(length)
    ids = rng.integers(0, 1 + length // 4, length).astype(np.int32)
    ids[rng.random(length) < 0.4] %= 50
    previous, next_use = previous_and_next(ids, 1 + length // 4)
    curve = lru_curve(previous, start=start)
    assert len(curve) == len(np.unique(ids)) + 1
    assert np.all(np.diff(curve) >= 0)
    for capacity in (0, 1, 2, 40, 55, 200, len(curve) // 2, len(curve) - 1):
        assert curve[capacity] == lru_hits(previous, next_use, capacity, block=1)[start:].sum()


def test_a_trace_without_requests_has_a_curve_of_nothing():
    assert lru_curve(np.empty(0, np.int32)).tolist() == [0]
