import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.modelling.scaling import IN_FULL
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.estimates import Estimate
from perflab.patterns.cache.model.key_samples import METHODS, KeySampler
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.sampled import SampledCacheModel
from perflab.patterns.cache.policies import POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.traces import load_workload

COSTS = load_bench("cache").calibration.shipped_costs
LOAD = LoadSettings()
SCALING = tuple(policy for policy in POLICIES if policy not in IN_FULL)


@pytest.fixture(scope="module")
def zipf():
    return load_workload("zipf:skew=0.9,keys=150k,requests=1M,seed=3")


@pytest.fixture(scope="module")
def timed():
    draw = np.random.default_rng(5)
    ranks = draw.zipf(1.15, 400_000) % 60_000
    times = np.cumsum(draw.exponential(0.01, len(ranks)))
    sizes = (ranks * 7919 % 1000 + 100).astype(np.int64)
    return Trace.from_keys(ranks, times=times, sizes=sizes)


@given(
    keys=st.lists(st.integers(0, 30), min_size=1, max_size=120),
    size=st.integers(1, 32),
    policy=st.sampled_from(SCALING),
    method=st.sampled_from(METHODS),
)
def test_all_keys_drawn_are_the_exact_answer(keys, size, policy, method):
    trace = Trace.from_keys(keys)
    settings = CacheSettings(max_cache_size=size, policy=policy)
    exact = CacheCounter(trace).counts(settings, LOAD)
    for sample in KeySampler(trace, method).draw(1.0, 1.0, (0, 1)):
        counter = CacheCounter(sample.trace)
        found = Estimate.of(sample, counter.counts(settings, LOAD), counter.looped)
        assert found.counts(len(trace), 0) == exact


@pytest.mark.parametrize("method", METHODS)
def test_a_key_is_drawn_with_all_its_requests_or_not_at_all(zipf, method):
    for sample in KeySampler(zipf, method).draw(0.1, 1.0, range(3)):
        chosen = np.unique(zipf.ids[sample.places])
        asked = np.bincount(zipf.ids, minlength=zipf.n_keys)[chosen].sum()
        assert len(sample.trace) == asked
        assert sample.trace.n_keys == len(chosen)
        assert abs(len(chosen) / zipf.n_keys - 0.1) < (1e-4 if method == "stratified" else 0.005)


