"""Loads of a run sleep the recorded times, and count what hits save of them."""

from __future__ import annotations

import math
import time

import pytest
from recorded_times import timed_trace, waits_of

import perflab
from perflab.bench import load_bench
from perflab.bench.backend_waits import backend_waits_of, miss_costs, saved_share
from perflab.bench.overruled import overruled_by_trace
from perflab.bench.session import Measured
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.cache.session import CacheSession
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.servers import lookup
from perflab.settings import LoadSettings
from perflab.workloads import Trace

SAVED = "backend_seconds_saved_share"
BENCH = load_bench("cache")
LOAD = LoadSettings(backend="delay", backend_seconds=0.03, backend_scale=2)


def played(monkeypatch, trace, settings, load):
    """Return the outcomes, what was slept, and the counters of a session over all rows."""
    slept = []
    monkeypatch.setattr(lookup.time, "sleep", slept.append)
    session = CacheSession(settings, load, trace, VirtualClock())
    outcomes = [session.request(row, 0.0) for row in range(len(trace))]
    counters = session.counters()
    session.close()
    return outcomes, slept, counters


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("policy", ["lru", "sieve"])
def test_each_miss_sleeps_its_own_time(monkeypatch, policy, writes):
    operations = [0 if row % 5 else 1 + row // 5 % 3 for row in range(900)] if writes else None
    trace = timed_trace(31, operations=operations)
    settings = CacheSettings(max_cache_size=12, policy=policy)
    outcomes, slept, counters = played(monkeypatch, trace, settings, LOAD)
    waits = waits_of(trace, LOAD)
    missed = [waits[row] for row, outcome in enumerate(outcomes) if outcome == "miss"]
    assert slept == pytest.approx([wait for wait in missed if wait > 0])
    predicted = BENCH.model(trace, BENCH.calibration.shipped_costs).predict(settings, LOAD).metrics
    assert outcomes.count("hit") == predicted["hits"]
    assert saved_share(counters)[SAVED] == pytest.approx(predicted[SAVED])


def test_function_takes_its_own_time(monkeypatch):
    trace = timed_trace(32)
    load = LoadSettings(backend=abs, backend_seconds=0.0, request_rate=1e6)
    trace = Trace.from_keys(trace.ids, backend_seconds=trace.backend_seconds)
    _, slept, counters = played(monkeypatch, trace, CacheSettings(max_cache_size=12), load)
    assert max(slept, default=0.0) < 0.01  # the cap on calls alone
    assert saved_share(counters)[SAVED] > 0


def test_changed_scale_counts_from_the_next_read():
    waits = backend_waits_of(Trace.from_keys([1, 2, 3], backend_seconds=[0.5, 0.25, None]), LOAD)
    assert [waits.of(row) for row in range(3)] == [1.0, 0.5, 0.03]
    waits.change(LOAD.change(backend_scale=4, backend_seconds=0.2))
    assert [waits.of(row) for row in range(3)] == [2.0, 1.0, 0.2]


def test_without_times_there_are_none():
    assert backend_waits_of(Trace.from_keys([1, 2]), LOAD) is None
    assert backend_waits_of(Trace.from_keys([1, 2], backend_seconds=[None, None]), LOAD) is None
    assert saved_share({}) == {}


def test_costs_of_a_run_part_its_waits_from_the_rest():
    whole, beside, waits = LatencyHistogram(), LatencyHistogram(), [0.1, 0.3, 0.8]
    for wait in waits:
        beside.record(0.001)
        whole.record(wait + 0.0012)
    counters = {"backend_seconds_missed": sum(waits)}
    distributions = {"beside_backend": beside}
    measured = Measured(1.0, 3, counters, {"miss": whole}, distributions, 0.0, LOAD)
    found = miss_costs(measured)
    assert found["backend_seconds"] == pytest.approx(0.4)
    assert found["miss"]["mean"] == pytest.approx(0.4012)
    assert found["miss"]["quantiles"] == pytest.approx([0.4012] * 103, rel=0.01)
    plain = Measured(1.0, 3, {}, {"miss": whole}, {}, 0.0, LOAD)
    assert miss_costs(plain) == {"backend_seconds": 0.03}
    assert miss_costs(Measured(1.0, 0, {}, {}, {}, 0.0, LOAD)) == {}


def test_run_measures_what_was_predicted():
    trace = timed_trace(33, requests=600, keys=120, known=1.0)
    settings = {"max_cache_size": 40, "backend": "delay", "loop": True, "backend_scale": 0.3}
    began = time.monotonic()
    found = perflab.run("cache", trace, settings, seconds=4)
    assert time.monotonic() - began < 60
    assert found.since_change[SAVED] == pytest.approx(found.predicted[SAVED], abs=1e-6)
    mean = found.since_change["latency_seconds_mean"]
    assert found.fitted["latency_seconds_mean"] == pytest.approx(mean, rel=0.05)
    assert found.fitted["latency_seconds_p95"] == pytest.approx(
        found.since_change["latency_seconds_p95"], rel=0.15
    )
    assert found.snapshots[-1][SAVED] >= 0
    assert f"by the workload's own backend times, {0.3}×" in " ".join(found.notes)


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_setting_without_effect_is_grey_with_the_reason(pattern):
    bench = load_bench(pattern)
    assert "backend_scale" in bench.display.sliders
    settings, load = bench.read({})

    def reasons(seconds, load=load):
        trace = Trace.from_keys([1, 2, 1], backend_seconds=seconds)
        return bench.display.overruled(settings, load, trace)

    assert "no backend times" in reasons(None)["backend_scale"]
    assert "backend_seconds" not in reasons(None)
    assert "backend_scale" not in reasons([0.1, None, None])
    assert "backend_seconds" not in reasons([0.1, None, None])
    assert "backend scale multiplies" in reasons([0.1, 0.2, None])["backend_seconds"]
    own = load.change(backend=math.sqrt)
    assert "takes its own time" in reasons([0.1, 0.2, 0.3], own)["backend_scale"]
    assert overruled_by_trace(settings, load, Trace.from_keys([1]))["backend_scale"]
