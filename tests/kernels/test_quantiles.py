"""Exact quantiles of many durations: those of a sorted list."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab.kernels import quantiles_of

SHARES = (0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def plain(values, shares):
    known = sorted(value for value in values if not math.isnan(value))
    ranks = [max(math.ceil(share * len(known) - 1e-9) - 1, 0) for share in shares]
    return [known[rank] for rank in ranks]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(0, 1e9), st.sampled_from([0.0, 1e-3, 1e-3 * (1 + 1e-12), math.nan])),
        min_size=1,
        max_size=80,
    )
)
def test_quantiles_are_those_of_a_sorted_list(values):
    if all(map(math.isnan, values)):
        assert np.isnan(quantiles_of(values, SHARES)).all()
    else:
        assert quantiles_of(values, SHARES).tolist() == plain(values, SHARES)


def test_many_durations_of_all_sizes():
    values = np.random.default_rng(3).lognormal(-6, 4, 30_000)
    assert quantiles_of(values, SHARES).tolist() == plain(values.tolist(), SHARES)
    half = np.where(values > np.median(values), np.nan, values)
    assert quantiles_of(half, (0.25, 0.75)).tolist() == plain(half.tolist(), (0.25, 0.75))


def test_no_durations_have_no_quantiles():
    assert quantiles_of([], (0.5, 0.9)) == pytest.approx([math.nan, math.nan], nan_ok=True)
