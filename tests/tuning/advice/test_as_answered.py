"""An answer counts before the file in the first settings, too, and not in the reason alone."""

import math

import numpy as np
import pytest

import perflab
from perflab.tuning.advice.as_answered import as_answered
from perflab.workloads import Arrivals, Trace

MIB = 2**20


@pytest.fixture(scope="module")
def queries():
    """About 50 queries per second of some 20 ms each."""
    random = np.random.default_rng(3)
    return Arrivals(
        "queries", np.cumsum(random.exponential(0.02, 6_000)), random.exponential(0.02, 6_000)
    )


@pytest.fixture(scope="module")
def lookups():
    random = np.random.default_rng(2)
    return Trace.from_keys(random.zipf(1.2, 20_000) % 6_000, name="lookups")


def pool_of(workload, **answers):
    found = perflab.advise(workload, {"source": "database", **answers})
    return found, found.of("connection_pool")


def test_a_pool_is_sized_for_the_rate_that_was_answered(queries):
    _, own = pool_of(queries)
    found, said = pool_of(queries, rate=2_000)
    size = said["settings"]["max_connections"]
    assert size > 2_000 * 0.02 > own["settings"]["max_connections"]
    assert said["settings"]["request_rate"] == 2_000
    at_rate = {"request_rate": 2_000}
    sweep = {"max_connections": [size - 1, size]}
    below, chosen = perflab.predict("connection_pool", queries, at_rate, sweep)["wait_seconds_p95"]
    assert chosen <= 0.005 < below
    assert any("at 2k/s, requests come" in note for note in found.notes)


def test_a_pool_is_sized_for_the_query_time_that_was_answered(queries):
    found, said = pool_of(queries, source_seconds="200ms")
    assert said["settings"]["max_connections"] > queries.rate * 0.2
    assert found.facts["concurrency_mean"] == pytest.approx(queries.rate * 0.2)
    assert any("scaled to a mean of 200 ms" in note for note in found.notes)


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_a_size_that_was_answered_bounds_the_entries(lookups, pattern):
    answers = {"memory": "100MiB", "value_bytes": "100KiB", "processes": 2}
    said = perflab.advise(lookups, answers).of(pattern)
    metrics = said["metrics"]
    assert metrics["memory_bytes"] <= 100 * MIB
    assert 100 < metrics["entries"] <= 100 * MIB / (100 * 1024)


def test_tuning_is_named_only_where_it_knows_the_answers(tmp_path, lookups):
    path = tmp_path / "keys.csv"
    perflab.write_trace(lookups, path)
    known = perflab.advise(path, {"memory": "1MiB"}).of("cache")
    assert known["command"].startswith("perflab tune cache --workload ")
    sized = perflab.advise(path, {"memory": "9MiB", "value_bytes": "9KiB"}).of("cache")
    size = sized["settings"]["max_cache_size"]
    assert sized["command"] == f"perflab run cache --workload {path} --set max_cache_size={size}"


def test_what_is_not_known_stays_so_and_order_is_kept(queries):
    durations = np.where(np.arange(6_000) % 3 == 0, math.nan, queries.durations)
    partly = Arrivals("partly", queries.times, durations)
    found = as_answered(None, partly, {"rate": 500.0, "source_seconds": 0.1}).arrivals
    assert found.rate == pytest.approx(500)
    assert np.nanmean(found.durations) == pytest.approx(0.1)
    assert (np.isnan(found.durations) == np.isnan(durations)).all()
    gaps, before = np.diff(found.times), np.diff(queries.times)
    assert gaps / before == pytest.approx(queries.rate / 500, rel=1e-6)


def test_times_of_a_trace_follow_its_rate_and_its_source():
    times = 1_750_000_000 + np.arange(0, 200, 2.0)
    slow = Trace.from_keys(range(100), times=times, backend_seconds=[0.0] * 100)
    answers = {"rate": 5.0, "source_seconds": 0.3, "value_bytes": 2e30}
    found = as_answered(slow, None, answers).trace
    assert found.times[-1] - found.times[0] == pytest.approx(20)
    assert set(found.backend_seconds) == {0.3}
    assert found.sizes.sum(dtype=float) < 2**62
    assert as_answered(slow, None, {"processes": 2.0}).trace is slow
