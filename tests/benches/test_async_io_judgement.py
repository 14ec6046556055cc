"""A calibration of the client, on a machine that is disturbed."""

from perflab.benches.async_io_judgement import own_calibration, own_runs
from perflab.models.latency import QUANTILES


def calibrate(seconds_at):
    """Run a calibration whose runs take so long a request: by limit, one after the other."""
    done, asked = [], []
    for values in own_runs(done):
        limit = values["max_concurrent"]
        asked.append((values["latency_seconds"], limit))
        taken = seconds_at.get(limit, [200e-6])
        rate = 1 / (taken.pop(0) if len(taken) > 1 else taken[0])
        latency = {"quantiles": [values["latency_seconds"] + 300e-6] * len(QUANTILES)}
        done.append((values, {"run": {"throughput": rate, "latency": latency}}))
    return own_calibration(done)["bottleneck_seconds"], asked


def test_each_run_is_made_once_where_they_agree():
    found, asked = calibrate({256: [280e-6]})
    assert len(asked) == len(set(asked))
    assert found == {"1": 200e-6, "16": 200e-6, "64": 200e-6, "256": 280e-6}


def test_a_run_that_something_else_held_up_is_made_once_more_and_the_faster_one_believed():
    found, asked = calibrate({256: [2127e-6, 280e-6]})
    assert asked[-1] == (0.002, 256)
    assert asked.count((0.002, 256)) == 2
    assert found["256"] == 280e-6


def test_what_stays_slow_is_believed():
    found, asked = calibrate({256: [2127e-6, 2000e-6]})
    assert asked.count((0.002, 256)) == 2
    assert found["256"] == 2000e-6
