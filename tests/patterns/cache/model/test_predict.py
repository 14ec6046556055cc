import lzma
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.modelling.latency import QUANTILES, mix
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.policies import POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

COSTS = load_bench("cache").calibration.shipped_costs
LOAD = LoadSettings()


def lru_hits(keys, size, first=0, ttl=None, times=None):
    held, hits = OrderedDict(), 0
    for position, key in enumerate(keys):
        now = 0.0 if times is None else times[position]
        if key in held and (ttl is None or now < held[key] + ttl):
            held.move_to_end(key)
            hits += position >= first
            continue
        held.pop(key, None)
        if len(held) >= size:
            held.popitem(last=False)
        held[key] = now
    return hits


@given(
    keys=st.lists(st.integers(0, 12), min_size=1, max_size=80),
    size=st.integers(1, 14),
    passes=st.integers(1, 5),
    data=st.data(),
)
def test_a_slice_of_a_looped_trace_counts_like_playing_it(keys, size, passes, data):
    played = keys * passes
    first = data.draw(st.integers(0, len(played) - 1))
    last = data.draw(st.integers(first + 1, len(played)))
    model = CacheModel.of(Trace.from_keys(keys), COSTS)
    counts = model.counter.counts(CacheSettings(max_cache_size=size), LOAD, slice(first, last))
    assert counts.hits == lru_hits(played[:last], size, first)
    assert counts.requests == last - first == counts.hits + counts.misses


@given(
    keys=st.lists(st.integers(0, 9), min_size=2, max_size=80),
    size=st.integers(1, 12),
    ttl=st.floats(0.5, 30),
)
def test_a_trace_without_times_is_dated_by_the_rate(keys, size, ttl):
    model = CacheModel.of(Trace.from_keys(keys), COSTS)
    settings = CacheSettings(max_cache_size=size, ttl_seconds=ttl)
    counts = model.counter.counts(settings, LoadSettings(request_rate=2.0))
    times = np.arange(len(keys)) / 2.0
    assert counts.hits == lru_hits(keys, size, 0, ttl, times)
    undated = model.predict(settings, LOAD)
    assert undated.metrics["hits"] == lru_hits(keys, size)
    assert any("ttl_seconds has no effect" in remark for remark in undated.remarks)


def test_the_prepared_curve_answers_like_a_single_run():
    keys = np.random.default_rng(1).zipf(1.3, 5000) % 700
    fresh, prepared = CacheCounter(Trace.from_keys(keys)), CacheCounter(Trace.from_keys(keys))
    prepared.prepare()
    for size in (1, 7, 100, 699, 5000):
        settings = CacheSettings(max_cache_size=size)
        assert prepared.ready(settings, LOAD)
        assert fresh.counts(settings, LOAD) == prepared.counts(settings, LOAD)


@pytest.mark.parametrize(
    ("policy", "size", "hits"),
    [
        ("lru", 1000, 38_368),
        ("fifo", 5000, 46_083),
        ("sieve", 200, 31_986),
        ("opt", 50, 33_250),
    ],
)
def test_a_real_trace_has_the_known_hits(traces, policy, size, hits):
    raw = lzma.decompress((traces / "cache2k_web07.trace.xz").read_bytes())
    counter = CacheCounter(Trace.from_keys(np.frombuffer(raw, ">i4").astype(np.int64)))
    assert counter.counts(CacheSettings(max_cache_size=size, policy=policy), LOAD).hits == hits


def test_opt_with_a_ttl_is_refused_with_what_to_do():
    model = CacheModel.of(Trace.from_keys([1, 2, 1], times=[0, 1, 2]), COSTS)
    with pytest.raises(BadInputError, match="set ttl_seconds"):
        model.predict(CacheSettings(policy="opt", ttl_seconds=5), LOAD)


def test_bytes_bound_the_cache_where_the_trace_has_sizes():
    trace = Trace.from_keys([1, 2, 1, 2], sizes=[60, 60, 60, 60])
    model = CacheModel.of(trace, COSTS)
    roomy = model.predict(CacheSettings(max_bytes=120), LOAD).metrics
    tight = model.predict(CacheSettings(max_bytes=100), LOAD).metrics
    assert (roomy["hits"], tight["hits"]) == (2, 0)
    assert roomy["byte_hit_rate"] == 0.5


