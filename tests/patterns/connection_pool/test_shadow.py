"""Predictions that follow changes of a pool in a run: backlog, rates, and a real database."""

import time

import numpy as np
import pytest

from perflab.lab.verbs import start_live
from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.patterns.connection_pool.shadow import PoolShadow
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals

SERVICE = {"mean": 0.01, "quantiles": [0.01] * 103}
COSTS = {"service": {"1": SERVICE, "8": SERVICE}, "connect_seconds": 0.005}


def arrivals(rate, count=2_000, seed=1):
    gaps = np.random.default_rng(seed).exponential(1 / rate, count)
    return Arrivals("poisson", np.cumsum(gaps))


def pool(most):
    return ConnectionPoolSettings(max_connections=most, min_connections=1, timeout=30.0)


def test_what_waited_at_a_change_is_in_what_is_predicted_after_it():
    came, load = arrivals(150), LoadSettings()
    shadow = PoolShadow(came, pool(1), load)
    shadow.advance(400)
    shadow.change(pool(6), load)
    shadow.advance(600)
    found = shadow.metrics(COSTS)
    fresh = ConnectionPoolModel.of(came, COSTS).predict(pool(6), load, slice(400, 1_000)).metrics
    # One connection does 100 a second: when 400 are gone, 1.3 s of arrivals wait.
    assert found["requests"] == 600
    assert found["wait_seconds_p99"] > 1.0
    assert fresh["wait_seconds_p99"] < 0.1
    assert found["connects"] == 5


def test_a_pool_that_shrinks_falls_behind_from_there():
    came, load = arrivals(150), LoadSettings()
    shadow = PoolShadow(came, pool(6), load)
    shadow.advance(600)
    shadow.change(pool(1), load)
    shadow.advance(300)
    waits = [shadow.metrics(COSTS)["wait_seconds_mean"]]
    shadow.advance(300)
    waits.append(shadow.metrics(COSTS)["wait_seconds_mean"])
    assert 0.2 < waits[0] < waits[1]


def test_another_rate_dates_what_comes_after():
    came = arrivals(50)
    shadow = PoolShadow(came, pool(1), LoadSettings())
    shadow.advance(200)
    shadow.change(pool(1), LoadSettings(request_rate=200))
    shadow.advance(400)
    found = shadow.metrics(COSTS)
    assert found["throughput_per_second"] == pytest.approx(100, rel=0.05)
    assert found["wait_seconds_mean"] > 0.5


def test_a_change_taken_back_at_once_and_no_request_since_say_nothing():
    shadow = PoolShadow(arrivals(50), pool(2), LoadSettings())
    shadow.advance(10)
    shadow.change(pool(4), LoadSettings())
    shadow.change(pool(2), LoadSettings())
    assert shadow.metrics(COSTS) == {}


def test_a_pass_that_begins_again_goes_on_in_time():
    shadow = PoolShadow(arrivals(80, 100), pool(1), LoadSettings())
    shadow.advance(250)
    shadow.change(pool(2), LoadSettings())
    shadow.advance(250)
    assert shadow.metrics(COSTS)["wait_seconds_mean"] < 1.0


def test_arrivals_at_one_moment_are_followed_too():
    shadow = PoolShadow(Arrivals("x", np.zeros(300)), pool(1), LoadSettings())
    shadow.advance(100)
    shadow.change(pool(4), LoadSettings())
    shadow.advance(100)
    assert 1.0 < shadow.metrics(COSTS)["wait_seconds_mean"] < 1.3


def test_a_live_pool_that_grows_is_followed():
    values = {"max_connections": 1, "timeout": "30s", "query": "select pg_sleep(0.01)"}
    live = start_live("connection_pool", "poisson:rate=150,requests=20k,seed=2", values, 120)
    try:
        end = time.monotonic() + 60
        while not live.rows or live.rows[-1]["requests"] < 150:
            assert time.monotonic() < end
            time.sleep(0.05)
        live.apply({"max_connections": 6})
        while live.rows[-1]["requests"] < 800:
            assert time.monotonic() < end
            time.sleep(0.05)
        done = live.stop()
    finally:
        live.close()
    assert done.followed
    # What waited at the change is part of both: without it the wait would be some milliseconds.
    assert done.fitted["wait_seconds_p99"] > 0.2
    assert done.metrics["wait_seconds_p99"] > 0.2
