from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.workloads import Arrivals, Trace, load_arrivals, save_workload
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import open_arrivals, open_trace

gaps = st.lists(st.floats(0, 1e4), min_size=1, max_size=40)
CALLS = Arrivals(
    "calls",
    [0, 1, 1, 2.5],
    [0.1, np.nan, 0.3, 0],
    source="calls.csv",
    notes=("1 of 5 lines skipped",),
    options={"columns": {"start": "ts"}},
)


@given(gaps, st.data())
def test_what_is_saved_is_opened(tmp_path_factory, gaps, data):
    durations = data.draw(
        st.none() | st.lists(st.floats(0, 99), min_size=len(gaps), max_size=len(gaps))
    )
    arrivals = Arrivals("drawn", np.cumsum(gaps), durations)
    folder = tmp_path_factory.mktemp("arrivals") / "a"
    save_workload(arrivals, folder)
    again = open_arrivals(folder)
    np.testing.assert_array_equal(again.times, arrivals.times)
    assert (again.durations is None) == (durations is None)
    stored = again.__dict__.pop("fingerprint")
    assert stored == arrivals.fingerprint == again.fingerprint


def test_origin_and_options_come_back(tmp_path):
    save_workload(CALLS, tmp_path / "a")
    again = open_arrivals(tmp_path / "a")
    for name in ("name", "source", "notes", "options"):
        assert getattr(again, name) == getattr(CALLS, name)
    assert again.durations.tolist()[2:] == [0.3, 0.0]
    assert pickle.loads(pickle.dumps(again)).fingerprint == CALLS.fingerprint


def test_a_folder_of_a_trace_is_not_one_of_arrivals(tmp_path):
    save_workload(Trace.from_keys([1, 2]), tmp_path / "t")
    with pytest.raises(BadInputError, match="is not the folder of arrivals"):
        open_arrivals(tmp_path / "t")
    (tmp_path / "t" / "mine.txt").write_text("kept")
    with pytest.raises(BadInputError, match="holds something else"):
        save_workload(CALLS, tmp_path / "t")
    assert open_trace(tmp_path / "t").n_keys == 2


@given(st.lists(st.floats(1e-3, 1e4), min_size=2, max_size=40), st.floats(1e-3, 1e5))
def test_another_rate_stretches_time_and_keeps_the_unevenness(gaps, rate):
    arrivals = Arrivals("drawn", np.cumsum(gaps))
    other = arrivals.at_rate(rate)
    assert other.rate == pytest.approx(rate)
    assert other.times[0] == 0
    before, after = np.diff(arrivals.times), np.diff(other.times)
    scale = arrivals.rate / rate
    np.testing.assert_allclose(after, before * scale, rtol=1e-6, atol=1e-9 * other.times[-1])


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(BadInputError, match="must be above zero"):
        CALLS.at_rate(rate)


def test_the_rate_counts_a_gap_a_request():
    assert Arrivals("even", np.arange(11) / 5).rate == pytest.approx(5)
    assert Arrivals("one", [7.0]).rate == 1.0


def test_a_window_shares_memory_and_an_empty_one_is_refused():
    window = CALLS.window(1, 3)
    assert window.times.tolist() == [1, 1]
    assert np.shares_memory(window.times, CALLS.times)
    assert CALLS.prefix(99) is CALLS
    with pytest.raises(BadInputError, match="no request between"):
        CALLS.window(2, 2)


@pytest.mark.parametrize(
    ("times", "durations", "place"),
    [
        ([1, 0], None, "times[1]"),
        ([-1, 0], None, "times[0]"),
        ([0, 1], [1], "durations"),
        ([0, 1], [1, -1], "durations[1]"),
        ([0, 1], [np.inf, 1], "durations[0]"),
        ([], None, "wrong"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(times, durations, place):
    with pytest.raises(BadInputError) as caught:
        Arrivals("wrong", times, durations)
    assert caught.value.place == place


def test_even_gaps_are_summed_up():
    summary = describe(load_arrivals("steady:rate=50,requests=10k"))
    assert summary["requests_per_second"] == pytest.approx(50)
    assert summary["requests_in_busiest_second"] == 50
    assert summary["requests_in_busiest_minute"] == 3000
    assert summary["index_of_dispersion"] == 0
    assert summary["service_seconds_mean"] is None


def test_seconds_without_arrivals_count_in_the_dispersion():
    times = np.repeat([0.0, 4.0, 10.5], [3, 1, 1])
    counts = [3, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    said = describe(Arrivals("sparse", times))["index_of_dispersion"]
    assert said == pytest.approx(np.var(counts) / np.mean(counts))


def test_durations_that_are_not_known_are_left_out_of_the_summary():
    summary = describe(CALLS)
    assert summary["service_seconds_mean"] == pytest.approx(0.4 / 3)
    assert summary["index_of_dispersion"] is None
    assert summary["requests_in_busiest_minute"] is None
    unknown = describe(Arrivals("unknown", [0, 1], [np.nan, np.nan]))
    assert unknown["has_durations"] is False
    assert unknown["service_seconds_p95"] is None
