"""The panel on a recording of a part of the keys: all that it says is of the whole workload."""

import dataclasses
import re

import numpy as np

from perflab.workloads.registry.traces import load_workload


def test_panel_speaks_of_all_keys_and_runs_the_part(open_panel, until):
    trace = load_workload("zipf:skew=0.8,keys=4k,requests=30k,seed=1")
    part = dataclasses.replace(trace, times=np.arange(30_000.0), sample_rate=0.1)
    panel = open_panel(part, {"max_cache_size": 5_000})
    said = re.sub("<[^>]*>", "", panel.header.workload.value)
    assert "a sample of 10 % of the keys" in said
    assert "sampled 10 %, ±" in panel.status.text
    assert "estimated for the full key set from a 10 % sample" in panel.status.text
    assert "with max_cache_size 500 for 5k" in panel.status.text
    memory = panel.forecast.prediction.metrics["memory_bytes"]
    assert panel.forecast.prediction.metrics["entries"] == 5_000
    panel.run_or_stop()
    rows = until(lambda: panel.runner.live is not None and panel.runner.live.rows)
    until(lambda: rows[-1]["entries"] >= 490)
    assert rows[-1]["entries"] <= 500
    costs = panel.runner.live.calibration.costs  # measured by now
    fixed = costs["base_bytes"] + 3 * costs["thread_bytes"]
    assert until(lambda: rows[-1].predicted.get("memory_bytes")) - fixed < memory / 5
    mark = until(lambda: panel.displays.what_if.points.get("measured"))
    assert "hit_rate" in mark.metrics
    assert "memory_bytes" not in mark.metrics
