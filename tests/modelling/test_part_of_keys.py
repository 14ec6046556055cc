import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.model import Previewing, Sharpening
from perflab.bench.part_of_keys import of_the_whole
from perflab.lab.verbs import run
from perflab.modelling.part_of_keys import for_all_keys
from perflab.modelling.working_set import working_sets
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.models import CACHE
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel
from perflab.patterns.cache.model.working_set_histories import WorkingSetHistories
from perflab.patterns.cache.policies import POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.patterns.redis_cache.model.costs import redis_for_part
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.keys import PLACES, key_bytes, place_of
from perflab.workloads.synthetic import Zipf

COSTS = load_bench("cache").calibration.shipped_costs
LOAD = LoadSettings()
SIZES = [500, 1_000, 4_000, 10_000]


def recorded(whole, rate, prefix=""):
    """Return what a recording of a share of the keys has of a trace."""
    places = np.array([place_of(key_bytes(f"{prefix}{key}")) for key in range(whole.n_keys)])
    asked = places[whole.ids] < rate * PLACES
    cut = {
        name: None if getattr(whole, name) is None else getattr(whole, name)[asked]
        for name in ("ids", "times", "sizes", "ttls")
    }
    part = dataclasses.replace(whole, **cut, keys=None, check=False).compact()
    return dataclasses.replace(part, name="part", keys=None, source="", sample_rate=rate)


def twins(part):
    """Return a workload of which a trace is half the keys: each request comes for two keys."""
    ids = np.column_stack([part.ids, part.ids + part.n_keys]).ravel()
    twice = {
        name: None if getattr(part, name) is None else np.repeat(getattr(part, name), 2)
        for name in ("times", "sizes", "ttls")
    }
    return Trace("twins", ids, 2 * part.n_keys, **twice)


@pytest.fixture(scope="module")
def whole():
    trace = Zipf(skew=0.8, keys=20_000, requests=200_000, seed=1).make()
    draw = np.random.default_rng(2)
    sizes = draw.integers(100, 1_000, trace.n_keys)[trace.ids]
    return dataclasses.replace(trace, times=np.arange(len(trace)) / 100, sizes=sizes)


@pytest.fixture(scope="module")
def part(whole):
    return recorded(whole, 0.1)


@pytest.fixture(scope="module")
def half():
    draw = np.random.default_rng(3)
    keys = draw.zipf(1.2, 5_000) % 700
    trace = Trace.from_keys(keys, times=np.arange(5_000.0), ttls=draw.choice([20, np.nan], 5_000))
    return dataclasses.replace(trace, sizes=draw.integers(1, 90, trace.n_keys)[trace.ids])


@pytest.mark.parametrize("changes", [{}, {"ttl_seconds": 300}, {"max_bytes": 8_000}])
@pytest.mark.parametrize("policy", ["lru", "fifo"])
def test_half_of_twin_keys_tells_all_of_both(half, changes, policy):
    settings = CacheSettings(max_cache_size=200, policy=policy, **changes)
    told = for_all_keys(dataclasses.replace(half, sample_rate=0.5), COSTS, CacheModel.of, CACHE)
    found = told.predict(settings, LOAD)
    exact = CacheModel.of(twins(half), COSTS).predict(settings, LOAD)
    counts = ("requests", "hits", "evictions", "expirations", "entries", "memory_bytes")
    for name in (*counts, "byte_hit_rate", "latency_seconds_p95", "cost_per_day"):
        assert found.metrics[name] == pytest.approx(exact.metrics[name], rel=0.01), name
    assert found.sampled == 0.5


def test_pace_and_age_are_those_of_the_whole(half):
    untimed = dataclasses.replace(half, times=None, ttls=None, sizes=None)
    settings = CacheSettings(max_cache_size=300, ttl_seconds=4)
    load = LoadSettings(request_rate=100, price_per_backend_call=1)
    told = for_all_keys(dataclasses.replace(untimed, sample_rate=0.5), COSTS, CacheModel.of, CACHE)
    found = told.predict(settings, load).metrics
    exact = CacheModel.of(twins(untimed), COSTS).predict(settings, load).metrics
    assert exact["expirations"] > 100
    assert found["expirations"] == pytest.approx(exact["expirations"], rel=0.05)
    assert found["throughput_per_second"] == exact["throughput_per_second"] == 100
    assert found["backend_cost_per_day"] == pytest.approx(exact["backend_cost_per_day"], rel=0.02)


