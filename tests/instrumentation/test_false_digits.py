"""Numbers as people read them: no digits that were not measured, no powers of ten."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.charts.levels import Levels
from perflab.charts.limits import SteppedLimits
from perflab.instrumentation.catalog import METRICS, metric

POWER = re.compile(r"\de[+-]?\d")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency_seconds_mean", 3e-13, "< 1 ns"),
        ("latency_seconds_mean", 0.0, "0 ns"),
        ("latency_seconds_mean", 2e-9, "2 ns"),
        ("memory_bytes", 0.02, "< 1 B"),
        ("throughput_per_second", 1.1e-13, "0/s"),
        ("throughput_per_second", 0.00005, "0.00005/s"),
        ("throughput_per_second", 3.2e12, "3.2T/s"),
        ("read_amplification", 1e-9, "0"),
        ("hit_rate", 1e-9, "< 0.01 %"),
    ],
)
def test_what_is_below_what_can_be_measured_is_written_as_that(name, value, text):
    assert metric(name).format(value) == text


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("throughput_per_second", 1.1e-13, "± 0/s"),
        ("hit_rate", 3e-17, "± 0 points"),
        ("hit_rate", 0.0025, "± 0.25 points"),
        ("latency_seconds_mean", 1e-15, "± < 1 ns"),
    ],
)
def test_a_band_of_rounding_has_no_digits(name, error, text):
    assert metric(name).format_band(error) == text


@pytest.mark.parametrize(
    ("name", "error", "value", "exact"),
    [
        ("throughput_per_second", 1.1e-13, 500.0, True),
        ("throughput_per_second", 5.0, 500.0, False),
        ("latency_seconds_mean", 1e-18, 1e-6, True),
        ("hit_rate", 1e-16, 0.0, True),
        ("hit_rate", 1e-4, 0.5, False),
    ],
)
def test_rounding_is_told_from_a_band(name, error, value, exact):
    assert metric(name).is_exact(error, value) == exact


@given(st.sampled_from(sorted(METRICS)), st.floats(0, 1e14))
def test_no_metric_is_written_as_a_power_of_ten(name, value):
    assert not POWER.search(METRICS[name].format(value))
    assert not POWER.search(METRICS[name].format_band(value))


@given(
    st.sampled_from(["latency_seconds_p99", "hit_rate", "evictions", "memory_bytes"]),
    st.floats(1e-9, 1e6),
    st.floats(0, 1e9),
)
def test_no_difference_has_more_than_three_digits_of_per_cent(name, before, after):
    text = metric(name).difference(before, after)
    assert not POWER.search(text)
    number = float(re.sub(r"[^\d.]", "", text))
    assert number < 1000 or not text.endswith("%")
    assert number or text[0] not in "+−"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (1e-3, 0.28958, "290×"),
        (1e-6, 12.0, "12,000,000×"),
        (1e-3, 1.0000001e-3, "0 %"),
        (1e-3, 0.9999999e-3, "0 %"),
        (2.0, 1.0, "−50 %"),
    ],
)
def test_a_multiple_is_written_as_one_and_nothing_has_no_sign(before, after, text):
    assert metric("latency_seconds_mean").difference(before, after) == text


@pytest.mark.parametrize("share", [1e-4, 3e-5, 2e-3])
def test_one_request_in_many_is_no_spike(share):
    limits = SteppedLimits("ratio")
    limits.fit([0.0, share, 0.0])
    assert share <= 0.25 * limits.high
    levels = Levels("ratio")
    levels.fit(np.array([0.0, share, share / 2]))
    assert share <= 0.25 * (levels.high - levels.low)


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_shares_that_are_many_fill_their_axis(share):
    limits = SteppedLimits("ratio")
    limits.fit([0.0, share])
    assert limits.high <= 1.5 * share
