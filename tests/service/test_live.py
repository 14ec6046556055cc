"""A service that runs on real servers, beside its prediction."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import Trace
from perflab.errors import BadInputError
from perflab.service import Service
from perflab.service.incoming import incoming
from perflab.service.live import run as live
from perflab.service.live.parts import mean_parts
from perflab.service.live.result import ServiceRun
from perflab.service.live.run import run_service

pytestmark = pytest.mark.server

WORKLOAD = "zipf:keys=2k,requests=20k,skew=0.9,seed=5"
SHOP = Service.from_mapping(
    {
        "workers": 2,
        "request_rate": 150,
        "cache": {"max_cache_size": 100},
        "redis_cache": {"maxmemory": "30MiB"},
        "connection_pool": {"max_connections": 3, "timeout": 10},
    }
)


RESTARTED = Service.from_mapping({"workers": 2, "request_rate": 100, "cache": {}})


def coming(service, seconds):
    """Return how many requests come to a service in so many seconds."""
    times = incoming(service, WORKLOAD).requests.times
    return int(np.searchsorted(times, seconds, side="right"))


@pytest.fixture(scope="module")
def killed():
    """A run in which Valkey is killed for a second."""
    return run_service(SHOP, WORKLOAD, "redis-down:at=2,seconds=1", seconds=5)


def test_a_run_agrees_with_its_prediction(killed):
    assert killed.metrics["errors"] == 0
    assert killed.metrics["requests"] == coming(SHOP, 5) > 500
    # What joins a load of another thread makes a difference of a few requests.
    mine, told = killed.metrics["hit_rate_process"], killed.fitted["hit_rate_process"]
    assert mine == pytest.approx(told, abs=0.01)
    load, expected = killed.metrics["database_per_second"], killed.fitted["database_per_second"]
    assert load == pytest.approx(expected, rel=0.1)


def test_the_server_is_really_killed_and_comes_back(killed):
    died, back = (event["seconds"] for event in killed.events)
    first, second = (event["words"] for event in killed.events)
    assert "killed" in first
    assert "empty" in second
    assert 2 <= died < back
    ends, database = (np.array(killed.windows[name]) for name in ("ends", "database"))
    hits = np.array(killed.windows["hit_rate"])
    assert len(ends) == len(database) == len(hits)
    assert killed.servers["redis_cache"].startswith(("Valkey", "Redis"))
    assert not any("died" in remark for remark in killed.remarks)


def test_parts_add_up_to_the_latency(killed):
    counts = np.array(killed.windows["requests"])
    for parts, metrics in (
        (killed.parts, killed.metrics),
        (killed.predicted_parts, killed.predicted),
        (killed.fitted_parts, killed.fitted),
    ):
        assert set(parts) <= {"delay", "cache", "redis_cache", "connection_pool", "database"}
        total = sum(np.nan_to_num(np.array(column)) @ counts for column in parts.values())
        mean = metrics["latency_seconds_mean"]
        assert total / counts.sum() == pytest.approx(mean, rel=0.01)
    database = np.nan_to_num(np.array(killed.parts["database"])) @ counts / counts.sum()
    share = killed.metrics["database_per_second"] * 5 / killed.metrics["requests"]
    assert database == pytest.approx(share * killed.metrics["service_seconds_mean"], rel=0.05)


def test_it_tells_what_it_has_measured_while_it_goes(watched):
    seen, found = watched
    counts = [each.requests for each in seen]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] <= found.metrics["requests"]
    last = seen[-1]
    assert set(last.parts) == set(found.parts)
    assert last.predicted.keys() == found.predicted_parts.keys()
    assert len(last.ends) == len(last.parts["cache"])


def test_it_is_kept_and_read_again(killed, tmp_path):
    path = killed.to_json(tmp_path / "run.json")
    assert ServiceRun.load(path).to_dict() == killed.to_dict()


@pytest.fixture(scope="module")
def watched():
    """A run whose workers are restarted, with what it told meanwhile."""
    seen = []
    spec = "deploy:at=1,gap=1"
    return seen, run_service(RESTARTED, WORKLOAD, spec, seconds=6, watch=seen.append)


def test_restarted_workers_are_others_and_no_request_is_lost(watched):
    _, found = watched
    told = [event["words"] for event in found.events]
    assert told[0] == "worker 1 was restarted"
    assert found.metrics["errors"] == 0
    assert found.metrics["requests"] == coming(RESTARTED, 6)
    assert found.metrics["hit_rate_process"] == pytest.approx(
        found.fitted["hit_rate_process"], abs=0.02
    )


def test_a_pool_that_is_too_small_turns_requests_away():
    tight = SHOP.change({"connection_pool.max_connections": 1, "connection_pool.timeout": 0.001})
    busy = tight.change({"request_rate": 1500, "workers": 1, "cache.max_cache_size": 1})
    found = run_service(busy, WORKLOAD, seconds=3)
    assert found.metrics["errors"] > 0
    assert found.metrics["requests"] == coming(busy, 3)


@pytest.mark.parametrize(
    ("changes", "scenario", "seconds", "words"),
    [
        ({"workers": 17}, None, 1, "16 workers at most, not 17"),
        ({}, None, 0, "above 0"),
        ({}, None, float("nan"), "above 0"),
        ({}, None, 0.00001, "fewer than two requests"),
        ({}, "slow-call", 2, "makes no outgoing calls"),
        ({"pgbouncer_connections": 4}, None, 2, "has no PgBouncer"),
        ({}, "redis-down:at=9", 2, "workload ends after"),
        ({"redis_cache.redis_host": "10.0.0.9"}, None, 2, "leave it out"),
        ({"connection_pool.query": "SELECT 1"}, None, 2, "your own statement"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_starts(
    changes, scenario, seconds, words, monkeypatch
):
    monkeypatch.setattr(live, "Workers", None)
    with pytest.raises(BadInputError, match=words):
        run_service(SHOP.change(changes), WORKLOAD, scenario, seconds=seconds)


@pytest.fixture(scope="module")
def slowed():
    """A run with writes and removals, calls, and a database and a called server that slow down."""
    draw, count = np.random.default_rng(4), 560
    times = np.cumsum(draw.exponential(0.0125, count))
    trace = Trace.from_keys(
        (draw.zipf(1.3, count) % 400).astype(np.int64),
        times=times,
        ttls=np.where(draw.random(count) < 0.2, 1.0, np.nan),
        operations=draw.choice([0] * 12 + [1, 2, 3, 4], count),
    )
    stages = {
        "cache": {"max_cache_size": 60},
        "redis_cache": {"maxmemory": "30MiB"},
        "async_io": {"latency_seconds": 0.01, "max_concurrent": 8, "call_share": 0.6},
        "connection_pool": {"max_connections": 8},
    }
    service = Service.from_mapping({"workers": 2, **stages})
    spec = "slow-database:at=2s,seconds=2s,times=60 + slow-call:at=5s,seconds=1s,times=8"
    return run_service(service, trace, spec, seconds=8)


def test_a_slow_database_and_slow_calls_are_real(slowed):
    words = [event["words"] for event in slowed.events]
    assert words[0] == "the database took 60× as long from then on"
    assert words[2] == "the called server took 8× as long from then on"
    assert words[1] == "the database took as long as usual from then on"
    ends = np.array(slowed.windows["ends"])
    # The latency as a whole is also that of a machine that is busy with something else.
    for parts in (slowed.parts, slowed.fitted_parts):
        for stage, first, last in (("database", 3.0, 4.2), ("async_io", 5.5, 6.8)):
            took = np.array(parts[stage])
            assert took[(ends > first) & (ends <= last)].max() > 2 * np.nanmin(took), stage


def test_calls_have_their_part_of_the_latency(slowed):
    counts = np.array(slowed.windows["requests"])
    for parts, metrics in (
        (slowed.parts, slowed.metrics),
        (slowed.predicted_parts, slowed.predicted),
        (slowed.fitted_parts, slowed.fitted),
    ):
        means = mean_parts(parts, counts)
        assert sum(means.values()) == pytest.approx(metrics["latency_seconds_mean"], rel=0.01)
        # About a quarter of the requests calls, for 10 ms, for a second 80 ms.
        assert 0.001 < means["async_io"] < 0.02


def test_writes_removals_and_lifetimes_run(slowed):
    assert slowed.metrics["errors"] == 0
    assert slowed.metrics["requests"] == 560
    for name in ("hit_rate_process", "hit_rate_shared"):
        assert slowed.metrics[name] == pytest.approx(slowed.fitted[name], abs=0.04), name
    load, expected = slowed.metrics["database_per_second"], slowed.fitted["database_per_second"]
    assert load == pytest.approx(expected, rel=0.05)


def test_calls_that_fail_are_errors_with_their_reason():
    service = Service.from_mapping(
        {
            "request_rate": 100,
            "async_io": {"latency_seconds": 0.002, "error_rate": 0.4, "retries": 0},
        }
    )
    found = run_service(service, "poisson:rate=100,requests=200", seconds=3)
    share = found.metrics["errors"] / found.metrics["requests"]
    assert share == pytest.approx(0.4, abs=0.12)
    assert found.predicted["errors"] / found.predicted["requests"] == pytest.approx(0.4, abs=0.12)
    assert any("status 500" in remark or "500" in remark for remark in found.remarks)


def test_calls_that_nothing_is_behind_are_the_load_on_the_backend(tmp_path):
    stages = {
        "cache": {"max_cache_size": 100},
        "async_io": {"latency_seconds": 0.005, "call_share": 0.5, "max_concurrent": 8},
    }
    service = Service.from_mapping({"workers": 2, "request_rate": 200, **stages})
    found = run_service(service, WORKLOAD, seconds=3)
    load = found.metrics["database_per_second"]
    assert load == pytest.approx(found.predicted["database_per_second"], rel=0.1)
    assert load == pytest.approx(found.fitted["database_per_second"], rel=0.1)
    assert 30 < load < 130
    fitted = found.fitted["latency_seconds_mean"]
    assert fitted == pytest.approx(found.metrics["latency_seconds_mean"], rel=0.5)
    assert ServiceRun.load(found.to_json(tmp_path / "run.json")).to_dict() == found.to_dict()


def test_a_worker_that_dies_ends_the_run_with_a_reason(monkeypatch):
    from perflab.service.live import workers

    ready = workers._Process.ready

    def dies(process):
        ready(process)
        process._process.kill()

    monkeypatch.setattr(workers._Process, "ready", dies)
    bare = Service.from_mapping({"workers": 1, "request_rate": 100, "cache": {}})
    with pytest.raises(RuntimeError, match="worker 1 died"):
        run_service(bare, WORKLOAD, seconds=1)


def test_a_server_that_dies_by_itself_is_said(monkeypatch):
    opened, begin = {}, live._backings

    def kept(*told):
        for bench, backing in begin(*told):
            opened[bench] = backing
            yield bench, backing

    def kills(so_far):
        if so_far.requests:
            opened["redis_cache"]._server.kill()

    monkeypatch.setattr(live, "_backings", kept)
    found = run_service(SHOP, WORKLOAD, seconds=1.5, watch=kills)
    assert found.remarks[-1].startswith("the server of redis_cache died during the run")
    assert found.events == ()
