"""What a part of the keys tells where the number of requests for all keys is known."""

import dataclasses

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.part_of_keys import of_the_whole
from perflab.modelling.part_of_keys import for_all_keys
from perflab.operations import Operation
from perflab.patterns.cache.model.models import CACHE
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.sweep import predict
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic import Zipf

COSTS = load_bench("cache").calibration.shipped_costs
LOAD = LoadSettings()
SEEDS = 10


def drawn(whole, rate, seed):
    """Return two traces of a share of the keys: one knows the requests for all, one does not."""
    in_sample = np.random.default_rng(seed).random(whole.n_keys) < rate
    asked = in_sample[whole.ids]
    part = Trace(
        "part",
        whole.ids[asked],
        whole.n_keys,
        whole.times[asked],
        sample_rate=rate,
        all_requests=len(whole),
    ).compact()
    part = dataclasses.replace(part, keys=None)
    return part, dataclasses.replace(part, all_requests=None)


def zipf(skew):
    trace = Zipf(skew=skew, keys=20_000, requests=200_000, seed=1).make()
    return dataclasses.replace(trace, times=np.arange(len(trace)) / 2_000)


@pytest.fixture(scope="module")
def hot():
    """A part with the most popular keys, of which it has more requests than its share."""
    whole = zipf(1.0)
    found = (drawn(whole, 0.05, seed) for seed in range(100))
    part = next(part for part, _ in found if part.density > 1.5)
    draw = np.random.default_rng(2).integers(1, 90, part.n_keys)[part.ids]
    return dataclasses.replace(part, sizes=draw)


@pytest.mark.parametrize("rate", [0.02, 0.1])
@pytest.mark.parametrize("skew", [1.0, 0.8])
@pytest.mark.parametrize(
    ("pattern", "key", "values"),
    [
        ("cache", "max_cache_size", [1_000, 5_000]),
        ("redis_cache", "maxmemory", [2_500_000, 4_000_000]),
    ],
)
def test_a_known_total_halves_the_error_and_its_band_holds(pattern, key, values, skew, rate):
    whole = zipf(skew)
    exact = predict(pattern, whole, {}, {key: values})["hit_rate"].to_numpy()
    assert all(0.1 < each < 0.95 for each in exact)
    off, errors = {True: [], False: []}, {True: [], False: []}
    for seed in range(SEEDS):
        for part in drawn(whole, rate, seed):
            known = part.all_requests is not None
            found = predict(pattern, part, {}, {key: values})
            off[known].append(abs(found["hit_rate"].to_numpy() - exact))
            errors[known].append(found["error"].to_numpy())
    assert np.mean(off[True]) < 0.6 * np.mean(off[False])
    assert np.median(errors[True]) < 0.9 * np.median(errors[False])
    assert np.mean(np.array(off[True]) <= np.array(errors[True])) >= 0.8


@pytest.mark.parametrize("changes", [{}, {"ttl_seconds": 20}, {"max_bytes": 50_000}])
def test_misses_are_a_share_of_all_requests_and_all_else_goes_with_them(hot, changes):
    settings, load = CacheSettings(**changes), LOAD.change(price_per_backend_call=1)
    found = for_all_keys(hot, COSTS, CacheModel.of, CACHE).predict(settings, load)
    unknown = dataclasses.replace(hot, all_requests=None)
    other = for_all_keys(unknown, COSTS, CacheModel.of, CACHE).predict(settings, load)
    ours, theirs = found.metrics, other.metrics
    assert ours["requests"] == ours["hits"] + ours["misses"] == 200_000
    assert ours["hit_rate"] == ours["hits"] / 200_000 > 0
    for name in ("misses", "evictions", "expirations", "entries", "memory_bytes"):
        assert ours[name] == theirs[name], name
    for name in ("hit_rate", "byte_hit_rate"):
        assert 1 - ours[name] == pytest.approx((1 - theirs[name]) * hot.density), name
    hit, miss = COSTS["hit"]["mean"], COSTS["miss"]["mean"]
    mean = ours["hit_rate"] * hit + (1 - ours["hit_rate"]) * miss
    assert ours["latency_seconds_mean"] == pytest.approx(mean)
    fastest = 1 / (mean + COSTS.get("overhead_seconds", 0.0))
    assert ours["throughput_per_second"] == pytest.approx(fastest)
    seconds = 200_000 / 2_000
    calls = ours["misses"] / seconds * 86_400
    assert ours["backend_cost_per_day"] == pytest.approx(calls, rel=0.01)
    assert found.low["hit_rate"] == pytest.approx(max(0, ours["hit_rate"] - found.error))
    assert found.high["hit_rate"] == pytest.approx(min(1, ours["hit_rate"] + found.error))


