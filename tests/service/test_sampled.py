"""Samples of the keys: near the exact answer, within the band that they say, and refused if few."""

import dataclasses

import numpy as np
import pytest

from perflab import BadInputError, Service, Trace, load_workload
from perflab.service.incoming import incoming
from perflab.service.key_draws import DRAWS, KeyDraws
from perflab.service.load import stretches_of, whole_load
from perflab.service.predict import calibrations_of, costs_in
from perflab.service.sampled import SampledService
from perflab.service.weighted import WeightedTimes

TRACE = load_workload("zipf:skew=0.9,keys=20k,requests=200k,seed=3")
STAGES = {
    "cache": {"max_cache_size": 2000},
    "redis_cache": {"maxmemory": "8MiB"},
    "connection_pool": {"min_connections": 4, "max_connections": 4},
}
SERVICE = Service.from_mapping({"workers": 2, "request_rate": 500, **STAGES})


@pytest.fixture(autouse=True)
def shipped(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"spread": "key_hash", "workers": 5},
        {"cache.policy": "s3fifo", "redis_cache.maxmemory_policy": "allkeys-lfu"},
        {"cache.ttl_seconds": 30, "redis_cache.ttl_seconds": 100},
    ],
    ids=["lru", "hash", "policies", "lifetimes"],
)
def test_samples_are_near_what_all_keys_tell(change):
    service = SERVICE.change(change)
    exact, about = service.predict(TRACE), service.predict(TRACE, sample=0.2)
    assert about.sampled == pytest.approx(0.2)
    assert 0 < about.error < 0.02
    off = abs(about.metrics["hit_rate"] - exact.metrics["hit_rate"])
    assert off <= max(2 * about.error, 0.01)
    for name in ("latency_seconds_mean", "database_per_second"):
        assert about.metrics[name] == pytest.approx(exact.metrics[name], rel=0.15), name
    for name in ("memory_bytes", "requests", "most_connections"):
        assert about.metrics[name] == pytest.approx(exact.metrics[name], rel=0.08), name
    for row, there in zip(exact.stages, about.stages, strict=True):
        assert row.stage == there.stage
        assert row.metrics.keys() == there.metrics.keys()
        assert there.metrics["requests"] == pytest.approx(row.metrics["requests"], rel=0.1)
    shares = [row.metrics["latency_share"] for row in about.stages]
    assert sum(shares) == pytest.approx(1, abs=0.02)


def test_samples_of_a_trace_with_writes_count_reads_alone():
    draw = np.random.default_rng(0)
    operations = draw.choice([0, 1, 2, 3, 4], len(TRACE), p=[0.9, 0.04, 0.02, 0.02, 0.02])
    times = np.cumsum(draw.exponential(0.002, len(TRACE)))
    trace = Trace.from_keys(TRACE.ids, times, operations=operations)
    exact, about = SERVICE.predict(trace), SERVICE.predict(trace, sample=0.25)
    assert about.metrics["hit_rate"] == pytest.approx(exact.metrics["hit_rate"], abs=0.015)
    queries = exact.row("database").metrics["requests"]
    assert about.row("database").metrics["requests"] == pytest.approx(queries, rel=0.1)


def test_a_service_without_a_pool_is_sampled_too():
    caches = Service.from_mapping(
        {"request_rate": 500, "cache": STAGES["cache"], "redis_cache": STAGES["redis_cache"]}
    )
    exact, about = caches.predict(TRACE), caches.predict(TRACE, sample=0.2)
    for name, value in exact.metrics.items():
        assert about.metrics[name] == pytest.approx(value, rel=0.1), name


def test_samples_differ_and_stand_for_all_requests():
    draws = KeyDraws(incoming(SERVICE, TRACE), TRACE.ids, TRACE.n_keys, 0.1).draws
    keys = [set(TRACE.ids[draw.places].tolist()) for draw in draws]
    assert len(draws) == DRAWS
    assert len(set.union(*keys)) == sum(map(len, keys))
    for draw in draws:
        assert draw.weights.sum() == pytest.approx(len(TRACE))
        assert np.all(np.diff(draw.places) > 0)


