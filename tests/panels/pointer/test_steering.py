from __future__ import annotations

import json
import math

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.pointer import Steering
from perflab.panels.setting_controls import SettingControls
from perflab.workloads import load_workload

BENCH = load_bench("cache")


class Panel:
    def __init__(self):
        self.applied = []
        self.controls = SettingControls(BENCH, {"max_cache_size": 500}, lambda *_: None)
        of = (self.controls.controls, BENCH.naming, self.controls.start_of)
        self.steering = Steering(*of, self.apply, BENCH.info)

    def apply(self, values):
        self.controls.show(values)
        self.applied.append(values)


@pytest.fixture
def panel():
    return Panel()


def test_a_move_sets_what_the_slider_would(panel):
    assert panel.steering.take({"turn": 1, "values": {"max_cache_size": 100}})
    assert panel.applied == [{"max_cache_size": 100}]
    assert panel.controls.controls["max_cache_size"].value == 100


def test_two_settings_move_at_once(panel):
    wanted = {"max_cache_size": 100, "ttl_seconds": 60}
    assert panel.steering.take({"turn": 1, "values": wanted})
    assert panel.applied == [wanted]


def test_a_move_to_where_it_stands_does_nothing(panel):
    assert panel.steering.take({"turn": 1, "values": {"max_cache_size": 500, "ttl_seconds": None}})
    assert panel.applied == []


def test_a_reset_puts_back_what_the_panel_began_with(panel):
    panel.steering.take({"turn": 1, "values": {"max_cache_size": 100, "ttl_seconds": 60}})
    assert panel.steering.take({"turn": 2, "reset": ["max_cache_size"]})
    assert panel.controls.values["max_cache_size"] == 500
    assert panel.controls.values["ttl_seconds"] == 60


@pytest.mark.parametrize("value", [-1, "a lot", math.nan, math.inf, 1e300, True])
def test_what_no_slider_takes_is_refused(panel, value):
    assert not panel.steering.take({"turn": 1, "values": {"max_cache_size": value}})
    assert panel.applied == []


@pytest.mark.parametrize("key", ["no such setting", "seed", "__class__", ""])
def test_what_has_no_control_is_refused(panel, key):
    assert not panel.steering.take({"turn": 1, "values": {key: 1}})
    assert not panel.steering.take({"turn": 1, "reset": [key]})


@pytest.mark.parametrize(
    "wanted",
    [
        {"values": {"max_cache_size": [1]}},
        {"values": {"max_cache_size": {}}},
        {"values": dict.fromkeys(map(str, range(99)), 1)},
        {"reset": [7]},
        {"values": 7},
        {"values": ["max_cache_size"]},
    ],
)
def test_a_message_of_another_shape_raises(panel, wanted):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        panel.steering.take(wanted)
    assert panel.applied == []


def test_what_a_workload_overrules_cannot_be_moved(panel):
    panel.controls.controls["max_cache_size"].overrule("it has no effect")
    assert panel.steering.idle(["max_cache_size", "ttl_seconds"]) == ["max_cache_size"]
    assert not panel.steering.take({"turn": 1, "values": {"max_cache_size": 100}})


def test_a_control_that_is_hidden_cannot_be_moved(panel):
    panel.controls.fit(load_workload("zipf:keys=10,requests=100"))
    assert panel.steering.idle(["speedup", "request_rate"]) == ["speedup"]


def test_what_names_a_workload_is_moved_by_no_dot():
    bench = load_bench("lazy_loading")
    controls = SettingControls(bench, {}, lambda *_: None)
    of = (controls.controls, bench.naming, controls.start_of)
    steering = Steering(*of, lambda _: None, bench.info)
    assert steering.handles([*controls.controls]).keys().isdisjoint(bench.naming)


def test_a_refusal_of_the_panel_is_one_of_the_move(panel):
    def refuse(values):
        raise BadInputError("not beside the others")

    panel.steering._apply = refuse
    assert not panel.steering.take({"turn": 1, "values": {"max_cache_size": 100}})


def test_stops_are_those_of_the_slider_as_they_are_written(panel):
    handles = panel.steering.handles(["max_cache_size", "ttl_seconds", "policy", "hit_rate"])
    assert {*handles} == {"max_cache_size", "ttl_seconds", "policy"}
    assert json.loads(json.dumps(handles, allow_nan=False)) == handles
    stops = handles["max_cache_size"]["stops"]
    slider = panel.controls.controls["max_cache_size"].stops
    assert [stop["value"] for stop in stops] == slider.values
    assert "10k" in [stop["text"] for stop in stops]
    assert handles["max_cache_size"]["whole"]
    assert handles["ttl_seconds"]["stops"][-1] == {"value": None, "text": "none"}
    assert [stop["value"] for stop in handles["policy"]["stops"]][:2] == ["lru", "fifo"]
