from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.charts.limits import SteppedLimits, ceiling, time_ceiling


@given(st.floats(1e-9, 1e12))
def test_ceiling_covers_the_value_and_wastes_less_than_half(value):
    assert value * 0.999 <= ceiling(value) <= value * 1.6


def test_ceiling_of_bytes_is_round_in_their_unit():
    assert ceiling(130 * 2**20, "bytes") == 150 * 2**20


@pytest.mark.parametrize(
    ("seconds", "step"), [(0, 10), (10, 10), (10.1, 20), (61, 120), (4000, 7200)]
)
def test_time_axis_grows_in_steps(seconds, step):
    assert time_ceiling(seconds) == step


def test_values_within_the_limits_do_not_move_them():
    limits = SteppedLimits("seconds")
    assert limits.fit([0.9])
    assert not limits.fit([0.8])
    assert not limits.fit([0.99])


def test_limits_shrink_when_little_of_them_is_used():
    limits = SteppedLimits("seconds")
    limits.fit([100.0])
    assert limits.fit([2.0])
    assert limits.high < 5


def test_wide_spread_of_latencies_turns_the_axis_logarithmic():
    limits = SteppedLimits("seconds")
    limits.fit([1e-6, 1e-3])
    assert limits.log
    assert limits.low <= 1e-6
    assert limits.high >= 1e-3


def test_ratio_stays_linear_up_to_the_whole():
    limits = SteppedLimits("ratio")
    limits.fit([0.001, 0.97])
    assert not limits.log
    assert limits.low == 0
    assert 1 < limits.high < 1.1


def test_no_values_leave_an_axis_that_can_be_drawn():
    limits = SteppedLimits("bytes")
    limits.fit([])
    assert limits.high > limits.low


def test_values_that_are_not_finite_are_passed_over():
    limits = SteppedLimits("seconds")
    limits.fit([float("nan"), float("inf"), 1.0])
    assert limits.high < 2


def test_running_log_axis_only_grows():
    limits = SteppedLimits("seconds")
    limits.fit([1e-6, 1e-3])
    limits.fit([5e-6, 1e-2])
    assert (limits.low, limits.high) == pytest.approx((1e-6, 1e-1))
    assert not limits.fit([2e-6, 1e-3])


def test_values_that_are_gone_leave_a_log_axis_as_it_was():
    limits = SteppedLimits("bytes")
    limits.fit([2.0**10, 2.0**30])
    assert not limits.fit([])
    assert limits.log
    assert limits.low > 0


@pytest.mark.parametrize("unit", ["seconds", "bytes", "1/s", ""])
@pytest.mark.parametrize("huge", [1e308, -1e308, 1.7e308])
def test_a_value_beyond_any_measurement_does_not_stop_the_drawing(unit, huge):
    limits = SteppedLimits(unit)
    limits.fit([1e-6, 1.0, huge])
    assert 1.0 <= limits.high < 1e300
