"""What holds for any service: one stage is its bench, and what is never hit changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab import BadInputError, Service, Trace
from perflab.bench import load_bench
from perflab.lab.calibration import Calibration
from perflab.modelling.latency import QUANTILES
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals

DRAW = np.random.default_rng(8)
COUNT = 10_007
KEYS = (DRAW.zipf(1.2, COUNT) % 900).astype(np.int64)
TIMES = np.cumsum(DRAW.exponential(0.01, COUNT))
SIZES = DRAW.integers(1, 100, 900)[KEYS]
TRACE = Trace.from_keys(KEYS, TIMES, SIZES)


def smooth(seconds):
    """A cost whose quantiles lie on a line, so that a percentile does not jump."""
    return {"mean": 1.5 * seconds, "quantiles": [(1 + share) * seconds for share in QUANTILES]}


SHIPPED_POOL = load_bench("connection_pool").calibration.shipped_costs
SMOOTH = {"cache": (5e-7, 1e-5), "redis_cache": (8e-5, 3e-4)}


def calibrated(bench, *_):
    pattern, costs = bench.identity.pattern, dict(bench.calibration.shipped_costs)
    if pattern in SMOOTH:
        hit, miss = SMOOTH[pattern]
        costs |= {"hit": smooth(hit), "miss": smooth(miss)}
    return Calibration(pattern, "", costs, "shipped")


@pytest.fixture(autouse=True)
def costs(monkeypatch):
    monkeypatch.setattr("perflab.service.predict.calibration_for", calibrated)


def alone(pattern, values, workload):
    bench = load_bench(pattern)
    found = bench.identity.settings_class.read(values)
    costs = calibrated(bench).costs
    return bench.model(workload, costs).predict(found, LoadSettings()).metrics


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("cache", {"max_cache_size": 60}),
        ("cache", {"max_cache_size": 60, "policy": "s3fifo", "ttl_seconds": 20}),
        ("cache", {"max_cache_size": 600, "max_bytes": 3000}),
        ("redis_cache", {"maxmemory": "1MiB", "ttl_seconds": 30}),
    ],
)
def test_a_service_of_one_cache_is_its_bench(pattern, values):
    expected = alone(pattern, values, TRACE)
    found = Service.from_mapping({pattern: values}).predict(TRACE)
    row = found.row(pattern).metrics
    for name in ("hits", "misses", "hit_rate", "requests"):
        assert row[name] == expected[name], name
    assert row["memory_bytes"] == pytest.approx(expected["memory_bytes"])
    for name in ("mean", "p50", "p95", "p99"):
        key = f"latency_seconds_{name}"
        assert found.metrics[key] == pytest.approx(expected[key], rel=0.03), name


@pytest.mark.parametrize("values", [{"max_connections": 1}, {"timeout": 0.001}])
def test_a_service_of_one_pool_is_its_bench(values):
    arrivals = Arrivals("arrivals", TIMES / 8)
    expected = alone("connection_pool", values, arrivals)
    found = Service.from_mapping({"connection_pool": values}).predict(arrivals)
    row, whole = found.row("connection_pool").metrics, found.metrics
    assert row["wait_seconds_mean"] == pytest.approx(expected["wait_seconds_mean"])
    assert row["wait_seconds_p99"] == pytest.approx(expected["wait_seconds_p99"])
    assert row["errors"] == expected["timeouts"]
    for name in ("mean", "p50", "p95", "p99"):
        key = f"latency_seconds_{name}"
        assert whole[key] == pytest.approx(expected[key]), name
    busy = found.row("database").metrics["service_seconds_mean"]
    assert busy == pytest.approx(expected["service_seconds_mean"])


def test_a_stage_that_is_never_hit_changes_nothing_behind_it():
    once = Trace.from_keys(np.arange(COUNT), TIMES)
    stages = {"redis_cache": {"maxmemory": "1MiB"}, "connection_pool": {}}
    shorter = Service.from_mapping({"workers": 3, **stages}).predict(once)
    longer = Service.from_mapping({"workers": 3, "cache": {}, **stages}).predict(once)
    assert longer.row("cache").metrics["hits"] == 0
    for name in (*stages, "database"):
        here, there = (found.row(name).metrics for found in (shorter, longer))
        assert here.pop("latency_share") == pytest.approx(there.pop("latency_share"), rel=0.01)
        assert here == there
    lookups = longer.row("cache").metrics["wait_seconds_mean"]
    assert longer.metrics["latency_seconds_mean"] == pytest.approx(
        shorter.metrics["latency_seconds_mean"] + lookups
    )


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=120),
    st.sampled_from(["round_robin", "key_hash", "sticky"]),
    st.integers(1, 4),
)
def test_more_memory_never_lowers_the_hits_of_an_lru_stage(keys, spread, workers):
    trace = Trace.from_keys(keys, np.arange(len(keys)) / 10)
    service = Service.from_mapping({"workers": workers, "spread": spread, "cache": {}})
    hits = [
        service.change({"cache.max_cache_size": size}).predict(trace).row("cache").metrics["hits"]
        for size in (1, 2, 4, 8, 40)
    ]
    assert hits == sorted(hits)


def test_a_workload_without_times_needs_a_rate():
    untimed = Trace.from_keys(KEYS)
    service = Service.from_mapping({"cache": {}})
    with pytest.raises(BadInputError, match=r"has no times.*set request_rate"):
        service.predict(untimed)
    found = service.change({"request_rate": 50}).predict(untimed)
    assert found.metrics["requests_per_second"] == pytest.approx(50, rel=0.1)
    assert any("at random (Poisson)" in remark for remark in found.remarks)


def test_a_rate_stretches_the_times_of_a_workload():
    service = Service.from_mapping({"request_rate": 25, "connection_pool": {}})
    found = service.predict(TRACE)
    assert found.metrics["requests_per_second"] == pytest.approx(25)


def test_more_connections_than_the_database_allows_are_a_warning():
    service = Service.from_mapping(
        {"replicas": 12, "workers": 4, "max_connections": 400, "connection_pool": {}}
    )
    (warning,) = service.predict(TRACE).warnings
    assert "48 pools of 10 connections may open 480" in warning
    assert "allows 400: 80 would be refused" in warning
    assert "at most 8 each" in warning
    assert service.change({"connection_pool.max_connections": 8}).predict(TRACE).warnings == ()


@pytest.mark.parametrize(
    ("values", "workload", "clients", "said"),
    [
        ({}, 3, None, "workload: must be a file's path, a name with parameters or a Trace"),
        ({}, "poisson:rate=10", None, "is neither a workload nor a file"),
        ({"spread": "sticky"}, TRACE, [1, 2], r"clients: has 2 values, but there are 10,007"),
        ({"spread": "sticky"}, TRACE, ["a"] * COUNT, "clients: must be whole numbers"),
        ({}, TRACE, np.zeros(COUNT, int), "clients: apply to the spread sticky"),
        ({"replicas": 5000, "workers": 3}, TRACE, None, "15,000 workers in all; at most 10,000"),
    ],
)
def test_requests_that_cannot_come_are_refused(values, workload, clients, said):
    with pytest.raises(BadInputError, match=said):
        Service.from_mapping({**values, "cache": {}}).predict(workload, clients)


def test_settings_that_a_stage_cannot_answer_name_the_stage():
    service = Service.from_mapping({"cache": {"policy": "opt", "ttl_seconds": 3}})
    with pytest.raises(BadInputError, match=r"^cache\.policy: OPT is answered without a TTL"):
        service.predict(TRACE)


def test_a_trace_without_reads_is_refused():
    writes = Trace.from_keys([1, 2], times=[0.0, 1.0], operations=["write", "set"])
    with pytest.raises(BadInputError, match="holds no reads"):
        Service.from_mapping({"cache": {}}).predict(writes)


def test_a_database_is_as_fast_as_it_is_said_to_be():
    service = Service.from_mapping(
        {"request_rate": 1, "query_seconds": "8ms", "connection_pool": {}}
    )
    row = service.predict(TRACE).row("database").metrics
    assert row["service_seconds_mean"] == pytest.approx(0.008, rel=0.05)
    assert row["in_use"] == pytest.approx(0.008, rel=0.05)


@pytest.mark.parametrize("contention", [0.0, 0.2])
def test_a_database_slows_down_by_its_contention(contention):
    values = {"workers": 4, "request_rate": 2000, "query_seconds": 0.1, "max_connections": None}
    service = Service.from_mapping(
        {
            **values,
            "database_contention": contention,
            "connection_pool": {"max_connections": 4, "min_connections": 4, "max_waiting": 50},
        }
    )
    row = service.predict(TRACE).row("database").metrics
    # All 16 connections are in use all the time: by the law, a query takes so much longer.
    coherency = SHIPPED_POOL["usl"]["coherency"]
    slower = 1 + contention * 15 + coherency * 16 * 15
    assert row["service_seconds_mean"] == pytest.approx(0.1 * slower, rel=0.08)
