from __future__ import annotations

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.setting_controls import SettingControls
from perflab.workloads import Arrivals, Trace


@pytest.fixture
def made():
    seen = []
    knobs = SettingControls(
        load_bench("cache"), {"max_cache_size": 500}, lambda *one: seen.append(one)
    )
    return knobs, seen


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


def test_arrivals_are_paced_by_a_rate_though_they_have_times(made):
    knobs, _ = made
    knobs.fit(Arrivals("calls", np.arange(10.0)))
    assert knobs.controls["speedup"].widget.layout.display == "none"
    assert knobs.values["request_rate"] is not None


@pytest.mark.parametrize(
    ("gap", "rate"),
    [(0.00033337, 3000.0), (0.5, 2.02), (4000.0, 0.001), (1e-9, 10_000_000)],
    ids=["busy", "slow", "hardly", "mad"],
)
def test_arrivals_begin_at_their_own_rate(gap, rate, made):
    knobs, _ = made
    knobs.fit(Arrivals("calls", np.arange(100.0) * gap))
    assert knobs.values["request_rate"] == pytest.approx(rate, rel=0.02)
    knobs.controls["request_rate"].value = 7.0
    knobs.reset()
    assert knobs.values["request_rate"] == pytest.approx(rate, rel=0.02)


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
