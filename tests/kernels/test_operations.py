"""What rows with operations come to before any cache is simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perflab import kernels

GET, SET, TOUCH, DELETE, UNLESS_FILL = range(5)
NAN = math.nan


def test_a_get_loads_what_was_last_written():
    codes = [GET, SET, GET, TOUCH, GET, DELETE, GET, UNLESS_FILL, GET]
    own = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    lives = [1.0, 2.0, 3.0, NAN, 5.0, 6.0, 7.0, math.inf, 9.0]
    sizes, ttls = kernels.resolved([0] * 9, 1, codes, own, lives)
    assert sizes.tolist() == [1, 2, 2, 4, 2, 6, 2, 8, 8]
    expected = [1.0, 2.0, 2.0, NAN, NAN, 6.0, NAN, math.inf, math.inf]
    assert np.array_equal(ttls, expected, equal_nan=True)


def test_keys_are_told_apart_and_columns_that_are_not_there_stay_away():
    sizes, ttls = kernels.resolved([0, 1, 0, 1], 2, [SET, GET, GET, GET], [5, 6, 7, 8], None)
    assert (sizes.tolist(), ttls) == ([5, 6, 5, 8], None)
    sizes, ttls = kernels.resolved([0, 0], 1, [TOUCH, GET], None, [5.0, 6.0])
    assert (sizes, ttls.tolist()) == (None, [5.0, 5.0])


def test_all_gets_keep_their_own():
    own, lives = np.arange(50), np.arange(50) / 2
    sizes, ttls = kernels.resolved([3] * 50, 4, np.zeros(50, np.uint8), own, lives)
    assert np.array_equal(sizes, own)
    assert np.array_equal(ttls, lives)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"operations": [0, 9]}, "operation 9 of request 1"),
        ({"sizes": [1]}, "sizes has 1 elements"),
        ({"ttls": [1.0]}, "ttls has 1 elements"),
        ({"ids": [0, 7]}, "id 7 of request 1"),
    ],
)
def test_what_cannot_be_is_refused(changed, message):
    given = {"ids": [0, 0], "n_keys": 1, "operations": [0, 1], "sizes": [1, 1], "ttls": [1.0, 1.0]}
    with pytest.raises(ValueError, match=message):
        kernels.resolved(**(given | changed))


def test_a_removal_unless_fill_is_told_where_every_cache_agrees():
    # Of key 0 nothing is held when it is asked for, so that its fill is one; then it is removed.
    # Key 1 was written, key 2 removed before.
    ids = [0, 0, 0, 1, 1, 2, 2, 2, 2]
    codes = [GET, UNLESS_FILL, UNLESS_FILL, SET, UNLESS_FILL, SET, DELETE, GET, UNLESS_FILL]
    expected = [GET, TOUCH, DELETE, SET, DELETE, SET, DELETE, GET, TOUCH]
    assert kernels.settled(ids, 3, codes).tolist() == expected
    assert kernels.settled([0, 0, 0], 1, [SET, GET, UNLESS_FILL]) is None
