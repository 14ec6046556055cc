"""Samples and parts of the keys tell latency and the share of backend time that hits save."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recorded_times import flat

from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.cache.model import models
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads import Trace
from perflab.workloads.synthetic import Zipf

SAVED, MEAN = "backend_seconds_saved_share", "latency_seconds_mean"
BENCH = CacheBench()
COSTS = flat(BENCH.calibration.shipped_costs)
LOAD = LoadSettings(backend_seconds=0.02, backend_scale=2)


@pytest.fixture(scope="module")
def whole():
    plain = Zipf(skew=0.8, keys=60_000, requests=400_000, seed=2).make()
    draw = np.random.default_rng(3)
    of_keys = draw.lognormal(-5, 1, plain.n_keys)
    seconds = of_keys[plain.ids] * draw.exponential(1, len(plain))
    seconds[(draw.random(len(plain)) < 0.2) | (plain.ids % 13 == 4)] = np.nan
    return dataclasses.replace(plain, backend_seconds=seconds, source="")


def bands(found, exact):
    low, high = found.low, found.high
    assert low[SAVED] < found.metrics[SAVED] < high[SAVED]
    assert low[MEAN] > found.metrics[MEAN] > high[MEAN]
    assert found.metrics[MEAN] == pytest.approx(exact[MEAN], rel=0.05)
    assert low[SAVED] <= exact[SAVED] <= high[SAVED]
    assert high[MEAN] <= exact[MEAN] <= low[MEAN]
    assert found.metrics["latency_seconds_p99"] == pytest.approx(
        exact["latency_seconds_p99"], rel=0.06
    )


@pytest.mark.parametrize("policy", ["lru", "sieve"])
@pytest.mark.parametrize("method", ["stratified", "spatial"])
def test_sampled_share_and_latency_are_within_their_band(whole, policy, method):
    settings = CacheSettings(max_cache_size=8_000, policy=policy)
    exact = BENCH.model(whole, COSTS).predict(settings, LOAD).metrics
    found = BENCH.models.sampled_by(whole, COSTS, 0.25, method).predict(settings, LOAD)
    assert found.sampled < 1
    bands(found, exact)


def test_small_cache_in_some_windows_is_within_its_band(whole):
    settings = CacheSettings(max_cache_size=300, policy="fifo")
    exact = BENCH.model(whole, COSTS).predict(settings, LOAD).metrics
    found = BENCH.models.sampled(whole, COSTS, 0.2).quick(50_000).predict(settings, LOAD)
    assert found.sampled < 0.15
    assert found.low[SAVED] <= exact[SAVED] <= found.high[SAVED]
    assert found.high[MEAN] <= exact[MEAN] <= found.low[MEAN]


def test_all_keys_drawn_are_the_exact_answer(whole):
    settings = CacheSettings(max_cache_size=5_000)
    exact = BENCH.model(whole, COSTS).predict(settings, LOAD).metrics
    found = BENCH.models.sampled(whole, COSTS, 1.0).predict(settings, LOAD).metrics
    assert found[SAVED] == pytest.approx(exact[SAVED])
    assert found[MEAN] == pytest.approx(exact[MEAN])


def test_large_trace_is_rough_first_and_then_exact(whole):
    model = ProgressiveCacheModel.of(whole, COSTS)
    settings = CacheSettings(max_cache_size=8_000, policy="sieve")
    rough = model.preview(settings, LOAD)
    assert SAVED in rough.metrics
    assert rough.low[SAVED] < rough.metrics[SAVED]
    assert not model.ready(settings, LOAD)
    model.settle(settings, LOAD, lambda: False)
    found = model.predict(settings, LOAD)
    assert found.error == 0
    exact = BENCH.model(whole, COSTS).predict(settings, LOAD).metrics
    assert found.metrics[SAVED] == exact[SAVED]
    assert found.metrics[MEAN] == exact[MEAN]


def part_of(whole, seed):
    rows = (np.random.default_rng(seed).random(whole.n_keys) < 0.3)[whole.ids]
    return Trace(
        "part",
        whole.ids[rows],
        whole.n_keys,
        backend_seconds=whole.backend_seconds[rows],
        sample_rate=0.3,
        all_requests=len(whole),
    ).compact()


def test_parts_of_the_keys_answer_for_all_within_their_bands(whole):
    settings = CacheSettings(max_cache_size=8_000)
    exact = BENCH.model(whole, COSTS).predict(settings, LOAD).metrics
    within = 0
    for seed in range(6):
        found = models.cache_model(part_of(whole, seed), COSTS).predict(settings, LOAD)
        assert found.metrics[MEAN] == pytest.approx(exact[MEAN], rel=0.05)
        assert found.high[SAVED] - found.low[SAVED] < 0.5
        assert found.high[MEAN] <= exact[MEAN] <= found.low[MEAN]
        within += found.low[SAVED] <= exact[SAVED] <= found.high[SAVED]
    assert within >= 5
