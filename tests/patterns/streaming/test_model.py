"""Streaming's model: lines through measured points, exact at them, and bounded by the file."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.patterns.streaming.costs import fit_engine, fit_line
from perflab.patterns.streaming.model import StreamingModel
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.settings import LoadSettings

SIZES = (100, 1000, 10_000, 100_000)
BASES = st.floats(0, 1)
SLOPES = st.floats(1e-9, 1e-3)


class Rows:
    def __init__(self, rows):
        self._rows = rows

    def __len__(self):
        return self._rows


def costs_of(chunk, row, base=1e8, each=100.0):
    points = [(float(n), chunk + row * n, base + each * n) for n in SIZES]
    found = {"polars": fit_engine(points), "polars_sink": fit_engine(points[-1:])}
    return {"engines": {name: dataclasses.asdict(own) for name, own in found.items()}}


def ask(costs, chunk_size, rows=10**9, **more):
    load = LoadSettings(**{key: more.pop(key) for key in ("request_rate",) if key in more})
    settings = StreamingSettings(chunk_size=chunk_size, **more)
    return StreamingModel.of(Rows(rows), costs).predict(settings, load)


@given(BASES, SLOPES)
def test_a_line_is_found_again(base, slope):
    found = fit_line([(n, base + slope * n) for n in SIZES])
    assert found == pytest.approx((base, slope), rel=1e-4, abs=1e-9)


@given(st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3))
def test_measured_points_are_predicted_as_they_were_measured(times):
    points = [(float(n), t, t * 1e6) for n, t in zip((10, 100, 1000), times, strict=True)]
    costs = {"engines": {"polars": dataclasses.asdict(fit_engine(points))}}
    for rows, seconds, size in points:
        metrics = ask(costs, int(rows)).metrics
        assert metrics["latency_seconds_mean"] == pytest.approx(seconds)
        assert metrics["throughput_per_second"] == pytest.approx(rows / seconds)
        assert metrics["peak_memory_bytes"] == pytest.approx(size)


def test_between_and_beyond_measured_points_it_follows_the_lines():
    costs = costs_of(1e-3, 1e-6)
    for rows in (300, 30_000, 1_000_000):
        metrics = ask(costs, rows).metrics
        assert metrics["latency_seconds_mean"] == pytest.approx(1e-3 + 1e-6 * rows)
        assert metrics["peak_memory_bytes"] == pytest.approx(1e8 + 100 * rows)


def test_a_chunk_is_never_larger_than_the_file():
    costs = costs_of(1e-3, 1e-6)
    large, whole = ask(costs, 1_000_000, rows=5000), ask(costs, 5000, rows=5000)
    assert large.metrics == whole.metrics
    assert "the file has 5,000 rows" in large.remarks[0]
    assert whole.remarks == ()


def test_the_sink_takes_the_same_whatever_the_chunk():
    costs = costs_of(1e-3, 1e-6)
    found = [ask(costs, size, rows=10_000, engine="polars_sink").metrics for size in (10, 10_000)]
    assert found[0] == found[1]


def test_a_rate_of_chunks_bounds_the_rows():
    metrics = ask(costs_of(1e-3, 1e-6), 1000, request_rate=10).metrics
    assert metrics["throughput_per_second"] == pytest.approx(10_000)


def test_an_engine_that_was_not_calibrated_is_said_so():
    found = ask(costs_of(1e-3, 1e-6), 1000, engine="pandas")
    assert found.remarks == ("pandas was not calibrated; polars stands for it",)
