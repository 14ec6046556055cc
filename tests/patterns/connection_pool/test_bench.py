"""The pool bench on a real PostgreSQL: waits, faults, other pools, and what is recommended."""

from __future__ import annotations

import dataclasses
import time

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.verbs import calibrate, run, start_live
from perflab.patterns.connection_pool.settings import POOL_DRIVERS
from perflab.tuning.recommend import tune

ARRIVALS = "poisson:rate=300,requests=600,seed=1"


def until(condition, patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def calibration():
    return calibrate("connection_pool", None, {"query": "aggregate"}, 0.3)


@pytest.fixture(scope="module")
def result(calibration):
    values = {"query": "aggregate", "max_connections": 2, "timeout": 30}
    return run("connection_pool", ARRIVALS, values, 60, progress=False)


def test_a_calibration_knows_service_times_by_connections_and_their_law(calibration):
    service, law = calibration.costs["service"], calibration.costs["usl"]
    assert list(service) == ["1", "2", "4", "8"]
    assert all(found["mean"] > 0 for found in service.values())
    assert law["rate"] > 0
    assert law["contention"] >= 0
    assert calibration.costs["connect_seconds"] > 0


def test_every_arrival_is_served_and_its_wait_is_known(result):
    assert result.ended == "workload through"
    assert result.metrics["requests"] == 600
    assert result.metrics["errors"] == result.metrics["timeouts"] == 0
    assert result.metrics["connections"] == 2
    assert 0 < result.metrics["utilisation"] <= 1
    assert result.metrics["in_use"] > 0
    assert result.fitted["in_use"] == pytest.approx(result.metrics["in_use"], rel=0.3)
    assert result.metrics["wait_seconds_mean"] <= result.metrics["wait_seconds_p99"]


def test_the_runs_own_arrivals_and_service_times_are_what_is_predicted_from(result):
    real, own = result.metrics, result.fitted
    assert own["requests"] == real["requests"]
    assert own["service_seconds_mean"] == pytest.approx(real["service_seconds_mean"], rel=0.02)
    assert "service_seconds" not in result.costs


@pytest.mark.parametrize("driver", POOL_DRIVERS)
@pytest.mark.usefixtures("calibration")
def test_each_pool_is_driven_by_the_same_settings_and_resized(driver, monkeypatch):
    bench = load_bench("connection_pool")
    plan = dataclasses.replace(
        bench.calibration, kept_for=lambda *_: "PostgreSQL, perflab, query aggregate"
    )
    monkeypatch.setattr(bench, "calibration", plan)
    values = {"driver": driver, "query": "write", "max_connections": 2, "request_rate": 150}
    live = start_live("connection_pool", None, values, 60)
    try:
        until(lambda: live.rows and live.rows[-1]["requests"] > 100)
        live.apply({"max_connections": 5})
        until(lambda: len(live.changes) == 1)
        until(lambda: live.rows[-1]["version"] == 1)
        done = live.stop()
    finally:
        live.close()
    assert done.metrics["errors"] == 0
    assert 1 <= done.metrics["connections"] <= 5


@pytest.mark.usefixtures("calibration")
def test_killed_connections_are_replaced_and_a_restart_is_survived():
    values = {"query": "aggregate", "max_connections": 4, "min_connections": 4, "request_rate": 50}
    live = start_live("connection_pool", None, values, 120)
    try:
        until(lambda: live.rows and live.rows[-1]["requests"] > 20)
        live.act("kill")
        until(lambda: live.rows[-1]["connections_lost"] + live.rows[-1]["errors"] > 0)
        assert live.last.server_up
        live.act("restart")
        until(lambda: len(live.changes) == 2)
        until(lambda: live.last.server_up)
        answered = live.rows[-1]["requests"]
        until(lambda: live.rows[-1]["requests"] > answered + 50)
        done = live.stop()
    finally:
        live.close()
    assert [change["action"] for change in done.changes] == ["kill", "restart"]
    assert done.metrics["connections"] <= 4


def test_a_statement_that_fails_is_one_clear_error():
    with pytest.raises(BadInputError, match="as a statement it fails"):
        run("connection_pool", ARRIVALS, {"query": "SELEC 1"}, 5, progress=False)


def test_the_recommendation_is_the_smallest_pool_that_keeps_the_wait(calibration):
    rate = round(2.5 / calibration.costs["service"]["4"]["mean"])
    found = tune("connection_pool", None, settings={"query": "aggregate", "request_rate": rate})
    waits = {
        point["settings"]["max_connections"]: point["metrics"]["wait_seconds_p95"]
        for point in found.points
    }
    size = found.settings["max_connections"]
    if min(waits.values()) <= 0.005:
        assert waits[size] <= 0.005
        assert all(waits[smaller] > 0.005 for smaller in range(1, size))
        assert "Too large" in found.reason
    else:  # on a machine that is busy elsewhere
        assert found.unreached == "No pool size reaches 5 ms"
    reachable = max(200, round(2000 * min(waits.values())))
    asked = tune(
        "connection_pool",
        None,
        limits=[f"wait_seconds_p95<={reachable}ms"],
        settings={"query": "aggregate", "request_rate": rate},
    )
    assert asked.settings["max_connections"] <= size