@pytest.mark.parametrize(
    ("share", "values", "said"),
    [
        (0.0, {}, "above 0 and at most 1"),
        (1.5, {}, "above 0 and at most 1"),
        (0.001, {}, "too few for the size of cache; take more"),
        (0.05, {"redis_cache.maxmemory": "1MiB"}, "too few for the size of redis_cache"),
    ],
)
def test_samples_that_cannot_tell_are_refused(share, values, said):
    with pytest.raises(BadInputError, match=said):
        SERVICE.change(values).predict(TRACE, sample=share)


def test_a_pool_alone_is_not_sampled():
    alone = Service.from_mapping({"request_rate": 500, "connection_pool": {}})
    with pytest.raises(BadInputError, match=r"sample: needs a workload with keys"):
        alone.predict("poisson:rate=100,requests=1k,seed=1", sample=0.5)


def test_all_keys_are_an_exact_answer():
    all_keys, exact = (
        dataclasses.replace(found, environment={})
        for found in (SERVICE.predict(TRACE, sample=1), SERVICE.predict(TRACE))
    )
    assert all_keys == exact


def test_weighted_times_have_the_quantiles_of_repeated_ones():
    draw = np.random.default_rng(4)
    times, weights = draw.lognormal(-7, 2, 3000), draw.integers(1, 6, 3000)
    found = WeightedTimes()
    found.add(times[:1000], weights[:1000].astype(float))
    found.add(times[1000:], weights[1000:].astype(float))
    every = np.repeat(times, weights)
    assert found.mean == pytest.approx(every.mean())
    shares = (0.1, 0.5, 0.99)
    expected = np.quantile(every, shares, method="inverted_cdf")
    assert found.quantiles(shares) == pytest.approx(expected, rel=0.006)
    assert WeightedTimes().quantiles(shares) == [0.0] * 3


def sampled(service, trace, load):
    costs = costs_in(calibrations_of(service), service)
    return SampledService(incoming(service, trace), costs, 0.2, load).estimate(service)


def test_a_pool_is_estimated_from_stretches_of_its_load():
    busy = SERVICE.change({"query_seconds": 0.03})
    exact, about = busy.predict(TRACE), sampled(busy, TRACE, 70_000)
    assert exact.row("connection_pool").metrics["wait_seconds_p99"] > 0.001
    for name in ("requests_per_second", "connections", "wait_seconds_mean", "wait_seconds_p99"):
        here, there = exact.row("connection_pool").metrics[name], about.stages["connection_pool"]
        assert there[name] == pytest.approx(here, rel=0.3), name
    for name in ("latency_seconds_mean", "latency_seconds_p99", "database_per_second"):
        assert about.metrics[name] == pytest.approx(exact.metrics[name], rel=0.15), name


def test_a_pool_that_cannot_keep_up_is_estimated_from_its_whole_load():
    slow = SERVICE.change({"query_seconds": 0.05, "connection_pool.timeout": 5})
    exact, about = slow.predict(TRACE), sampled(slow, TRACE, 70_000)
    assert exact.metrics["error_share"] > 0.01
    assert about.metrics["error_share"] == pytest.approx(exact.metrics["error_share"], rel=0.2)


def test_stretches_stand_for_all_requests_unless_they_miss_a_burst():
    came = incoming(SERVICE, TRACE)
    edges = np.linspace(0, len(TRACE), 17).astype(np.int64)
    whole = whole_load(came, TRACE.ids, edges)
    some = stretches_of(whole, 50_000)
    assert len(some.ids) == pytest.approx(50_000, rel=0.01)
    assert (some.weights * np.diff(some.edges)).sum() == pytest.approx(len(TRACE))
    assert np.all(np.diff(some.incoming.requests.times) > 0)
    assert some.seconds.sum() == pytest.approx(came.seconds / 4, rel=0.02)
    assert stretches_of(whole, len(TRACE)) is whole
    gaps = np.diff(came.requests.times, prepend=0.0)
    gaps[100:1000] /= 20
    crowd = Trace.from_keys(TRACE.ids, np.cumsum(gaps))
    burst = whole_load(incoming(SERVICE, crowd), TRACE.ids, edges)
    assert stretches_of(burst, 50_000) is burst
