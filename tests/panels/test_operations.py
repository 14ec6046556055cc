"""A panel on a trace with writes, removals and TTLs of its own."""

import numpy as np
import pytest

from perflab.workloads import Trace

ROWS = ["get", "get", "get", "set", "touch", "delete", "write", "get"] * 300


@pytest.fixture
def trace():
    keys = np.arange(len(ROWS)) * 7 % 23
    return Trace.from_keys(
        keys, np.arange(len(ROWS)), ttls=np.full(len(ROWS), 40.0), operations=ROWS
    )


def test_panel_counts_operations_and_names_what_is_in_force_once(open_panel, trace):
    panel = open_panel(trace)
    counted = "other operations: set 300, touch 300, delete 300, write 300"
    assert f"1,200 reads · {counted}" in panel.header.workload.value
    said = panel.status.text
    assert said.count("writes recorded: ") == said.count("ttl_from recorded: ") == 1
    assert "every entry has a TTL of its own; ttl_seconds has no effect" in said


def test_ttl_comes_back_when_the_setting_counts_and_moves_the_prediction(open_panel, trace):
    panel = open_panel(trace, {"ttl_seconds": 5})
    ttl = panel.controls.controls["ttl_seconds"]
    assert ttl.slider.disabled
    own = panel.forecast.prediction.metrics["hit_rate"]
    panel.controls.controls["ttl_from"].value = "setting"
    assert not ttl.slider.disabled
    panel.wait(60)
    assert "ttl_from setting: ttl_seconds for all" in panel.status.text
    assert panel.forecast.prediction.metrics["hit_rate"] < own
    panel._reset()
    assert ttl.slider.disabled


def test_writes_left_out_have_other_hits(open_panel, trace):
    panel = open_panel(trace)
    recorded = panel.forecast.prediction.metrics["hit_rate"]
    panel.controls.controls["writes"].value = "ignore"
    panel.wait(60)
    assert "writes ignore: reads alone are replayed" in panel.status.text
    assert panel.forecast.prediction.metrics["hit_rate"] != recorded


def test_another_workload_brings_the_controls_back(open_panel, trace):
    panel = open_panel()
    writes = panel.controls.controls["writes"]
    assert writes.choice.disabled
    assert "perflab-overruled" in writes.widget._dom_classes
    panel.picker.pick(trace)
    panel.wait(60)
    assert not writes.choice.disabled
    assert "perflab-overruled" not in writes.widget._dom_classes
