"""More load and slower service, per pattern: what the model then says against its own inputs."""

import dataclasses

import numpy as np
import pytest

from perflab.bench import bench_names, load_bench
from perflab.bench.conditions import Conditions, busier
from perflab.modelling.ageing import scaled_parts
from perflab.settings import LoadSettings
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict
from perflab.workloads.kinds.trace import Trace

SMALL = {
    "cache": "zipf:skew=0.8,keys=300,requests=4k,seed=2",
    "redis_cache": "zipf:skew=0.8,keys=300,requests=4k,seed=2",
    "lazy_loading": "hotspot:share=0.9,part=0.1,run=5,requests=4k,seed=1",
    "connection_pool": "poisson:rate=300,requests=4k,seed=1",
    "prefetching": "items:count=6k",
    "streaming": "flights",
    "async_io": "poisson:rate=500,requests=2k,seed=1",
}
SLOWED = {
    "cache": "latency_seconds_mean",
    "redis_cache": "latency_seconds_mean",
    "lazy_loading": "latency_seconds_mean",
    "connection_pool": "service_seconds_mean",
    "prefetching": "fetch_seconds_mean",
    "streaming": "latency_seconds_mean",
    "async_io": "latency_seconds_mean",
}


def conditions_of(pattern, values=None):
    bench = load_bench(pattern)
    settings, load = bench.read(values)
    workload = bench.workload_for(settings, SMALL[pattern])
    return bench, workload, Conditions(settings, load, bench.calibration.shipped_costs)


def metrics(bench, workload, now):
    return bench.model(workload, now.costs).predict(now.settings, now.load).metrics


