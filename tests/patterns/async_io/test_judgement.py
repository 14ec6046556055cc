"""A calibration of the client: on a machine that is disturbed, and under a cap on the rate."""

import pytest

from perflab.modelling.latency import QUANTILES
from perflab.patterns.async_io.calibration import (
    USER_STEPS,
    own_calibration,
    own_runs,
    user_calibration,
)


def user_run(limit, latency, most_rate, errors=0.0):
    """Return a run of a calibration whose server takes so long, under a cap on the rate."""
    rate = min(limit / latency, most_rate)
    point = {
        "throughput": rate * (1 - errors),
        "latency": {"mean": latency, "quantiles": [latency] * len(QUANTILES)},
        "error_share": errors,
        "throttled_seconds": limit / rate - latency,
    }
    return {"max_concurrent": limit, "most_rate": most_rate}, {"run": point}


@pytest.mark.parametrize(
    ("latency", "kept", "capped"),
    [
        (0.05, ["1", "2", "4", "8"], 8),
        (0.0051, ["1"], 1),
        (0.004, ["1"], 0),
        (0.0001, ["1"], 0),
        (1.0, ["1", "2", "4", "8", "16", "32"], None),
    ],
)
def test_levels_that_the_cap_held_are_no_measurement(latency, kept, capped):
    runs = [user_run(limit, latency, 200.0) for limit in USER_STEPS]
    found = user_calibration(runs)
    assert list(found["points"]) == kept
    assert found.get("capped") == capped
    # What one alone does is told by its latency, whatever the cap did.
    assert found["points"]["1"]["throughput"] == pytest.approx(1 / latency)
    assert found["usl"]["rate"] == pytest.approx(1 / latency, rel=1e-6)


def test_errors_of_one_alone_are_no_throughput():
    found = user_calibration([user_run(1, 0.001, 200.0, errors=0.25)])
    assert found["points"]["1"]["throughput"] == pytest.approx(750)


def test_a_server_that_answers_nothing_has_no_points():
    assert user_calibration([user_run(1, 0.001, 200.0, errors=1.0)]) == {}


def calibrate(seconds_at):
    """Run a calibration whose runs take so long a request: by limit, one after the other."""
    done, asked = [], []
    for values in own_runs(done):
        limit = values["max_concurrent"]
        asked.append((values["latency_seconds"], limit))
        taken = seconds_at.get(limit, [200e-6])
        rate = 1 / (taken.pop(0) if len(taken) > 1 else taken[0])
        each = values["latency_seconds"] + 300e-6
        latency = {"mean": each, "quantiles": [each] * len(QUANTILES)}
        run = {"throughput": rate, "latency": latency, "error_share": 0.0}
        done.append((values, {"run": run}))
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
