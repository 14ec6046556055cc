from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.charts.map_axis import MapAxis
from perflab.patterns.cache.bench import CacheBench

BENCH = CacheBench()
SIZES = sorted({round(10 * 1.8**step) for step in range(12)})


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12, unique=True).map(sorted))
def test_every_value_stands_in_the_middle_of_its_cell(values):
    axis = MapAxis(BENCH.info("max_cache_size"), values)
    assert [axis.place(value) for value in values] == pytest.approx(range(len(values)))
    assert len(axis.edges) == len(values) + 1


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_larger_value_never_stands_before_a_smaller_one(one, other):
    axis = MapAxis(BENCH.info("max_cache_size"), SIZES)
    low, high = sorted((one, other))
    assert axis.place(low) <= axis.place(high)
    assert axis.span[0] <= axis.place(low)
    assert axis.place(high) <= axis.span[1]


def test_none_alone_is_an_axis_of_one_cell():
    axis = MapAxis(BENCH.info("ttl_seconds"), [None])
    assert axis.place(None) == axis.place(60.0) == 0.0
    assert axis.span == (-0.5, 0.5)


def test_none_on_an_axis_without_it_stands_at_the_end():
    axis = MapAxis(BENCH.info("ttl_seconds"), [1.0, 10.0])
    assert axis.place(None) == axis.span[1]


def test_gap_before_none_is_a_cell_without_value():
    axis = MapAxis(BENCH.info("ttl_seconds"), [1.0, 10.0, None])
    assert len(axis.edges) == 5
    assert axis.blocks[0][1] < axis.blocks[1][0]
