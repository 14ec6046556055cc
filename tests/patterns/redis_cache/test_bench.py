"""The Redis bench on a real server: what is measured beside what was predicted, and its faults."""

from __future__ import annotations

import time

import pytest
import redis

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.verbs import allow_server, run, start_live
from perflab.servers.consent import ConsentNeededError
from perflab.servers.redis.server import RedisServer
from perflab.tuning.recommend import tune
from perflab.workloads.kinds.trace import Trace

ZIPF = "zipf:skew=0.9,keys=20k,requests=60k,seed=3"


def until(condition, patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def result():
    settings = {"maxmemory": "3MiB", "timeout": "10s"}  # a busy machine is no dead server
    return run("redis_cache", ZIPF, settings, 240, progress=False)


def test_hits_are_predicted_within_a_percentage_point(result):
    assert result.ended == "workload through"
    assert result.metrics["evictions"] > 1000
    assert abs(result.metrics["hit_rate"] - result.fitted["hit_rate"]) < 0.01


def test_the_servers_own_hit_rate_is_that_of_the_client(result):
    own = result.metrics["server_hit_rate"]
    assert own == pytest.approx(result.metrics["hit_rate"], abs=0.002)


def test_the_servers_memory_stays_below_its_maximum(result):
    assert result.metrics["memory_bytes"] <= 3.1 * 2**20
    assert result.costs["bytes_per_entry"] > 60


def test_which_server_it_was_stands_in_the_result(result):
    assert set(result.environment["servers"]) == {"Redis"}
    assert "embedded" in str(result.environment["servers"]["Redis"])


def test_a_killed_server_is_survived_and_hits_come_back():
    values = {"maxmemory": "32MiB", "request_rate": 2000, "breaker_seconds": 0.1}
    live = start_live("redis_cache", "zipf:skew=1.2,keys=1k,requests=100k", values, 60, loop=True)
    try:
        until(lambda: live.rows and live.rows[-1].get("hit_rate", 0) > 0.5)
        assert live.last.server_up
        live.act("kill")
        until(lambda: live.last.server_up is False)
        until(lambda: live.rows[-1].get("breaker_open") == 1.0)
        assert live.rows[-1]["fallbacks"] > 0
        live.act("restart")
        until(lambda: live.last.server_up)
        until(lambda: live.rows[-1].get("breaker_open") == 0.0)
        until(lambda: live.rows[-1].get("hit_rate", 0) > 0.5)
        done = live.stop()
    finally:
        live.close()
    assert done.metrics["errors"] == 0
    assert [change["action"] for change in done.changes] == ["kill", "restart"]


def test_memory_is_changed_while_it_runs():
    values = {"maxmemory": "32MiB", "request_rate": 4000}
    live = start_live("redis_cache", "uniform:keys=20k,requests=200k", values, 60, loop=True)
    try:
        until(lambda: live.rows and live.rows[-1].get("entries", 0) > 4000)
        live.apply({"maxmemory": "1536KiB"})
        until(lambda: live.rows[-1].get("evictions", 0) > 0)
        until(lambda: live.rows[-1]["entries"] < 4000)
    finally:
        live.close()


def test_the_users_own_server_needs_consent_and_keeps_its_keys(monkeypatch):
    with RedisServer.start() as server:
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        small = "zipf:skew=1.0,keys=100,requests=1000"
        with pytest.raises(ConsentNeededError):
            run("redis_cache", small, {}, 5, progress=False)
        allow_server("redis_cache")
        with redis.Redis.from_url(server.url) as client:
            client.set("theirs", b"1")
            before = client.config_get("maxmemory*")
            done = run("redis_cache", small, {}, 5, progress=False)
            assert done.metrics["requests"] == 1000
            assert client.keys() == [b"theirs"]
            assert client.config_get("maxmemory*") == before


def test_pickle_and_samples_are_refused_with_the_reason():
    bench = load_bench("redis_cache")
    settings, load = bench.read({"serializer": "pickle"})
    with pytest.raises(BadInputError, match="signing key"):
        bench.live.check(settings, load)
    with pytest.raises(BadInputError, match="not offered"):
        bench.sampled_model(Trace.from_keys([1, 2, 3]), {}, 0.1)


def test_the_recommendation_is_the_smallest_memory_that_is_good_enough():
    found = tune("redis_cache", "zipf:skew=1.0,keys=20k,requests=100k,seed=1")
    best = max(point["metrics"]["hit_rate"] for point in found.points)
    assert found.metrics["hit_rate"] >= best - 0.01
    smaller = [
        point["metrics"]["hit_rate"]
        for point in found.points
        if 1.02 * point["settings"]["maxmemory"] < found.settings["maxmemory"]
    ]
    assert all(rate < best - 0.01 for rate in smaller)
