"""The pool as a stage, against a queue in plain Python and the pool's own model."""

import heapq

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.stage import Requests
from perflab.errors import BadInputError
from perflab.modelling.latency import QUANTILES
from perflab.patterns.cache.settings import CacheSettings
from perflab.patterns.cache.stage import CacheStage
from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.patterns.connection_pool.stage import ConnectionPoolStage
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals

STAGE = ConnectionPoolStage()
SHIPPED = load_bench("connection_pool").calibration.shipped_costs
SECONDS = 0.02
CONSTANT = {
    "service": {"1": {"mean": SECONDS, "quantiles": [SECONDS] * len(QUANTILES)}},
    "usl": {"rate": 1 / SECONDS, "contention": 0.0, "coherency": 0.0},
}
DRAW = np.random.default_rng(6)
TIMES = np.cumsum(DRAW.exponential(0.0055, 3000))
KEYS = (DRAW.zipf(1.2, 3000) % 800).astype(np.int64)
COMING = Requests(TIMES, KEYS, KEYS + 1)


def fixed(size, **values):
    return ConnectionPoolSettings(min_connections=size, max_connections=size, **values)


def queue(times, seconds, servers, timeout, max_waiting=None):
    """Return waits (None where not served, with the reason) and servers in use after each."""
    free, line, waits, busy = [-1.0] * servers, [], [], []
    for now in times:
        line = [start for start in line if start > now]
        start = max(now, free[0])
        if start > now and max_waiting is not None and len(line) >= max_waiting:
            waits.append("refused")
        elif start - now > timeout:
            waits.append("timeout")
            line.append(now + timeout)
        else:
            heapq.heapreplace(free, start + seconds)
            waits.append(start - now)
            if start > now:
                line.append(start)
        busy.append(sum(end > now for end in free))
    return waits, busy


@pytest.mark.parametrize("servers", [1, 3, 4, 50])
@pytest.mark.parametrize("bounds", [{}, {"timeout": 0.03}, {"max_waiting": 2}])
def test_waits_are_those_of_a_queue_in_plain_python(servers, bounds):
    settings = fixed(servers, **bounds)
    limits = settings.timeout, settings.max_waiting
    waits, busy = queue((TIMES - TIMES[0]).tolist(), SECONDS, servers, *limits)
    passed = STAGE.forward(COMING, settings, CONSTANT)
    said = {"refused": 0.0, "timeout": settings.timeout}
    assert passed.waits == pytest.approx([said.get(wait, wait) for wait in waits], abs=1e-9)
    served = [place for place, wait in enumerate(waits) if wait not in said]
    assert sorted(passed.origins.tolist()) == served
    assert passed.entries.tolist() == busy
    starts = TIMES[passed.origins] + passed.waits[passed.origins]
    assert passed.requests.times.tolist() == starts.tolist() == sorted(starts.tolist())
    assert passed.requests.keys.tolist() == KEYS[passed.origins].tolist()
    assert passed.requests.sizes.tolist() == (KEYS + 1)[passed.origins].tolist()


@pytest.mark.parametrize(
    "settings",
    [
        fixed(3),
        ConnectionPoolSettings(min_connections=0, max_connections=8, max_idle=0.1),
        fixed(2, timeout=0.005),
    ],
)
def test_waits_are_those_that_the_model_predicts(settings):
    costs = {**SHIPPED, "overhead_seconds": 1e-4, "handover_seconds": 2e-4}
    costs["service"] = {"1": {"mean": 0.012, "quantiles": SHIPPED["service"]["1"]["quantiles"]}}
    for seed in (0, 3):
        passed = ConnectionPoolStage(seed).forward(COMING, settings, costs)
        predicted = ConnectionPoolModel.of(Arrivals("test", TIMES), costs).predict(
            settings, LoadSettings(seed=seed)
        )
        metrics = predicted.metrics
        assert passed.waits.mean() == pytest.approx(metrics["wait_seconds_mean"])
        assert len(TIMES) - len(passed.requests) == metrics["timeouts"]
        assert passed.entries.max() <= settings.max_connections
        assert passed.connections == metrics["connections"]
        assert passed.loads.mean() == pytest.approx(metrics["service_seconds_mean"])
        assert np.all(np.diff(passed.requests.times) >= 0)


def test_a_cache_before_a_pool_is_the_pool_on_what_the_cache_missed():
    cached = CacheSettings(max_cache_size=40, ttl_seconds=5)
    missed = CacheStage().forward(COMING, cached, load_bench("cache").calibration.shipped_costs)
    assert 500 < len(missed.requests) < len(TIMES)
    passed = STAGE.forward(missed.requests, fixed(1), CONSTANT)
    alone = ConnectionPoolModel.of(Arrivals("missed", TIMES[missed.origins]), CONSTANT)
    predicted = alone.predict(fixed(1), LoadSettings()).metrics
    assert passed.waits.mean() == pytest.approx(predicted["wait_seconds_mean"])
    assert np.quantile(passed.waits, 0.99) == pytest.approx(predicted["wait_seconds_p99"], rel=0.01)
    origins = missed.origins[passed.origins]
    assert passed.requests.keys.tolist() == KEYS[origins].tolist()


def test_nothing_comes_and_nothing_goes():
    none = Requests(np.zeros(0), np.zeros(0, np.int64))
    passed = STAGE.forward(none, fixed(2), CONSTANT)
    assert len(passed.requests) == len(passed.entries) == 0


def test_a_single_request_gets_its_connection_at_once():
    one = Requests(np.array([7.0]), np.array([3]))
    passed = STAGE.forward(one, fixed(2), CONSTANT)
    assert passed.waits.tolist() == [0.0]
    assert passed.entries.tolist() == [1]
    assert passed.requests.times.tolist() == [7.0]


def test_times_that_go_backwards_are_refused():
    back = Requests(np.array([2.0, 1.0]), np.zeros(2, np.int64))
    with pytest.raises(BadInputError, match="times"):
        STAGE.forward(back, fixed(2), CONSTANT)


def test_what_changes_a_cache_alone_takes_no_connection():
    kinds = np.tile(np.array([1, 0, 2, 3, 4], np.uint8), 600)
    asking = np.flatnonzero(np.isin(kinds, (0, 4)))
    alone = STAGE.forward(Requests(TIMES[asking], KEYS[asking]), fixed(2), CONSTANT)
    passed = STAGE.forward(Requests(TIMES, KEYS, operations=kinds), fixed(2), CONSTANT)
    assert np.array_equal(passed.waits[asking], alone.waits)
    assert not passed.waits[np.isin(kinds, (1, 2, 3))].any()
    assert np.array_equal(passed.entries[asking], alone.entries)
    assert passed.entries[0] == 0
    assert np.array_equal(passed.entries[2::5], passed.entries[1::5])
    assert np.isin(kinds, (1, 2, 3)).sum() + len(alone.requests) == len(passed.requests)