def test_a_tenth_of_the_keys_tells_the_hit_rates_of_all_within_its_error(whole):
    off, errors = [], []
    for policy in ("lru", "sieve", "s3fifo"):
        exact = predict("cache", whole, {"policy": policy}, {"max_cache_size": SIZES})
        for seed in range(6):
            part = recorded(whole, 0.1, f"{seed}:")
            found = predict("cache", part, {"policy": policy}, {"max_cache_size": SIZES})
            off += list(abs(found["hit_rate"] - exact["hit_rate"]) / found["error"])
            # Of 50 sampled entries the sizes are chance; of more, less.
            memory = found["memory_bytes"] / exact["memory_bytes"]
            assert memory[1:].tolist() == pytest.approx([1.0] * 3, abs=0.1)
            errors += list(found["error"])
    assert np.median(errors) < 0.15
    assert np.mean(np.array(off) <= 1) >= 0.9


@pytest.mark.parametrize("bound", [{}, {"max_bytes": "1MiB"}])
def test_what_a_tenth_recommends_is_right_for_all(whole, part, bound):
    key = "max_bytes" if bound else "max_cache_size"
    start = {"max_cache_size": "1G", **bound} if bound else {}
    found, exact = (tune("cache", trace, settings=start) for trace in (part, whole))
    chosen = found.settings
    error = predict("cache", part, {**start, key: chosen[key]})["error"][0]
    there = predict("cache", whole, {**start, key: chosen[key], "policy": chosen["policy"]})
    best = exact.metrics["hit_rate"]
    assert there["hit_rate"][0] >= best - error - 0.01
    assert found.metrics["memory_bytes"] == pytest.approx(there["memory_bytes"][0], rel=0.05)
    assert chosen[key] == pytest.approx(exact.settings[key], rel=0.5)
    assert "lfu" not in {point["settings"]["policy"] for point in found.points}
    assert any("estimated for the full key set from a 10 % sample" in each for each in found.notes)
    assert any("a run replays these keys alone" in each for each in found.notes) is False


def test_lfu_says_that_it_does_not_scale_down(part):
    model = load_bench("cache").model(part, COSTS)
    found = model.predict(CacheSettings(policy="lfu"), LOAD)
    assert found.error >= 0.28
    assert any("LFU does not scale down" in remark for remark in found.remarks)
    others = [policy for policy in POLICIES if policy != "lfu"]
    for policy in others:
        told = model.predict(CacheSettings(policy=policy), LOAD)
        assert not any("does not scale down" in remark for remark in told.remarks)


def test_a_few_sampled_entries_lie_between_their_neighbours(part):
    model = load_bench("cache").model(part, COSTS)
    rates = [
        model.predict(CacheSettings(max_cache_size=size), LOAD).metrics["hit_rate"]
        for size in (20, 23, 27, 30)
    ]
    assert rates == sorted(set(rates))
    assert rates[1] == pytest.approx(rates[0] + 0.3 * (rates[3] - rates[0]))


def test_ready_says_whether_an_answer_is_known(part):
    model = load_bench("cache").model(part, COSTS)
    settings = CacheSettings(max_cache_size=3_000, policy="sieve")
    assert not model.ready(settings, LOAD)
    first = model.predict(settings, LOAD)
    assert model.ready(settings, LOAD)
    assert model.predict(settings, LOAD) == first
    assert not isinstance(model, Previewing)