def test_a_part_with_just_its_share_of_the_requests_is_answered_as_before(hot):
    requests = len(hot) * 20
    settings = CacheSettings(max_cache_size=5_000)
    known, unknown = (
        for_all_keys(
            dataclasses.replace(hot, all_requests=total), COSTS, CacheModel.of, CACHE
        ).predict(settings, LOAD)
        for total in (requests, None)
    )
    assert known.metrics == pytest.approx(unknown.metrics)


def test_more_misses_than_requests_are_no_hit(hot):
    few = dataclasses.replace(hot, all_requests=len(hot))
    found = for_all_keys(few, COSTS, CacheModel.of, CACHE).predict(
        CacheSettings(max_cache_size=20), LOAD
    )
    assert (found.metrics["hit_rate"], found.metrics["hits"]) == (0, 0)
    assert found.metrics["misses"] == len(hot)
    assert found.metrics["byte_hit_rate"] >= 0
    assert found.low["hit_rate"] == 0


def test_rates_follow_the_requests_and_sizes_the_keys(hot):
    model = for_all_keys(hot, COSTS, CacheModel.of, CACHE)
    settings = CacheSettings(max_cache_size=2_000)
    for load in (LOAD.change(speedup=3), LOAD.change(request_rate=6_000)):
        pace = model.predict(settings, load).metrics["throughput_per_second"]
        assert pace == pytest.approx(6_000, rel=0.01)
    there, slower = load_bench("cache").part_of_keys.replayed(
        settings, LOAD.change(request_rate=10_000), hot, COSTS
    )
    assert there.max_cache_size == 100
    assert slower.request_rate == pytest.approx(10_000 * len(hot) / 200_000)


def test_rough_answers_are_adjusted_as_the_sharp_one(hot, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    model = for_all_keys(hot, COSTS, ProgressiveCacheModel.of, CACHE, CacheModel.of)
    settings = CacheSettings(max_cache_size=5_000)
    rough = model.preview(settings, LOAD)
    model.settle(settings, LOAD, lambda: False)
    sharp = model.best_known(settings, LOAD)
    exact = for_all_keys(hot, COSTS, CacheModel.of, CACHE).predict(settings, LOAD)
    assert sharp.metrics == exact.metrics
    assert rough.metrics["hit_rate"] == pytest.approx(exact.metrics["hit_rate"], abs=rough.error)
    assert rough.metrics["requests"] == 200_000


def test_a_measured_hit_rate_counts_misses_as_the_prediction_does(hot):
    measured = {"hit_rate": 0.8, "latency_seconds_mean": 1e-3, "memory_bytes": 1e6, "hits": 8.0}
    told = of_the_whole(measured, hot)
    assert told == {"hit_rate": pytest.approx(1 - 0.2 * hot.density)}


def test_a_run_of_the_part_is_predicted_as_the_part(hot):
    model = for_all_keys(hot, COSTS, CacheModel.of, CACHE)
    found = model.predict(CacheSettings(), LOAD, slice(0, len(hot))).metrics
    alone = dataclasses.replace(hot, sample_rate=1.0, all_requests=None)
    exact = CacheModel.of(alone, COSTS).predict(CacheSettings(max_cache_size=50), LOAD).metrics
    assert found["hits"] == exact["hits"]


def test_a_part_without_its_writes_answers_as_its_reads_alone(hot):
    operations = np.zeros(len(hot), np.uint8)
    operations[::7] = Operation.SET
    part = dataclasses.replace(hot, operations=operations)
    ignored = predict("cache", part, {"max_cache_size": 50, "writes": "ignore"})
    alone = predict("cache", part.reads_only(), {"max_cache_size": 50})
    assert ignored.hit_rate[0] == alone.hit_rate[0]
    assert ignored.requests[0] == hot.all_requests


@pytest.mark.parametrize(("removals", "knows"), [(0.1, True), (0.4, False)])
def test_many_removals_leave_the_requests_of_all_keys_aside(hot, removals, knows):
    operations = np.zeros(len(hot), np.uint8)
    operations[: int(len(hot) * removals)] = Operation.DELETE
    part = dataclasses.replace(hot, operations=operations)
    found = predict("cache", part, {"max_cache_size": 50})
    assert (found.requests[0] == hot.all_requests) == knows
