from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import perflab
from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.cache.model.metrics import daily_cost
from perflab.settings import LoadSettings
from perflab.tuning.recommend import tune
from perflab.workloads import Trace

BENCH = CacheBench()
METRICS = {"memory_bytes": 2.0**31, "misses": 25.0, "requests": 100.0}


def trace_of(seconds, requests=100):
    times = np.linspace(0, seconds * (requests - 1) / requests, requests)
    return Trace.from_keys(np.arange(requests) % 7, times=times)


def test_cost_is_memory_by_the_hour_and_misses_by_the_call():
    load = LoadSettings(price_per_gib_hour=0.01, price_per_backend_call=0.002)
    cost = daily_cost(METRICS, load, trace_of(86_400.0))
    assert cost["memory_cost_per_day"] == pytest.approx(2 * 24 * 0.01)
    assert cost["backend_cost_per_day"] == pytest.approx(25 * 0.002)
    assert cost["cost_per_day"] == pytest.approx(0.48 + 0.05)


def test_how_fast_a_trace_is_replayed_changes_no_cost():
    slow, fast = LoadSettings(), LoadSettings(speedup=1000)
    trace = trace_of(3600.0)
    assert daily_cost(METRICS, slow, trace) == daily_cost(METRICS, fast, trace)


def test_trace_without_times_is_dated_by_the_rate():
    trace = Trace.from_keys(np.arange(100))
    load = LoadSettings(request_rate=2.0, price_per_backend_call=1.0, price_per_gib_hour=0)
    assert daily_cost(METRICS, load, trace)["cost_per_day"] == pytest.approx(2 * 86_400 / 4)


def test_without_times_and_rate_no_cost_is_told():
    assert daily_cost(METRICS, LoadSettings(), Trace.from_keys(np.arange(10))) == {}


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 1e3))
def test_cost_is_never_negative_and_rises_with_each_price(price, call, more):
    trace = trace_of(100.0)

    def cost(memory, backend):
        load = LoadSettings(price_per_gib_hour=memory, price_per_backend_call=backend)
        return daily_cost(METRICS, load, trace)["cost_per_day"]

    assert 0 <= cost(price, call) <= cost(price + more, call) * (1 + 1e-12)
    assert cost(price, call) <= cost(price, call + more) * (1 + 1e-12)


def test_cheapest_size_is_found_by_tuning_and_no_other_size_is_cheaper():
    prices = {"price_per_gib_hour": 0.005, "price_per_backend_call": 1e-6}
    found = tune("cache", "flights", "min:cost_per_day", settings=prices)
    least = min(point["metrics"]["cost_per_day"] for point in found.points)
    assert found.metrics["cost_per_day"] <= least * 1.01
    sizes = sorted({point["settings"]["max_cache_size"] for point in found.points})
    assert sizes[0] < found.settings["max_cache_size"] < sizes[-1]


def test_sample_of_the_keys_tells_about_the_same_cost():
    exact = perflab.predict("cache", "zipf:keys=20k,requests=200k,seed=1", {"request_rate": 100})
    rough = perflab.predict(
        "cache", "zipf:keys=20k,requests=200k,seed=1", {"request_rate": 100}, sample=0.1
    )
    assert rough["cost_per_day"][0] == pytest.approx(exact["cost_per_day"][0], rel=0.1)