@pytest.mark.parametrize("pattern", sorted(SMALL))
@pytest.mark.parametrize("factor", [0.5, 1.3])
def test_service_times_are_scaled_and_nothing_else(pattern, factor):
    # More connections in use slow each query down, which is left out here.
    alone = {"max_connections": 1} if pattern == "connection_pool" else None
    bench, workload, now = conditions_of(pattern, alone)
    changed = bench.tuning.slower(now, workload, factor)
    name = SLOWED[pattern]
    before, after = metrics(bench, workload, now), metrics(bench, workload, changed)
    assert (after[name] > before[name]) == (factor > 1)
    # A part of each may be what is not scaled: hits, timers, the client's own work.
    assert abs(after[name] / before[name] - 1) <= abs(factor - 1) * 1.02
    same = metrics(bench, workload, bench.tuning.slower(now, workload, 1.0))
    assert same == pytest.approx(before, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
@pytest.mark.parametrize("factor", [0.5, 1.2])
def test_recorded_times_of_the_backend_are_scaled_too(pattern, factor):
    bench, _, now = conditions_of(pattern)
    random = np.random.default_rng(5)
    seconds = random.exponential(0.05, 3_000)
    seconds[::7] = np.nan
    trace = Trace.from_keys(random.integers(0, 900, 3_000), backend_seconds=seconds, name="timed")
    # What is not recorded takes the setting.
    now = dataclasses.replace(now, load=now.load.change(backend_seconds=0.04))
    changed = bench.tuning.slower(now, trace, factor)
    before, after = metrics(bench, trace, now), metrics(bench, trace, changed)
    assert after["hits"] == before["hits"]
    latency = after["latency_seconds_mean"] / before["latency_seconds_mean"]
    assert latency == pytest.approx(factor, rel=0.02)


def test_every_bench_has_words_for_what_it_serves():
    for pattern in bench_names():
        bench = load_bench(pattern)
        assert bench.tuning.slower is None or bench.tuning.serves


@pytest.mark.parametrize("rate", [None, 250.0])
def test_more_load_is_a_higher_rate(rate):
    values = {} if rate is None else {"request_rate": rate}
    _, workload, now = conditions_of("connection_pool", values)
    load = busier(now, workload, 1.5).load
    assert load.request_rate == (None if rate is None else 375.0)
    assert load.speedup == (1.5 if rate is None else None)


def test_what_has_no_rate_has_no_load():
    bench, workload, now = conditions_of("streaming")
    assert bench.tuning.busier(now, workload, 2.0) is None
    bench, workload, now = conditions_of("async_io")
    assert bench.tuning.busier(now, workload, 2.0) is None
    assert bench.tuning.busier(
        dataclasses.replace(now, settings=now.settings.change(load_model="open")), workload, 2.0
    )


def test_recorded_durations_cannot_be_made_slower():
    bench, workload, now = conditions_of("connection_pool")
    told = dataclasses.replace(workload, durations=np.full(len(workload), 0.002))
    assert bench.tuning.slower(now, told, 1.2) is None


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_more_load_on_a_cache_is_more_requests_per_lifetime(pattern):
    draw = np.random.default_rng(6)
    keys, times = draw.integers(0, 60, 3_000), np.cumsum(draw.exponential(1.0, 3_000))
    trace = Trace.from_keys(keys, times=times, name="dated")
    denser = Trace.from_keys(keys, times=times / 1.2, name="denser")
    bench = load_bench(pattern)
    size = {"max_cache_size": 35} if pattern == "cache" else {}
    settings, load = bench.read({"ttl_seconds": 40, **size})
    now = Conditions(settings, load, bench.calibration.shipped_costs)
    changed = bench.tuning.busier(now, trace, 1.2)
    there = metrics(bench, trace, changed)["hits"]
    assert there == metrics(bench, denser, now)["hits"]
    assert there > metrics(bench, trace, now)["hits"]
    own = Trace.from_keys(keys, times=times, ttls=np.full(3_000, 40.0), name="own lifetimes")
    assert bench.tuning.busier(now, own, 1.2) is None


def test_a_rate_dates_requests_of_a_cache_in_redis():
    draw = np.random.default_rng(6)
    keys, times = draw.integers(0, 60, 3_000), np.cumsum(draw.exponential(1.0, 3_000))
    bench = load_bench("redis_cache")
    settings, load = bench.read({"ttl_seconds": 40, "request_rate": 2})
    now = Conditions(settings, load, bench.calibration.shipped_costs)
    for ttls in (None, np.full(3_000, 40.0)):
        trace = Trace.from_keys(keys, times=times, ttls=ttls, name="dated")
        changed = bench.tuning.busier(now, trace, 1.2)
        assert (changed.settings, changed.load.request_rate) == (settings, 2.4)
        assert metrics(bench, trace, changed)["hits"] > metrics(bench, trace, now)["hits"]


def test_numbers_under_a_name_are_scaled_however_deep():
    costs = {"a": {"x": 2, "y": [1.0, {"z": 3}]}, "b": 5, "on": True}
    assert scaled_parts(costs, ("a", "on"), 2) == {
        "a": {"x": 4, "y": [2.0, {"z": 6}]},
        "b": 5,
        "on": True,
    }


@pytest.mark.parametrize(
    ("pattern", "workload", "settings"),
    [
        ("connection_pool", "poisson:rate=420,requests=5k,seed=4", {"query": "point"}),
        ("async_io", "poisson:rate=300,requests=3k,seed=4", {"load_model": "open"}),
    ],
)
def test_sensitivity_is_what_the_model_says_at_the_other_load(pattern, workload, settings):
    found = tune(pattern, workload, settings=settings)
    less, more, _ = found.sensitivity
    assert (less["name"], more["name"]) == ("20 % less load", "20 % more load")
    key = found.objective.partition(":")[2]
    for each, factor in ((less, 0.8), (more, 1.2)):
        there = predict(pattern, workload, {**known(found.settings), "speedup": factor})
        assert there[key][0] == each["metrics"][key]


def known(settings):
    load = LoadSettings().model_dump()
    return {k: v for k, v in settings.items() if v is not None and (k not in load or v != load[k])}