@pytest.mark.parametrize("policy", POLICIES)
def test_bytes_asked_for_are_the_whole_of_a_byte_hit_rate_where_sizes_change(policy):
    trace = Trace.from_keys([1, 1, 1, 2], sizes=[90, 20, 30, 60])
    settings = CacheSettings(policy=policy, max_cache_size=4)
    assert CacheModel.of(trace, COSTS).predict(settings, LOAD).metrics["byte_hit_rate"] == 0.25


def test_a_backend_wait_is_paid_by_misses_only():
    model = CacheModel.of(Trace.from_keys([1, 2, 3, 4, 1, 2, 3, 4]), COSTS)
    free = model.predict(CacheSettings(), LOAD).metrics
    dear = model.predict(CacheSettings(), LoadSettings(backend_seconds=0.1)).metrics
    added = dear["latency_seconds_mean"] - free["latency_seconds_mean"]
    assert added == pytest.approx(0.5 * (0.1 + COSTS["sleep_seconds"]), rel=1e-6)
    own = {**COSTS, "backend_seconds": 0.1}
    other = model.with_costs(own)
    assert other.ready(CacheSettings(), LOAD)
    same = other.predict(CacheSettings(), LoadSettings(backend_seconds=0.1)).metrics
    assert same["latency_seconds_mean"] == pytest.approx(free["latency_seconds_mean"])


@given(
    st.lists(st.floats(1e-7, 1.0), min_size=3, max_size=200),
    st.lists(st.floats(1e-7, 1.0), min_size=3, max_size=200),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_a_mixture_lies_between_its_parts(first, second, many, few):
    costs = [
        {"mean": float(np.mean(part)), "quantiles": list(np.quantile(part, QUANTILES))}
        for part in (first, second)
    ]
    mixed = mix([(many, costs[0]), (few, costs[1])])
    low, high = sorted(cost["mean"] for cost in costs)
    assert low * 0.999999 <= mixed["latency_seconds_mean"] <= high * 1.000001
    assert mixed["latency_seconds_p50"] <= mixed["latency_seconds_p95"]
    assert mixed["latency_seconds_p95"] <= mixed["latency_seconds_p99"] <= max(*first, *second)


def test_no_more_requests_are_answered_than_come():
    model = CacheModel.of(Trace.from_keys([1] * 101, times=np.arange(101) / 10), COSTS)
    paced = model.predict(CacheSettings(), LoadSettings(speedup=20)).metrics
    assert paced["throughput_per_second"] == pytest.approx(200)
    rated = model.predict(CacheSettings(), LoadSettings(request_rate=7, speedup=20)).metrics
    assert rated["throughput_per_second"] == 7
    assert model.predict(CacheSettings(), LOAD).metrics["throughput_per_second"] > 10_000


def test_byte_hit_rate_of_a_slice_is_of_what_was_asked_in_it():
    trace = Trace.from_keys([1, 2, 1, 3, 2], sizes=[10, 5, 10, 7, 5])
    model, settings = CacheModel.of(trace, COSTS), CacheSettings(max_cache_size=10)

    def rate(first, last):
        return model.predict(settings, LOAD, slice(first, last)).metrics["byte_hit_rate"]

    assert rate(0, 3) == 10 / 25
    assert rate(3, 5) == 5 / 12
    assert rate(0, 5) == model.predict(settings, LOAD).metrics["byte_hit_rate"] == 15 / 37
    # The second pass hits all, and so does any later one.
    assert rate(4, 8) == 1.0
    assert rate(3, 17) == (5 + 2 * 37 + 15) / (12 + 2 * 37 + 15)


def test_entries_that_bound_before_bytes_are_remarked():
    trace = Trace.from_keys(list(range(100)), sizes=[50] * 100)
    model = CacheModel.of(trace, COSTS)

    def said(**values):
        return " ".join(model.remarks(CacheSettings(**values), LOAD))

    remark = "max_cache_size bounds before max_bytes does: 20 entries, about 1000B"
    assert remark in said(max_cache_size=20, max_bytes=2000)
    assert "bounds before" not in said(max_cache_size=20, max_bytes=900)
    assert "bounds before" not in said(max_cache_size=100, max_bytes=10_000)
