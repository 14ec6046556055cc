from __future__ import annotations

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.setting_controls import SettingControls
from perflab.patterns.streaming import StreamingSettings
from perflab.patterns.streaming.workload import load_table
from perflab.workloads import Arrivals, Trace
from perflab.workloads.kinds.accesses import Accesses


@pytest.fixture
def made():
    seen = []
    knobs = SettingControls(
        load_bench("cache"), {"max_cache_size": 500}, lambda *one: seen.append(one)
    )
    return knobs, seen


@pytest.fixture
def pool():
    return SettingControls(load_bench("connection_pool"), {}, lambda *_: None)


def test_every_slider_of_the_bench_has_a_control(made):
    knobs, _ = made
    assert set(load_bench("cache").display.sliders) <= set(knobs.controls)


def test_values_of_the_user_go_over_the_defaults_of_the_panel(made):
    knobs, _ = made
    assert knobs.values["max_cache_size"] == 500
    assert (
        knobs.values["backend_seconds"]
        == load_bench("cache").display.panel_defaults["backend_seconds"]
    )


def test_unknown_setting_is_refused():
    with pytest.raises(BadInputError, match="max_cache_size"):
        SettingControls(load_bench("cache"), {"max_cachesize": 5}, lambda *_: None)


def test_pace_that_does_not_fit_the_workload_is_hidden_and_none(made):
    knobs, _ = made
    knobs.fit(Trace.from_keys(["a", "b"], times=[0, 1]))
    assert knobs.controls["request_rate"].widget.layout.display == "none"
    assert knobs.values["request_rate"] is None
    assert knobs.values["speedup"] is not None
    knobs.fit(Trace.from_keys(["a", "b"]))
    assert knobs.controls["speedup"].widget.layout.display == "none"
    assert knobs.values["speedup"] is None
    assert knobs.values["request_rate"] is not None


def test_arrivals_are_paced_by_a_rate_though_they_have_times(pool):
    pool.fit(Arrivals("calls", np.arange(10.0)))
    assert pool.controls["speedup"].widget.layout.display == "none"
    assert pool.values["request_rate"] is not None


@pytest.mark.parametrize(
    ("gap", "rate"),
    [(0.00033337, 3000.0), (0.5, 2.02), (4000.0, 0.001), (1e-9, 10_000_000)],
    ids=["busy", "slow", "hardly", "mad"],
)
def test_arrivals_begin_at_their_own_rate(gap, rate, pool):
    pool.fit(Arrivals("calls", np.arange(100.0) * gap))
    assert pool.values["request_rate"] == pytest.approx(rate, rel=0.02)
    pool.controls["request_rate"].value = 7.0
    pool.reset()
    assert pool.values["request_rate"] == pytest.approx(rate, rel=0.02)


def test_rate_that_the_user_named_stays(made):
    knobs = SettingControls(load_bench("connection_pool"), {"request_rate": 50}, lambda *_: None)
    knobs.fit(Arrivals("calls", np.arange(100.0) / 3000))
    assert knobs.values["request_rate"] == 50


def test_moved_control_changes_values_and_tells(made):
    knobs, seen = made
    knobs.controls["policy"].value = "sieve"
    assert knobs.read()[0].policy == "sieve"
    assert seen == [("policy", "sieve")]


def test_values_shown_are_checked_before_any_is_set(made):
    knobs, seen = made
    with pytest.raises(BadInputError):
        knobs.show({"max_cache_size": 7, "policy": "nonsense"})
    assert knobs.values["max_cache_size"] == 500
    knobs.show({"max_cache_size": 7, "policy": "fifo"})
    assert knobs.controls["max_cache_size"].text.value == "7"
    assert seen == []


def test_reset_goes_back_to_the_start(made):
    knobs, _ = made
    knobs.controls["max_cache_size"].value = 9999
    knobs.reset()
    assert knobs.values["max_cache_size"] == 500
    assert knobs.controls["max_cache_size"].text.value == "500"


