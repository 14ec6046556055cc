from __future__ import annotations

import json
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perflab.instrumentation import LatencyHistogram
from perflab.instrumentation.histogram import HIGHEST_SECONDS, LOWEST_SECONDS, RELATIVE_ERROR

inside = st.floats(LOWEST_SECONDS, HIGHEST_SECONDS)
anywhere = st.floats(-1.0, 1e5)
shares = st.sampled_from([0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0])


def recorded(values):
    histogram = LatencyHistogram()
    for value in values:
        histogram.record(value)
    return histogram


def nearest_rank(values, q):
    return sorted(values)[max(math.ceil(q * len(values)), 1) - 1]


def test_stated_error_is_at_most_one_percent():
    assert RELATIVE_ERROR <= 0.01


@given(st.lists(inside, min_size=1, max_size=200), shares)
def test_quantile_is_within_the_stated_error_of_a_full_sort(values, q):
    exact = nearest_rank(values, q)
    assert recorded(values).quantile(q) == pytest.approx(exact, rel=RELATIVE_ERROR)


@given(st.integers(-23, 9), st.integers(0, 127))
def test_bucket_edges_are_within_the_stated_error(exponent, step):
    edge = math.ldexp(1 + step / 128, exponent)
    assume(edge < HIGHEST_SECONDS)
    for value in (edge, math.nextafter(edge, 0), math.nextafter(edge, math.inf)):
        histogram = recorded([value, HIGHEST_SECONDS])
        assert histogram.quantile(0.5) == pytest.approx(value, rel=RELATIVE_ERROR)


@given(st.lists(anywhere, max_size=100), st.lists(anywhere, max_size=100))
def test_merging_equals_recording_all(one, other):
    merged = recorded(one)
    merged.merge(recorded(other))
    together = recorded(one + other)
    assert merged.total == pytest.approx(together.total)
    merged.total = together.total
    assert merged == together


@given(st.lists(anywhere, max_size=100), st.lists(inside, max_size=100))
def test_subtracting_an_earlier_copy_leaves_what_came_since(before, since):
    histogram = recorded(before)
    earlier = histogram.copy()
    for value in since:
        histogram.record(value)
    delta = histogram.subtract(earlier)
    expected = recorded(since)
    assert delta.count == expected.count
    assert delta.below == expected.below
    for q in (0.0, 0.5, 0.9):
        assert delta.quantile(q) == pytest.approx(
            expected.quantile(q), rel=2.1 * RELATIVE_ERROR, nan_ok=True
        )
    if since:
        assert delta.max == pytest.approx(max(since), rel=RELATIVE_ERROR)
        assert delta.total == pytest.approx(sum(since), abs=1e-9 * max(histogram.total, 1))


def test_subtracting_a_stranger_is_refused():
    with pytest.raises(ValueError, match="earlier copy"):
        recorded([1.0]).subtract(recorded([2.0]))


@given(st.lists(anywhere, max_size=100))
def test_recording_an_array_equals_recording_each(values):
    histogram = LatencyHistogram()
    histogram.record_many(np.array(values))
    one_by_one = recorded(values)
    assert histogram.total == pytest.approx(one_by_one.total)
    histogram.total = one_by_one.total
    assert histogram == one_by_one


@given(st.lists(anywhere, min_size=1, max_size=100))
def test_mean_and_largest_are_exact(values):
    histogram = recorded(values)
    assert histogram.mean == pytest.approx(sum(max(v, 0) for v in values) / len(values))
    assert histogram.max == max(0, *values)
    assert histogram.quantile(1.0) == histogram.max


@given(st.lists(anywhere, max_size=100))
def test_json_and_pickle_keep_everything(values):
    histogram = recorded(values)
    assert LatencyHistogram.from_dict(json.loads(json.dumps(histogram.to_dict()))) == histogram
    assert pickle.loads(pickle.dumps(histogram)) == histogram


def test_pickle_is_small():
    histogram = LatencyHistogram()
    histogram.record_many(np.random.default_rng(0).lognormal(-9, 0.5, 100_000))
    assert len(pickle.dumps(histogram)) < 4_000


def test_values_outside_are_clamped_and_counted():
    histogram = recorded([1e-9, 0.0, -3.0, 5e3, 1e-3])
    assert (histogram.below, histogram.above, histogram.count) == (3, 1, 5)
    assert histogram.quantile(0.1) == pytest.approx(LOWEST_SECONDS, rel=RELATIVE_ERROR)
    assert histogram.max == 5e3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(value):
    histogram = LatencyHistogram()
    with pytest.raises(ValueError, match="finite"):
        histogram.record(value)
    with pytest.raises(ValueError, match="finite"):
        histogram.record_many([1.0, value])
    assert histogram.count == 0


def test_empty_histogram_has_no_quantiles():
    histogram = LatencyHistogram()
    assert math.isnan(histogram.mean)
    assert math.isnan(histogram.quantile(0.5))


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        recorded([1.0]).quantile(95)


def test_a_copy_does_not_change_with_the_original():
    histogram = recorded([1.0])
    copy = histogram.copy()
    histogram.record(2.0)
    assert copy == recorded([1.0])


@pytest.mark.parametrize("broken", [{}, {"layout": "x"}, {"buckets": {"1": 1}}])
def test_foreign_forms_are_refused(broken):
    with pytest.raises(ValueError, match="histogram"):
        LatencyHistogram.from_dict(broken)


def test_a_form_cut_short_is_refused():
    form = recorded([1.0]).to_dict()
    del form["buckets"]
    with pytest.raises(ValueError, match="not a histogram"):
        LatencyHistogram.from_dict(form)


def test_reading_while_another_thread_records_gives_whole_numbers():
    histogram = LatencyHistogram()
    over = threading.Event()

    def record():
        while not over.is_set():
            for step in range(1_000):
                histogram.record(1e-6 * (1 + step))

    with ThreadPoolExecutor(1) as pool:
        recording = pool.submit(record)
        earlier = histogram.copy()
        for _ in range(200):
            copy = histogram.copy()
            delta = copy.subtract(earlier)
            assert delta.count == copy.count - earlier.count
            merged = LatencyHistogram()
            merged.merge(histogram)
            assert merged.count >= copy.count
            assert merged.quantile(0.999) <= merged.max
            earlier = copy
        over.set()
        recording.result(30)
    assert histogram.count % 1_000 == 0
