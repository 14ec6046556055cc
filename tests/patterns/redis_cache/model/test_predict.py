import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.patterns.redis_cache.model.predict import RedisCacheModel
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.sweep import predictions
from perflab.workloads.kinds.trace import Trace

COSTS = {
    **load_bench("redis_cache").calibration.shipped_costs,
    "server_bytes": 1e6,
    "bytes_per_entry": 300.0,
}
LOAD = LoadSettings()
PACED = LoadSettings(request_rate=2000)


def settings(entries, **values):
    return RedisCacheSettings(maxmemory=max(2**20, int(1e6 + 300 * entries)), **values)


@pytest.fixture(scope="module")
def model():
    ids = np.random.default_rng(1).zipf(1.1, 40_000) % 6000
    return RedisCacheModel.of(Trace.from_keys(ids), COSTS)


def test_more_memory_brings_more_hits_until_all_keys_fit(model):
    sizes = (500, 1500, 3000, 7000)
    found = [model.predict(settings(size), PACED).metrics for size in sizes]
    rates = [metrics["hit_rate"] for metrics in found]
    assert rates == sorted(rates)
    assert found[0]["entries"] == pytest.approx(500, abs=2)
    assert found[-1]["evictions"] == 0
    assert found[-1]["entries"] == model.counter.trace.n_keys


def test_no_bound_holds_everything(model):
    free = RedisCacheSettings(maxmemory=None)
    assert model.predict(free, PACED).metrics["entries"] == model.counter.trace.n_keys


def test_unpaced_requests_are_dated_by_what_they_cost_and_it_is_said(model):
    found = model.predict(settings(1000), LOAD)
    assert any("as fast as measured costs allow" in remark for remark in found.remarks)
    assert not model.predict(settings(1000), PACED).remarks


def test_volatile_policies_without_a_ttl_refuse_writes(model):
    found = model.predict(settings(1000, maxmemory_policy="volatile-lru", ttl_seconds=None), PACED)
    assert found.metrics["refused"] > 0
    assert found.metrics["evictions"] == 0
    assert any("writes are refused" in remark for remark in found.remarks)


def test_a_cache_in_the_client_is_said_to_be_not_predicted(model):
    found = model.predict(settings(1000, client_cache_size=10), PACED)
    assert any("client_cache_size is not predicted" in remark for remark in found.remarks)
    assert "Not predicted" in RedisCacheSettings.info("client_cache_size").meaning
    swept = predictions("redis_cache", model.counter.trace, {}, {"client_cache_size": [None, 10]})
    assert any(
        remark.startswith("at 1 of 2 points, client_cache_size is not predicted")
        for remark in swept.remarks
    )


def test_too_little_memory_for_the_server_itself_is_said(model):
    found = model.with_costs({**COSTS, "server_bytes": 3e6}).predict(settings(0), PACED)
    assert any("leaves room for" in remark for remark in found.remarks)


def test_sizes_of_the_trace_take_their_part():
    trace = Trace.from_keys(np.arange(5000), sizes=np.full(5000, 700))
    found = RedisCacheModel.of(trace, COSTS).predict(settings(1000), PACED).metrics
    assert found["entries"] == pytest.approx(300, abs=2)


def test_an_answer_is_ready_after_it_was_asked_for():
    model = RedisCacheModel.of(Trace.from_keys([1, 2, 1]), COSTS)
    assert not model.ready(settings(10), LOAD)
    model.predict(settings(10), LOAD)
    assert model.ready(settings(10), LOAD)
    assert not model.ready(settings(9999), LOAD)


def test_slices_count_what_the_whole_counts(model):
    whole = model.predict(settings(1000), PACED).metrics
    parts = [
        model.predict(settings(1000), PACED, part).metrics
        for part in (slice(0, 15_000), slice(15_000, 40_000))
    ]
    assert sum(part["hits"] for part in parts) == whole["hits"]
    looped = model.predict(settings(1000), PACED, slice(0, 400_000)).metrics
    assert looped["hits"] + looped["misses"] == 400_000
    assert looped["hit_rate"] == pytest.approx(whole["hit_rate"], abs=0.05)
