"""Live runs of traces with writes, renewals and removals, against a cache in plain lists."""

from __future__ import annotations

import time

import numpy as np
import pytest
from plain_replay import PlainReplay, random_trace

from perflab.bench import load_bench
from perflab.bench.pace import Pace
from perflab.bench.replay import played
from perflab.errors import BadInputError
from perflab.lab.load import LoadGenerator
from perflab.lab.verbs import run, start_live
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

COUNTED = ("hits", "misses", "evictions", "expirations", "entries", "bytes")


def play(trace, settings, load):
    """Return a session's counters after one pass of a trace by one thread."""
    clock = VirtualClock()
    session = load_bench("cache").session(settings, load, trace, clock, "")
    pace = Pace.of(trace, load, time.perf_counter())
    generator = LoadGenerator(session, pace, load, clock, len(trace), open_loop=False)
    try:
        generator.start()
        while not generator.finished:
            time.sleep(0.001)
        assert generator.failure is None
        counters = session.counters()
        return counters, {name: each.count for name, each in generator.histograms().items()}
    finally:
        generator.stop()
        session.close()


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize("writes", ["recorded", "through", "invalidate"])
def test_one_thread_does_what_a_plain_cache_does(policy, writes):
    for seed in range(6):
        trace = random_trace(seed)
        settings = CacheSettings(
            policy=policy,
            max_cache_size=(5, 12, 30)[seed % 3],
            max_bytes=(None, 40, 90)[seed // 2],
            ttl_seconds=(None, 30)[seed % 2],
            expiry=("lazy", "eager")[seed // 3],
        )
        load = LoadSettings(writes=writes, ttl_from=("recorded", "setting")[seed == 5])
        plain = PlainReplay(settings, load)
        plain.play(trace)
        counters, outcomes = play(trace, settings, load)
        expected = plain.counts()
        assert {name: counters[name] for name in COUNTED} == {n: expected[n] for n in COUNTED}
        assert counters["hit_bytes"] == plain.hit_bytes
        assert counters["asked_bytes"] == plain.asked_bytes
        assert outcomes.get("hit", 0) == counters["hits"]
        assert counters["hits"] + counters["misses"] == trace.reads
        assert sum(outcomes.values()) == len(trace)


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize("expiry", ["lazy", "eager"])
@pytest.mark.parametrize("writes", ["recorded", "through", "invalidate", "ignore"])
def test_one_thread_does_what_was_predicted(policy, writes, expiry):
    bench = load_bench("cache")
    for seed, (entries, most, ttl) in enumerate([(12, 60, 30), (20, None, None), (200, 40, 60)]):
        whole = random_trace(10 + seed, requests=1200)
        settings = CacheSettings(
            policy=policy,
            max_cache_size=entries,
            max_bytes=most,
            ttl_seconds=ttl,
            expiry=expiry,
        )
        load = LoadSettings(writes=writes, ttl_from=("recorded", "setting")[seed == 2])
        model = bench.model(whole, bench.calibration.shipped_costs)
        predicted = model.predict(settings, load).metrics
        counters, outcomes = play(played(whole, load), settings, load)
        for name in ("hits", "misses", "evictions", "expirations", "entries"):
            assert counters[name] == predicted[name], name
        assert counters["hit_bytes"] / counters["asked_bytes"] == predicted["byte_hit_rate"]
        assert outcomes["hit"] + outcomes["miss"] == predicted["requests"] == whole.reads


def test_a_trace_without_sizes_and_lifetimes_is_played():
    trace = random_trace(1, sizes=None, ttls=None)
    settings, load = CacheSettings(max_cache_size=10, ttl_seconds=20), LoadSettings()
    plain = PlainReplay(settings, load)
    plain.play(trace)
    counters, _ = play(trace, settings, load)
    expected = plain.counts()
    for name in ("hits", "misses", "evictions", "expirations", "entries"):
        assert counters[name] == expected[name]


def test_a_rate_dates_rows_of_all_operations():
    trace = random_trace(2, times=None)
    dated = random_trace(2, times=np.arange(400) / 50_000)
    settings = CacheSettings(max_cache_size=30, ttl_seconds=0.004)
    load = LoadSettings(ttl_from="setting")
    by_rate, _ = play(trace, settings, load.change(request_rate=50_000))
    by_times, _ = play(dated, settings, load)
    assert [by_rate[name] for name in COUNTED] == [by_times[name] for name in COUNTED]


def test_the_slider_counts_for_traces_of_reads_too():
    trace = random_trace(3).reads_only()
    settings = CacheSettings(max_cache_size=30, ttl_seconds=5)
    own, _ = play(trace, settings, LoadSettings())
    slider, _ = play(trace, settings, LoadSettings(ttl_from="setting"))
    plain, _ = play(random_trace(3, ttls=None).reads_only(), settings, LoadSettings())
    assert slider["hits"] == plain["hits"] != own["hits"]


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize("writes", ["recorded", "through", "invalidate"])
def test_a_run_by_one_thread_does_what_is_predicted(policy, writes):
    bench = load_bench("cache")
    for seed in range(10, 14):
        trace = random_trace(seed)
        settings = CacheSettings(
            policy=policy,
            max_cache_size=(7, 25)[seed % 2],
            max_bytes=(None, 60)[seed % 4 // 2],
            ttl_seconds=(None, 30)[seed % 2],
            expiry=("lazy", "eager")[seed % 4 // 2],
        )
        load = LoadSettings(writes=writes, ttl_from=("recorded", "setting")[seed == 13])
        counters, _ = play(trace, settings, load)
        found = bench.model(trace, bench.calibration.shipped_costs).predict(settings, load).metrics
        for name in ("hits", "misses", "evictions", "expirations", "entries"):
            assert counters[name] == found[name], (seed, name)
        assert found["byte_hit_rate"] == counters["hit_bytes"] / counters["asked_bytes"]


def test_a_run_measures_what_was_predicted_of_its_reads():
    trace = random_trace(4, requests=3000)
    values = {"max_cache_size": 15, "policy": "sieve", "ttl_seconds": 40}
    for writes in ("through", "ignore"):
        done = run("cache", trace, {**values, "writes": writes}, 60, progress=False)
        assert done.ended == "workload through"
        for name in ("hits", "misses", "evictions", "expirations", "byte_hit_rate"):
            assert done.metrics[name] == done.predicted[name], name
        assert done.metrics["requests"] == trace.reads
        assert done.workload["name"] == "random"
        assert not any("overtaken" in note for note in done.notes)


def test_a_run_by_several_threads_says_that_operations_may_overtake():
    live = start_live("cache", random_trace(5), {"concurrency": 3}, 60)
    try:
        done = live.wait()
        with pytest.raises(BadInputError, match="writes: cannot change to or from ignore"):
            live.apply({"writes": "ignore"})
    finally:
        live.close()
    assert done.metrics["hits"] + done.metrics["misses"] == random_trace(5).reads
    assert any("3 threads replayed the trace" in note for note in done.notes)


def test_a_run_of_writes_alone_is_refused():
    trace = Trace.from_keys(list("ab"), operations=["set", "delete"], name="my.csv")
    with pytest.raises(BadInputError, match=r"my\.csv: holds no reads"):
        run("cache", trace, {}, 5, progress=False)