def test_strata_hold_the_frequencies_of_all_keys(zipf):
    every = np.sort(np.bincount(zipf.ids, minlength=zipf.n_keys))
    (sample,) = KeySampler(zipf).draw(0.1, 1.0, (0,))
    drawn = np.sort(np.bincount(sample.trace.ids))
    thinned = every[np.linspace(0, len(every) - 1, len(drawn)).astype(int)]
    below = slice(0, len(drawn) * 99 // 100)
    assert np.abs(drawn[below] - thinned[below]).max() <= 1


def test_draws_differ_and_the_same_seed_draws_the_same(zipf):
    first, second = KeySampler(zipf).draw(0.1, 1.0, (0, 1))
    (again,) = KeySampler(zipf).draw(0.1, 1.0, (1,))
    assert not np.array_equal(first.places, second.places)
    assert np.array_equal(second.places, again.places)


def test_between_windows_the_clock_stands_still(timed):
    (sample,) = KeySampler(timed).draw(1.0, 0.2, (7,))
    assert len(sample.trace) == pytest.approx(0.2 * len(timed), abs=4)
    assert sample.places.tolist() == list(range(len(sample.trace)))
    gaps = np.diff(sample.trace.times)
    assert gaps.min() >= 0
    assert gaps.max() <= np.diff(timed.times).max() + 1e-6
    passed = sample.trace.times[-1] - sample.trace.times[0]
    assert passed == pytest.approx(0.2 * (timed.times[-1] - timed.times[0]), rel=0.05)


@pytest.mark.parametrize(
    ("policy", "method"),
    [*((policy, "stratified") for policy in SCALING), ("lru", "spatial"), ("sieve", "spatial")],
)
def test_the_band_covers_the_exact_hit_rate_of_most_sizes(zipf, policy, method):
    exact, sampled = CacheModel.of(zipf, COSTS), SampledCacheModel.of(zipf, COSTS, 0.1, method)
    covered = []
    for size in load_bench("cache").axis("max_cache_size", zipf)[::5]:
        settings = CacheSettings(max_cache_size=size, policy=policy)
        found = sampled.predict(settings, LOAD)
        rate = exact.predict(settings, LOAD).metrics["hit_rate"]
        covered.append(abs(found.metrics["hit_rate"] - rate) <= found.error)
        assert found.low["hit_rate"] <= found.metrics["hit_rate"] <= found.high["hit_rate"]
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize("policy", SCALING)
def test_strata_are_close_at_every_size(zipf, policy):
    exact, sampled = CacheModel.of(zipf, COSTS), SampledCacheModel.of(zipf, COSTS, 0.1)
    for size in (10, 200, 3000, 40_000, 140_000):
        settings = CacheSettings(max_cache_size=size, policy=policy)
        found = sampled.predict(settings, LOAD).metrics["hit_rate"]
        assert found == pytest.approx(exact.predict(settings, LOAD).metrics["hit_rate"], abs=0.01)


def test_a_ttl_is_told_by_the_sample_too(timed):
    exact, sampled = CacheModel.of(timed, COSTS), SampledCacheModel.of(timed, COSTS, 0.3)
    for ttl in (2.0, 60.0, 1000.0):
        settings = CacheSettings(max_cache_size=10_000, ttl_seconds=ttl)
        found, right = (model.predict(settings, LOAD) for model in (sampled, exact))
        for name in ("hit_rate", "byte_hit_rate"):
            assert found.metrics[name] == pytest.approx(right.metrics[name], abs=0.02)
        for name in ("expirations", "entries"):
            assert found.metrics[name] == pytest.approx(right.metrics[name], rel=0.1, abs=50)


@pytest.mark.parametrize("policy", ["arc", "twoq", "wtinylfu"])
def test_the_band_holds_the_exact_rate_where_entries_expire(timed, policy):
    exact, sampled = CacheModel.of(timed, COSTS), SampledCacheModel.of(timed, COSTS, 0.1)
    for size in (300, 3_000, 30_000):
        settings = CacheSettings(max_cache_size=size, policy=policy, ttl_seconds=100.0)
        found, right = (model.predict(settings, LOAD) for model in (sampled, exact))
        off = abs(found.metrics["hit_rate"] - right.metrics["hit_rate"])
        assert 0 < off <= found.error < 0.15


def test_bytes_bound_the_sample_in_proportion(timed):
    exact, sampled = CacheModel.of(timed, COSTS), SampledCacheModel.of(timed, COSTS, 0.3)
    for most in (300_000, 3_000_000):
        settings = CacheSettings(max_cache_size=1_000_000, max_bytes=most)
        found, right = (model.predict(settings, LOAD).metrics for model in (sampled, exact))
        assert found["hit_rate"] == pytest.approx(right["hit_rate"], abs=0.02)
        assert found["byte_hit_rate"] == pytest.approx(right["byte_hit_rate"], abs=0.03)
        assert found["entries"] == pytest.approx(right["entries"], rel=0.1)


def test_a_rate_dates_a_sample_as_it_dates_the_whole(zipf):
    dated = Trace("dated", zipf.ids, zipf.n_keys, np.arange(len(zipf)) / 50.0, check=False)
    settings = CacheSettings(max_cache_size=20_000, ttl_seconds=900)
    by_rate = SampledCacheModel.of(zipf, COSTS, 0.2).predict(
        settings, LoadSettings(request_rate=50)
    )
    by_times = SampledCacheModel.of(dated, COSTS, 0.2).predict(settings, LOAD)
    assert by_rate.metrics["hits"] == by_times.metrics["hits"]
    assert by_rate.error == by_times.error


def test_lfu_does_not_scale_down_so_it_is_answered_in_full(zipf):
    settings = CacheSettings(max_cache_size=5000, policy="lfu")
    found = SampledCacheModel.of(zipf, COSTS, 0.1).predict(settings, LOAD)
    assert (found.sampled, found.error) == (1.0, 0.0)
    assert found.metrics["hits"] == CacheCounter(zipf).counts(settings, LOAD).hits
    assert any("LFU does not scale down" in remark for remark in found.remarks)


def test_fewer_keys_than_tell_enough_are_not_taken_and_it_is_said(zipf):
    settings = CacheSettings(max_cache_size=5000)
    model = SampledCacheModel.of(zipf, COSTS, 0.001)
    assert model.scaled.share == 10_000 / zipf.n_keys
    found = model.predict(settings, LOAD)
    assert any("10,000 keys are kept" in remark for remark in found.remarks)
    few = SampledCacheModel.of(Trace.from_keys([1, 2, 1]), COSTS, 0.5).predict(settings, LOAD)
    assert (few.sampled, few.error, few.metrics["hits"]) == (1.0, 0.0, 1)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(BadInputError, match="share of the keys"):
        SampledCacheModel.of(Trace.from_keys([1, 2, 1]), COSTS, share)


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(BadInputError, match="did you mean 'spatial'"):
        SampledCacheModel.of(Trace.from_keys([1, 2, 1]), COSTS, 0.5, "spacial")


def test_some_of_the_requests_are_not_answered_by_a_sample(zipf):
    with pytest.raises(BadInputError, match="all requests only"):
        SampledCacheModel.of(zipf, COSTS, 0.1).predict(CacheSettings(), LOAD, slice(0, 5))


@pytest.mark.parametrize("policy", ["lru", "fifo", "sieve"])
def test_the_band_holds_on_a_real_trace(traces, policy):
    raw = lzma.decompress((traces / "cache2k_orm-busy.trace.xz").read_bytes())
    trace = Trace.from_keys(np.frombuffer(raw, ">i4").astype(np.int64))
    exact, sampled = CacheModel.of(trace, COSTS), SampledCacheModel.of(trace, COSTS, 0.01)
    covered = []
    for size in (50, 200, 1000, 5000, 10_000, 20_000, 50_000):
        settings = CacheSettings(max_cache_size=size, policy=policy)
        found = sampled.predict(settings, LOAD)
        rate = exact.predict(settings, LOAD).metrics["hit_rate"]
        covered.append(abs(found.metrics["hit_rate"] - rate) <= found.error)
        assert found.metrics["hit_rate"] == pytest.approx(rate, abs=0.05)
    assert np.mean(covered) > 0.5
