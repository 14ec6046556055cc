"""The recommended setting is the smallest that is good enough, against a search of all of them."""

import math

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BrokenLimitError
from perflab.tuning.objective import good_enough, parse_objective
from perflab.tuning.recommend import tune
from perflab.tuning.refine import middle_of
from perflab.tuning.sweep import predict
from perflab.workloads.kinds.trace import Trace


def zipf(seed, keys, requests, skew):
    draw = np.random.default_rng(seed)
    weights = 1 / np.arange(1, keys + 1) ** skew
    return draw.choice(keys, requests, p=weights / weights.sum())


def lru_hit_rates(keys):
    """Return the hit rate at every size from 1, by the depth at which each key is found again."""
    stack, depths = [], {}
    for key in keys:
        if key in stack:
            depth = stack.index(key)
            depths[depth] = depths.get(depth, 0) + 1
            stack.pop(depth)
        stack.insert(0, key)
    hits, rates = 0, []
    for size in range(len(stack)):
        hits += depths.get(size, 0)
        rates.append(hits / len(keys))
    return rates


def all_good(pattern, workload, objective, settings, sweep, best=None):
    """Return which of all settings are good enough, and the best value."""
    bench = load_bench(pattern)
    goal = parse_objective(objective, bench.tuning.objective_for(bench.read(settings)[0]))
    frame = predict(pattern, workload, settings, sweep)
    values = frame[goal.metric]
    best = (values.max() if goal.direction == "max" else values.min()) if best is None else best
    return frame[[good_enough(goal, value, best) for value in values]], best


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("policy", ["lru", "sieve"])
def test_cache_size_is_the_smallest_of_all(seed, policy):
    keys = zipf(seed, 700, 12_000, 0.6 + seed / 10)
    trace = Trace.from_keys(keys, name="drawn")
    found = tune("cache", trace, settings={"policy": policy})
    size, chosen = found.settings["max_cache_size"], found.settings["policy"]
    best = max(point["metrics"]["hit_rate"] for point in found.points)
    every = {"max_cache_size": list(range(1, trace.n_keys + 1)), "policy": [chosen]}
    good, _ = all_good("cache", trace, None, None, every, best)
    assert size <= math.ceil(1.02 * good["max_cache_size"].min())
    assert size >= good["max_cache_size"].min()
    rates = lru_hit_rates(keys.tolist())
    smallest = next(n for n, rate in enumerate(rates, 1) if rate >= max(rates) - 0.01)
    assert size <= math.ceil(1.02 * smallest)
    if chosen == "lru":
        assert found.metrics["hit_rate"] == rates[size - 1]
        assert size >= smallest


@pytest.mark.parametrize(
    ("workload", "settings"),
    [
        ("poisson:rate=900,requests=8k,seed=2", {"query": "point"}),
        ("bursty:rate=300,requests=8k,seed=5", {"query": "aggregate"}),
    ],
)
def test_pool_size_is_the_smallest_of_all(workload, settings):
    found = tune("connection_pool", workload, settings=settings)
    every = {"max_connections": list(range(1, 129))}
    good, best = all_good("connection_pool", workload, None, settings, every)
    if best > 0.005:
        assert found.unreached
        return
    assert found.settings["max_connections"] == good["max_connections"].min()


@pytest.mark.parametrize(
    "settings",
    [
        {"latency_seconds": 0.06},
        {"latency_seconds": 0.01, "capacity": 45},
        {"latency_seconds": 0.03, "latency_shape": "exponential", "max_concurrent": 3},
    ],
)
def test_concurrency_is_the_smallest_of_all(settings):
    workload = "poisson:rate=500,requests=5k,seed=1"
    found = tune("async_io", workload, settings=settings)
    every = {"max_concurrent": list(range(1, 257))}
    reached = max(point["metrics"]["throughput_per_second"] for point in found.points)
    good, _ = all_good("async_io", workload, None, settings, every, reached)
    least = good["max_concurrent"].min()
    assert least <= found.settings["max_concurrent"] <= math.ceil(1.02 * least)
    top = predict("async_io", workload, settings, every)["throughput_per_second"].max()
    assert reached >= 0.97 * top


