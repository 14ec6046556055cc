"""The Redis what-if: latency and backend time saved are those of a plain replay."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from recorded_times import flat, is_read, latencies, saved, timed_trace, waits_of

import perflab
from perflab.bench import load_bench
from perflab.operations import Operation
from perflab.patterns.redis_cache.model.predict import RedisCacheModel
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.workloads import Trace

SAVED = "backend_seconds_saved_share"
BENCH = load_bench("redis_cache")
COSTS = {
    **flat(BENCH.calibration.shipped_costs),
    "server_bytes": 1_000_000.0,
    "bytes_per_entry": 65_536.0,
}
LOAD = LoadSettings(backend_seconds=0.04, backend_scale=0.7)
ROOMY = RedisCacheSettings(maxmemory=None, ttl_seconds=None)
TIGHT = RedisCacheSettings(maxmemory=2**21, ttl_seconds=None)


def check(found, rows, trace, load=LOAD):
    waits = waits_of(trace, load)
    took = latencies(rows, waits, COSTS)
    assert found["hits"] == sum(hit for _, hit in rows)
    assert found["latency_seconds_mean"] == pytest.approx(sum(took) / len(took), rel=1e-9)
    assert found[SAVED] == pytest.approx(saved(rows, waits), rel=1e-9)
    p95 = sorted(took)[math.ceil(0.95 * len(took) - 1e-9) - 1]
    assert found["latency_seconds_p95"] == pytest.approx(p95, rel=0.03)


def held_for_good(trace, passes=1):
    """Return each read's row and whether it hits where nothing is ever evicted."""
    held, rows = set(), []
    for at in range(len(trace) * passes):
        row = at % len(trace)
        key = int(trace.ids[row])
        if is_read(trace, row):
            rows.append((row, key in held))
        if trace.operations is not None and trace.operations[row] == Operation.DELETE:
            held.discard(key)
        elif trace.operations is None or trace.operations[row] != Operation.TOUCH:
            held.add(key)
    return rows


@pytest.mark.parametrize("writes", [False, True])
def test_mean_latency_is_the_sum_over_a_plain_replay(writes):
    draw = np.random.default_rng(2)
    more = {"operations": draw.choice([0, 1, 2, 3], 900, p=[0.7, 0.1, 0.1, 0.1])} if writes else {}
    trace = timed_trace(21, **more)
    found = BENCH.model(trace, COSTS).predict(ROOMY, LOAD).metrics
    check(found, held_for_good(trace), trace)


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_evicted_keys_cost_their_own_times(policy):
    trace = timed_trace(22)
    model = RedisCacheModel.of(trace, COSTS)
    settings = TIGHT.change(maxmemory_policy=policy)
    hit = model.outcomes(settings, LOAD).hit
    found = model.predict(settings, LOAD).metrics
    assert found["evictions"] > 0
    check(found, list(enumerate(hit.tolist())), trace)


@pytest.mark.parametrize("part", [(0, 400), (300, 1500), (950, 1700)])
def test_slice_of_a_looped_run_is_that_of_its_replay(part):
    trace = timed_trace(23)
    found = RedisCacheModel.of(trace, COSTS).predict(ROOMY, LOAD, slice(*part)).metrics
    check(found, held_for_good(trace, passes=2)[slice(*part)], trace)


def test_many_passes_are_like_the_second():
    trace = timed_trace(23)
    model = RedisCacheModel.of(trace, COSTS)
    second, later = (
        model.predict(TIGHT, LOAD, slice(900 * first, 900 * last)).metrics
        for first, last in ((1, 2), (3, 7))
    )
    for name in (SAVED, "latency_seconds_mean", "hit_rate"):
        assert later[name] == pytest.approx(second[name])


def test_undated_requests_come_as_fast_as_their_own_times_allow():
    dated = timed_trace(24)
    trace = dataclasses.replace(dated, times=None)
    slow, fast = (
        RedisCacheModel.of(trace, COSTS)
        .predict(ROOMY, LoadSettings(backend_scale=scale))
        .metrics["throughput_per_second"]
        for scale in (10, 0.1)
    )
    assert fast > 10 * slow
    plain = dataclasses.replace(trace, backend_seconds=None)
    assert SAVED not in RedisCacheModel.of(plain, COSTS).predict(ROOMY, LOAD).metrics


def test_settings_are_recommended_for_it():
    found = perflab.tune("redis_cache", timed_trace(25), f"max:{SAVED}")
    assert SAVED in str(found)


def test_it_is_hidden_where_no_trace_has_times():
    assert SAVED in BENCH.display.hidden(Trace.from_keys([1, 2]))
    assert SAVED not in BENCH.display.hidden(timed_trace(26))
    assert SAVED in BENCH.display.headline