def test_a_large_part_is_rough_at_first_and_ends_as_sharp_as_it_can(part, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    part = recorded(Zipf(skew=0.8, keys=60_000, requests=600_000, seed=1).make(), 0.5)
    model = for_all_keys(part, COSTS, ProgressiveCacheModel.of, CACHE, CacheModel.of)
    assert isinstance(model, Sharpening)
    settings = CacheSettings(max_cache_size=8_000, policy="sieve")
    assert model.best_known(settings, LOAD) is None
    rough = model.preview(settings, LOAD)
    assert 0 < rough.sampled < 0.5
    assert model.best_known(settings, LOAD) is not None
    model.settle(settings, LOAD, lambda: False)
    sharp = model.predict(settings, LOAD)
    plain = for_all_keys(part, COSTS, CacheModel.of, CACHE).predict(settings, LOAD)
    assert sharp.sampled == 0.5
    assert sharp.metrics == plain.metrics
    assert sharp.error == plain.error <= rough.error
    assert model.has_rough_answer(settings)
    assert not model.has_rough_answer(settings.change(policy="lfu"))


def test_a_sample_of_a_part_is_a_smaller_share(part):
    found = predict("cache", part, {"max_cache_size": 5_000}, sample=0.5)
    exact = predict("cache", part, {"max_cache_size": 5_000})
    assert 0.1 == exact["sampled"][0] >= found["sampled"][0]
    assert found["hit_rate"][0] == pytest.approx(exact["hit_rate"][0], abs=found["error"][0])


def test_workers_elsewhere_answer_for_all_keys_too(part):
    with ThreadPoolExecutor(2) as threads:
        there = predict("cache", part, sweep={"max_cache_size": SIZES}, executor=threads)
    here = predict("cache", part, sweep={"max_cache_size": SIZES})
    assert there.equals(here)
    assert there["requests"][0] == pytest.approx(10 * len(part))


def test_axes_and_sweeps_reach_to_all_keys(whole, part):
    bench = load_bench("cache")
    for key in ("max_cache_size", "max_bytes"):
        of_part, of_all = (bench.axis(key, trace)[-1] for trace in (part, whole))
        assert of_part == pytest.approx(of_all, rel=0.1), key
    redis = load_bench("redis_cache")
    assert redis.axis("maxmemory", part)[-1] == pytest.approx(
        redis.axis("maxmemory", whole)[-1], rel=0.1
    )


def test_live_keys_are_those_of_the_whole(whole, part):
    of_part, of_all = (working_sets(trace, [600.0]) for trace in (part, whole))
    assert of_part.peak_keys[0] == pytest.approx(of_all.peak_keys[0], rel=0.05)
    assert of_part.peak_bytes[0] == pytest.approx(of_all.peak_bytes[0], rel=0.05)
    histories = WorkingSetHistories(part)
    found = histories.settle(600.0, LOAD)
    assert found.sampled == 0.1
    assert found.peaks["live_keys"] == of_part.peak_keys[0]
    assert histories.settle(600.0, LOAD) is found


def test_a_run_replays_the_part_with_its_share_of_the_capacity(half, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    part = dataclasses.replace(half, sample_rate=0.25)
    settings = {"max_cache_size": 400, "max_bytes": 6_000, "ttl_seconds": 900}
    result = run("cache", part, settings, seconds=30, progress=False)
    alone = CacheCounter(half).counts(
        CacheSettings(max_cache_size=100, max_bytes=1_500, ttl_seconds=900), LOAD
    )
    for name in ("requests", "hits", "misses", "evictions", "expirations", "entries"):
        assert result.metrics[name] == result.predicted[name] == getattr(alone, name), name
    assert result.settings["max_cache_size"] == 400
    assert any(
        "with max_cache_size 100 for 400 and max_bytes 1500B for 6000B" in note
        for note in result.notes
    )


def test_a_change_during_a_run_is_scaled_too(half):
    bench = load_bench("cache")
    part = dataclasses.replace(half, sample_rate=0.25)
    settings, load = bench.read({"max_cache_size": 1_000, "request_rate": 100})
    there, slower = bench.part_of_keys.replayed(settings, load, part, COSTS)
    assert (there.max_cache_size, slower.request_rate) == (250, 25)
    assert bench.part_of_keys.replayed(settings, load, half, COSTS) == (settings, load)


def test_redis_has_its_share_of_the_memory_beyond_the_servers_own(whole, part):
    costs = load_bench("redis_cache").calibration.shipped_costs
    server = costs["server_bytes"]
    settings = RedisCacheSettings(maxmemory=5_000_000)
    smaller = redis_for_part(settings, 0.1, costs).maxmemory
    assert smaller - server == pytest.approx((5_000_000 - server) / 10, abs=1)
    of_part, of_all = (
        predict("redis_cache", trace, {"maxmemory": 5_000_000}) for trace in (part, whole)
    )
    error = of_part["error"][0]
    model = load_bench("redis_cache").model(part, costs)
    for maxmemory, cramped in ((5_000_000, True), (50_000_000, False)):
        there = settings.change(maxmemory=maxmemory)
        remarks = model.predict(there, LOAD).remarks
        assert any("KiB for entries" in remark for remark in remarks) is cramped
    assert of_part["hit_rate"][0] == pytest.approx(of_all["hit_rate"][0], abs=error)
    for name in ("memory_bytes", "entries"):
        assert of_part[name][0] == pytest.approx(of_all[name][0], rel=0.05), name


def test_a_measured_mark_stands_beside_the_whole_only_where_it_tells_of_it(half):
    measured = {"hit_rate": 0.5, "memory_bytes": 1e6, "entries": 10.0}
    part = dataclasses.replace(half, sample_rate=0.25)
    assert of_the_whole(measured, part) == {"hit_rate": 0.5}
    assert of_the_whole(measured, half) == measured
