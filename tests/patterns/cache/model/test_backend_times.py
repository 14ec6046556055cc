"""Latency and the share of backend time saved are those of a plain replay of recorded times."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plain_cache import PlainCache
from recorded_times import flat, is_read, latencies, saved, timed_trace, waits_of

import perflab
from perflab.modelling.prediction import Prediction
from perflab.operations import Operation
from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.policies import POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads import Trace

SAVED = "backend_seconds_saved_share"
PLAIN = ("lru", "fifo", "sieve", "clock", "lfu", "s3fifo")
BENCH = CacheBench()
COSTS = flat(BENCH.calibration.shipped_costs)
LOAD = LoadSettings(backend_seconds=0.03, backend_scale=1.7)


def predict(workload, load=LOAD, requests=None, **settings) -> Prediction:
    model = BENCH.model(workload, COSTS)
    return model.predict(CacheSettings(**settings), load, requests)


def played(trace, passes=1, **settings):
    """Return each read's row and whether it hits, by a cache in plain lists."""
    cache, loaded, found = PlainCache(), {}, []
    cache.policy, cache.max_entries = settings.get("policy", "lru"), settings["max_cache_size"]
    cache.max_bytes, cache.ttl = settings.get("max_bytes"), settings.get("ttl_seconds")
    n, spent = len(trace), float(trace.times[-1])
    for at in range(n * passes):
        row, key = at % n, int(trace.ids[at % n])
        cache.now = float(trace.times[row]) + (at // n) * spent
        value = None, 1 if trace.sizes is None else int(trace.sizes[row])
        cache.sweep()
        if is_read(trace, row):
            hit = cache.look_up(key) is not None
            if not hit:
                cache.write(key, value, None)
            found.append((row, hit))
            loaded[key] = not hit
            continue
        act = Operation(trace.operations[row])
        if act == Operation.SET:
            cache.write(key, value, None, used=not loaded.get(key))
        elif act == Operation.TOUCH:
            cache.touch(key, None)
        else:
            entry = cache.at(key)
            if entry is not None:
                cache.remove(entry)
        loaded[key] = False
    return found


def check(found, rows, trace, load=LOAD):
    waits = waits_of(trace, load)
    took = latencies(rows, waits, COSTS)
    assert found["hits"] == sum(hit for _, hit in rows)
    assert found["latency_seconds_mean"] == pytest.approx(sum(took) / len(took), rel=1e-9)
    assert found[SAVED] == pytest.approx(saved(rows, waits), rel=1e-9)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        exact = sorted(took)[math.ceil(share * len(took) - 1e-9) - 1]
        assert found[f"latency_seconds_{name}"] == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("policy", PLAIN)
@pytest.mark.parametrize(
    "more", [{}, {"ttl_seconds": 4.0}, {"max_bytes": 60}, {"max_bytes": 90, "ttl_seconds": 9.0}]
)
def test_mean_latency_is_the_sum_over_a_plain_replay(policy, more):
    sizes = np.random.default_rng(4).integers(1, 12, 60)
    trace = timed_trace(5)
    if "max_bytes" in more:
        of_rows = sizes[trace.ids % 60]
        trace = Trace.from_keys(
            trace.ids, trace.times, of_rows, backend_seconds=trace.backend_seconds
        )
    settings = {"max_cache_size": 15, "policy": policy, **more}
    check(predict(trace, **settings).metrics, played(trace, **settings), trace)


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_costs_what_its_misses_cost(policy):
    trace = timed_trace(6)
    settings = {"max_cache_size": 15, "policy": policy}
    hit = CacheCounter(trace).outcomes(CacheSettings(**settings), LOAD).hit
    check(predict(trace, **settings).metrics, list(enumerate(hit.tolist())), trace)


@pytest.mark.parametrize("policy", ["lru", "fifo", "sieve"])
def test_reads_among_writes_cost_their_own_times(policy):
    draw = np.random.default_rng(8)
    operations = draw.choice([0, 1, 2, 3], 900, p=[0.6, 0.2, 0.1, 0.1])
    trace = timed_trace(7, operations=operations)
    settings = {"max_cache_size": 12, "policy": policy}
    check(predict(trace, **settings).metrics, played(trace, **settings), trace)


def test_optimum_among_writes_has_its_own_times():
    operations = np.where(np.random.default_rng(3).random(900) < 0.2, 1, 0)
    found = predict(timed_trace(9, operations=operations), max_cache_size=12, policy="opt").metrics
    least = predict(timed_trace(9, operations=operations), max_cache_size=12).metrics
    assert found["latency_seconds_mean"] < least["latency_seconds_mean"]
    assert found[SAVED] > least[SAVED]


@pytest.mark.parametrize("policy", ["lru", "s3fifo"])
@pytest.mark.parametrize("part", [(0, 500), (200, 1300), (700, 1800), (100, 3333), (2000, 2600)])
def test_slice_of_a_looped_run_is_that_of_its_replay(policy, part):
    trace = timed_trace(10)
    settings = {"max_cache_size": 14, "policy": policy, "ttl_seconds": 6.0}
    rows = played(trace, passes=4, **settings)[slice(*part)]
    check(predict(trace, requests=slice(*part), **settings).metrics, rows, trace)


@pytest.mark.parametrize("size", [1, 2, 15, 59, 1000])
def test_prepared_curve_answers_as_the_replay(size):
    trace = timed_trace(11)
    model = BENCH.model(trace, COSTS)
    model.prepare()
    settings = CacheSettings(max_cache_size=size)
    assert model.ready(settings, LOAD)
    check(model.predict(settings, LOAD).metrics, played(trace, max_cache_size=size), trace)


def test_answer_of_another_policy_is_ready_once_given():
    model = BENCH.model(timed_trace(11), COSTS)
    settings = CacheSettings(max_cache_size=20, policy="sieve")
    model.prepare()
    assert not model.ready(settings, LOAD)
    model.predict(settings, LOAD)
    assert model.ready(settings, LOAD.change(backend_scale=3))


def test_scale_of_zero_leaves_only_reads_without_a_time():
    trace = timed_trace(12)
    load = LoadSettings(backend_scale=0, backend_seconds=0.5)
    check(
        predict(trace, load, max_cache_size=15).metrics,
        played(trace, max_cache_size=15),
        trace,
        load,
    )


def test_many_different_times_keep_their_quantiles():
    draw = np.random.default_rng(13)
    ids = draw.zipf(1.3, 30_000) % 4000
    seconds = draw.lognormal(-5, 1.5, 30_000)
    trace = Trace.from_keys(ids, np.arange(30_000), backend_seconds=seconds)
    hit = CacheCounter(trace).outcomes(CacheSettings(max_cache_size=50), LOAD).hit
    check(predict(trace, max_cache_size=50).metrics, list(enumerate(hit.tolist())), trace)


def test_costs_of_a_run_hold_its_own_mean_wait():
    trace = timed_trace(14)
    moved = {"mean": 3e-5 + 0.2, "quantiles": [3e-5 + 0.2] * len(COSTS["miss"]["quantiles"])}
    own = {**COSTS, "miss": moved, "backend_seconds": 0.2, "sleep_seconds": 0.0}
    before = BENCH.model(trace, {**COSTS, "sleep_seconds": 0.0})
    for scale in (0.5, 1.0):
        load = LoadSettings(backend_scale=scale)
        found, same = (
            model.predict(CacheSettings(max_cache_size=15), load).metrics
            for model in (before, before.with_costs(own))
        )
        assert same == pytest.approx(found)


def test_function_takes_its_own_time():
    trace, load = timed_trace(15), LoadSettings(backend=math.sqrt, backend_seconds=0.01)
    found = predict(trace, load, max_cache_size=15)
    plain = Trace.from_keys(trace.ids, trace.times)
    same = predict(plain, load, max_cache_size=15).metrics
    assert found.metrics["latency_seconds_mean"] == same["latency_seconds_mean"]
    assert found.metrics[SAVED] > 0
    assert any("takes its own time" in said for said in found.remarks)


def test_remark_names_where_times_come_from():
    all_known = Trace.from_keys([1, 2, 1, 3], backend_seconds=[0.5] * 4)
    text = f"latency and {SAVED}: by the workload's own backend times"
    assert text in predict(all_known, LoadSettings()).remarks
    mixed = Trace.from_keys([1, 1, 2, 1], backend_seconds=[0.5, None, None, 0.1])
    said = (
        f"{text}, 2×; recorded for 50 % of the reads, the median of its key for 25 %, "
        "backend_seconds for 25 %"
    )
    assert said in predict(mixed, LoadSettings(backend_scale=2)).remarks


def test_equal_times_save_the_hit_rate():
    trace = Trace.from_keys([1, 2, 1, 3, 1, 2] * 50, backend_seconds=[0.5] * 300)
    found = predict(trace, max_cache_size=2).metrics
    assert found[SAVED] == pytest.approx(found["hit_rate"])


def test_times_of_zero_save_nothing_and_say_so():
    found = predict(Trace.from_keys([1, 2, 1, 1], backend_seconds=[0.0] * 4), LoadSettings())
    assert SAVED not in found.metrics
    assert any(f"all are 0, so that {SAVED} is not known" in said for said in found.remarks)


def test_without_a_known_time_the_setting_counts():
    plain = predict(Trace.from_keys([1, 2, 1, 1]))
    assert predict(Trace.from_keys([1, 2, 1, 1], backend_seconds=[np.nan] * 4)) == plain
    assert SAVED not in plain.metrics


def test_settings_are_recommended_for_it():
    found = perflab.tune("cache", timed_trace(16), f"max:{SAVED}")
    assert SAVED in str(found)


def test_it_is_hidden_where_no_trace_has_times():
    assert SAVED in BENCH.display.hidden(Trace.from_keys([1, 2]))
    assert SAVED not in BENCH.display.hidden(timed_trace(17))