@pytest.mark.parametrize(
    "settings",
    [
        {"backend_seconds": 0.004, "batch_size": 50, "consume_seconds": 2e-5},
        {"backend_seconds": 0.02, "batch_size": 200, "buffer_size": 30_000},
        {"backend_seconds": 0.001, "batch_size": 10, "consume_seconds": 4e-5},
    ],
)
def test_workers_then_buffer_are_the_smallest_of_all(settings):
    workload = "items:count=20k"
    found = tune("prefetching", workload, settings=settings)
    if found.unreached:
        assert all(point["metrics"]["stall_fraction"] > 0.05 for point in found.points)
        return
    workers, batch = found.settings["workers"], settings["batch_size"]
    every = {
        "workers": list(range(1, 65)),
        "buffer_size": [batch * slots for slots in (1, 2, 3, 4, 6, 10, 16, 24, 48, 96, 128)],
    }
    good, _ = all_good("prefetching", workload, None, settings, every, 0.0)
    assert workers == good["workers"].min()
    slots = {"workers": [workers], "buffer_size": [batch * slots for slots in range(1, 129)]}
    good, _ = all_good("prefetching", workload, None, settings, slots, 0.0)
    least = good["buffer_size"].min()
    assert least <= found.settings["buffer_size"] <= max(1.02 * least, least)
    assert found.settings["buffer_size"] % batch == 0


@pytest.mark.parametrize("spread", [0.8, 0.95])
def test_chunks_are_the_fewest_of_all(spread):
    workload = f"hotspot:share={spread},part=0.2,run=3,requests=20k,seed=4"
    found = tune("lazy_loading", workload)
    count, rows = found.settings["max_chunks"], found.settings["chunk_size"]
    best = min(point["metrics"]["latency_seconds_mean"] for point in found.points)
    near = {int(count / 1.02 - 1), *range(max(1, int(0.9 * count)), count + 1, max(1, count // 60))}
    every = {"max_chunks": sorted(near - {0}), "chunk_size": [rows]}
    good, _ = all_good("lazy_loading", workload, None, None, every, best)
    assert found.metrics["latency_seconds_mean"] <= 1.1 * best
    least = good["max_chunks"].min() if len(good) else count
    assert count <= math.ceil(1.02 * least)


@pytest.mark.parametrize("engine", ["polars", "arrow"])
def test_chunk_of_a_stream_is_the_smallest_of_all(engine):
    found = tune("streaming", "flights", settings={"engine": engine})
    size, engine = found.settings["chunk_size"], found.settings["engine"]
    best = max(point["metrics"]["throughput_per_second"] for point in found.points)
    every = {"chunk_size": list(range(100, 2 * size, max(1, size // 400))), "engine": [engine]}
    good, _ = all_good("streaming", "flights", None, None, every, best)
    least = good["chunk_size"].min()
    assert least <= 1.01 * size
    assert size <= 1.03 * least


@pytest.mark.parametrize("limit", [90, 210, 333])
def test_a_limit_between_two_points_of_the_sweep_is_used_up(limit):
    trace = Trace.from_keys(zipf(8, 900, 9_000, 0.5), name="drawn")
    entry = predict("cache", trace, {"max_cache_size": 100})["memory_bytes"][0] / 100
    most = round(limit * entry) + 1
    found = tune("cache", trace, limits=f"memory_bytes<={most}")
    assert found.metrics["memory_bytes"] <= most
    every = {"max_cache_size": list(range(limit // 2, limit + 1)), "policy": ["lru", "sieve"]}
    frame = predict("cache", trace, sweep=every)
    best = frame[frame["memory_bytes"] <= most]["hit_rate"].max()
    assert found.metrics["hit_rate"] >= best - 0.0125


def test_limits_that_hold_only_between_two_points_are_kept():
    trace = Trace.from_keys(zipf(9, 2_000, 20_000, 0.4), name="drawn")
    line = predict("cache", trace, sweep={"max_cache_size": list(range(400, 500))})
    low, high = line["hit_rate"].iloc[47], line["memory_bytes"].iloc[50]
    limits = [f"hit_rate>={low}", f"memory_bytes<={high}"]
    found = tune("cache", trace, "min:evictions", limits)
    assert found.metrics["hit_rate"] >= low
    assert found.metrics["memory_bytes"] <= high


@pytest.mark.parametrize(
    ("key", "low", "high", "step", "between"),
    [
        ("max_cache_size", 18_000, 22_000, None, 19_900),
        ("max_cache_size", 20_000, 20_300, None, None),
        ("max_cache_size", 3, 4, None, None),
        ("max_cache_size", 3, 5, None, 4),
        ("max_bytes", 2**20, 2**21, None, 1_478_492),
        ("max_cache_size", 400, 600, 100, 500),
        ("max_cache_size", 400, 500, 100, None),
        ("max_bytes", 2**20, math.inf, None, None),
    ],
)
def test_middle_has_three_digits_and_lies_between(key, low, high, step, between):
    assert middle_of(load_bench("cache").info(key), low, high, step) == between


def test_a_limit_on_what_some_points_lack_is_refused_and_not_a_fault():
    limits = ["erlang_wait_seconds_mean<=5ms", "throughput_per_second>=5k"]
    with pytest.raises(BrokenLimitError, match="highest throughput with erlang_wait"):
        tune("connection_pool", "poisson:rate=1000,requests=4k", limits=limits)