TTLS = Trace.from_keys(["a", "b", "a"], times=[0, 1, 2], ttls=[5, 5, 5])
WRITES = Trace.from_keys(
    ["a", "a", "b"], times=[0, 1, 2], ttls=[5, np.nan, 5], operations=["get", "delete", "set"]
)


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_ttl_is_grey_where_every_entry_has_its_own(pattern):
    knobs = SettingControls(load_bench(pattern), {}, lambda *_: None)
    ttl = knobs.controls["ttl_seconds"]
    for trace in (TTLS, WRITES):
        knobs.fit(trace)
        assert ttl.slider.disabled
        assert ttl.text.disabled
        assert "every entry has a TTL of its own" in ttl.overruled
        assert knobs.controls["ttl_from"].overruled == ""
        knobs.controls["ttl_from"].value = "setting"
        assert not ttl.slider.disabled
        assert ttl.overruled == ""
        knobs.show({"ttl_from": "recorded"})
        assert ttl.slider.disabled
    knobs.fit(Trace.from_keys(["a", "b"], times=[0, 1]))
    assert not ttl.slider.disabled


def test_ttl_is_not_grey_where_some_entries_have_none(made):
    knobs, _ = made
    knobs.fit(Trace.from_keys(["a", "b"], times=[0, 1], ttls=[5, np.nan]))
    assert knobs.controls["ttl_seconds"].overruled == ""


def test_write_of_the_data_that_stores_has_the_ttl_of_the_settings(made):
    knobs, _ = made
    data = {"times": [0, 1], "ttls": [5, np.nan], "operations": ["get", "write"]}
    knobs.fit(Trace.from_keys(["a", "a"], **data))
    assert knobs.controls["ttl_seconds"].overruled
    knobs.controls["writes"].value = "through"
    assert knobs.controls["ttl_seconds"].overruled == ""


def test_endless_ttl_is_that_of_the_settings_where_writes_are_left_out(made):
    knobs, _ = made
    data = {"times": [0, 1], "ttls": [np.inf, 5], "operations": ["get", "set"]}
    knobs.fit(Trace.from_keys(["a", "a"], **data))
    assert knobs.controls["ttl_seconds"].overruled
    knobs.controls["writes"].value = "ignore"
    assert knobs.controls["ttl_seconds"].overruled == ""


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_replay_is_grey_where_the_workload_holds_reads_alone(pattern):
    knobs = SettingControls(load_bench(pattern), {}, lambda *_: None)
    knobs.fit(Trace.from_keys(["a", "b"], times=[0, 1]))
    assert knobs.controls["writes"].overruled == "the workload holds reads alone"
    assert knobs.controls["writes"].choice.disabled
    assert knobs.controls["ttl_from"].overruled == "the workload has no TTLs of its own"
    knobs.fit(WRITES)
    assert not knobs.controls["writes"].choice.disabled
    assert not knobs.controls["ttl_from"].choice.disabled


def test_grey_control_still_has_its_value(made):
    knobs, _ = made
    knobs.controls["ttl_seconds"].value = 60.0
    knobs.fit(TTLS)
    assert knobs.values["ttl_seconds"] == 60.0


def test_other_patterns_have_no_replay():
    for pattern in ("connection_pool", "streaming", "async_io", "lazy_loading", "prefetching"):
        assert not {"writes", "ttl_from"} & {*load_bench(pattern).display.sliders}


def test_delimiter_is_grey_where_the_source_is_no_text():
    knobs = SettingControls(load_bench("lazy_loading"), {}, lambda *_: None)
    knobs.fit(Accesses.of(Trace.from_keys(["0", "1", "2"]), n_rows=3))
    chips = knobs.controls["delimiter"]
    assert chips.choice.disabled
    assert chips.overruled == "applies only to CSV and TSV files; the source is SQLite"
    knobs.controls["data_source"].value = "flights:csv"
    assert not chips.choice.disabled
    assert chips.overruled == ""


def test_chunk_size_is_grey_where_the_engine_has_its_own(tmp_path):
    knobs = SettingControls(load_bench("streaming"), {}, lambda *_: None)
    (tmp_path / "in.csv").write_text("a\n1\n")
    knobs.fit(load_table(tmp_path / "in.csv", StreamingSettings()))
    assert knobs.controls["chunk_size"].overruled == ""
    knobs.controls["engine"].value = "polars_sink"
    assert knobs.controls["chunk_size"].slider.disabled
    assert "chunks of its own size" in knobs.controls["chunk_size"].overruled
    knobs.controls["engine"].value = "arrow"
    assert not knobs.controls["chunk_size"].slider.disabled
