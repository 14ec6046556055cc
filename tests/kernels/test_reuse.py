from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import previous_and_next


def test_neighbours_of_a_short_trace():
    previous, next_use = previous_and_next(np.array([0, 1, 0, 0, 2], np.int32), 3)
    assert previous.tolist() == [-1, -1, 0, 2, -1]
    assert next_use.tolist() == [2, 5, 3, 5, 5]
    assert previous.dtype == next_use.dtype == np.int32


@given(ids=st.lists(st.integers(0, 5), max_size=80))
def test_the_next_of_the_previous_is_the_request_itself(ids):
    previous, next_use = previous_and_next(ids, 6)
    for t, key in enumerate(ids):
        earlier = [i for i in range(t) if ids[i] == key]
        assert previous[t] == (earlier[-1] if earlier else -1)
        if earlier:
            assert next_use[previous[t]] == t
    assert np.count_nonzero(next_use == len(ids)) == len(set(ids))
