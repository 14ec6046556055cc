from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from perflab.charts.ticks import linear_ticks, log_ticks, set_ticks
from perflab.units import on_axis


def shown(unit, low, high, log):
    axes = Figure().subplots()
    axes.set_yscale("log" if log else "linear")
    axes.set_ylim(low, high)
    set_ticks(axes.yaxis, "metric", unit, low, high, log=log)
    axes.figure.canvas.draw()
    return [label.get_text() for label in axes.get_yticklabels()], axes.get_ylabel()


def test_sizes_are_written_with_k_and_m():
    labels, name = shown("entries", 10, 1_000_000, log=True)
    assert labels == ["10", "100", "1k", "10k", "100k", "1M"]
    assert name == "metric (entries)"


def test_ratio_is_written_in_percent():
    labels, name = shown("ratio", 0, 1.03, log=False)
    assert labels == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert name == "metric"


def test_linear_seconds_have_the_unit_in_the_label():
    labels, name = shown("seconds", 0, 4e-4, log=False)
    assert labels == ["0", "100", "200", "300", "400"]
    assert name == "metric (µs)"


def test_log_seconds_have_the_unit_at_each_tick():
    labels, _ = shown("seconds", 1e-6, 1e-2, log=True)
    assert labels == ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]


def test_long_times_stand_at_minutes_hours_and_days():
    labels, _ = shown("seconds", 1, 30 * 86400, log=True)
    assert {"1 s", "1 m", "1 h", "1 d"} & set(labels)
    assert not any("k" in label for label in labels)


def test_bytes_stand_at_powers_of_two():
    assert shown("bytes", 0, 200 * 2**20, log=False) == (
        ["0", "50", "100", "150", "200"],
        "metric (MiB)",
    )
    labels, _ = shown("bytes", 2**10, 2**30, log=True)
    assert "1 MiB" in labels


def test_narrow_log_axis_still_has_ticks():
    assert len(log_ticks(150, 900, "entries", 6)) >= 2


@given(
    st.floats(1e-9, 1e9), st.floats(1.01, 1e9), st.sampled_from(["", "bytes", "seconds", "entries"])
)
def test_log_ticks_are_few_and_within_the_limits(low, factor, unit):
    ticks = log_ticks(low, low * factor, unit, 6)
    assert len(ticks) <= 9
    assert all(low * 0.99 <= tick <= low * factor * 1.01 for tick in ticks)


@pytest.mark.parametrize("high", [1e-7, 0.03, 1.03, 7.0, 1234.0, 9e9])
def test_linear_ticks_are_few_and_begin_at_zero(high):
    ticks = linear_ticks(0, high, 6)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] == 0
    assert ticks[-1] <= high * 1.001


def test_few_bytes_have_ticks_in_their_own_unit():
    ticks = log_ticks(1.1 * 2**20, 1.9 * 2**20, "bytes", 6)
    assert [on_axis(tick, "bytes") for tick in ticks] == ["1.25 MiB", "1.5 MiB", "1.75 MiB"]
