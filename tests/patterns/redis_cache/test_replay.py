"""Live runs of traces with writes, renewals and removals on a real server."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import redis

from perflab import kernels
from perflab.bench import load_bench
from perflab.bench.pace import Pace
from perflab.bench.session import Measured
from perflab.lab.load import LoadGenerator
from perflab.operations import Operation
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.servers.addresses import redis_address
from perflab.servers.consent import ForeignServer, allow
from perflab.servers.redis.run import RunStoppedError
from perflab.servers.redis.server import RedisServer
from perflab.servers.run_name import new_run_name
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

MOST = 3_500_000


def play(trace, settings, load=None, run_name=""):
    """Return what one thread measured in one pass of a trace."""
    load = load or LoadSettings()
    clock = VirtualClock()
    session = load_bench("redis_cache").session(settings, load, trace, clock, run_name)
    pace = Pace.of(trace, load, time.perf_counter())
    generator = LoadGenerator(session, pace, load, clock, len(trace), open_loop=False)
    started = time.perf_counter()
    try:
        generator.start()
        while not generator.finished:
            time.sleep(0.002)
        seconds = time.perf_counter() - started
        if generator.failure is not None:
            raise generator.failure
        for _ in range(10):  # What an entry takes is asked every tenth time.
            counters = session.counters()
        histograms = generator.histograms()
        return Measured(seconds, len(trace), counters, histograms, {}, 0.0, load)
    finally:
        generator.stop()
        session.close()


def few(operations, **columns):
    return Trace.from_keys(["a"] * len(operations), operations=operations, **columns)


def outcomes_of(measured):
    return {name: histogram.count for name, histogram in measured.histograms.items()}


def mixed_trace(requests=70_000, n_keys=40_000):
    """Return a trace of which a tenth are removals and a tenth renewals, and some are writes."""
    random = np.random.default_rng(8)
    weights = 1 / np.arange(1, n_keys + 1) ** 0.9
    ids = random.choice(n_keys, requests, p=weights / weights.sum())
    operations = random.choice(4, requests, p=[0.75, 0.05, 0.1, 0.1])
    ttls = np.where(operations == Operation.TOUCH, random.uniform(500, 9000, requests), np.nan)
    return Trace("mixed", ids, n_keys, ttls=ttls, operations=operations)


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl"])
def test_hits_are_those_of_the_model_within_a_point(policy):
    trace = mixed_trace()
    settings = RedisCacheSettings(maxmemory=MOST, maxmemory_policy=policy)
    measured = play(trace, settings)
    costs = load_bench("redis_cache").costs(measured)
    _, ttls = kernels.resolved(trace.ids, trace.n_keys, trace.operations, None, trace.ttls)
    counts = kernels.redis_eviction(
        trace.ids,
        trace.n_keys,
        policy.partition("-")[2],
        round(MOST - costs["server_bytes"]),
        np.array([round(costs["bytes_per_entry"])]),
        volatile=policy.startswith("volatile"),
        samples=settings.maxmemory_samples,
        times=np.arange(len(trace)) * (measured.seconds / len(trace)),
        ttl=3600.0,
        ttls=ttls,
        jitter=settings.ttl_jitter,
        operations=trace.operations,
    )
    hits, misses = measured.counters["hits"], measured.counters["misses"]
    assert hits + misses == trace.reads
    assert measured.counters["evictions"] > 1000
    assert abs(hits / (hits + misses) - counts.hits / trace.reads) < 0.01
    server = load_bench("redis_cache").metrics(measured)["server_hit_rate"]
    assert server == pytest.approx(hits / (hits + misses), abs=0.002)


def test_a_removed_key_is_loaded_again_and_a_written_one_is_not():
    trace = Trace.from_keys(
        list("aaabb"), operations=["get", "delete", "get", "set", "get"], sizes=[5, 0, 5, 9, 9]
    )
    measured = play(trace, RedisCacheSettings())
    assert outcomes_of(measured) == {"miss": 2, "delete": 1, "set": 1, "hit": 1}
    assert measured.counters["hits"] == 1
    assert measured.counters["entries"] == 2


def test_a_renewed_entry_lives_on_at_the_speed_of_the_run():
    trace = few(
        ["get", "touch", "get", "get"],
        times=[0, 90, 110, 250],
        ttls=[100, 100, 100, 100],
    )
    settings = RedisCacheSettings(ttl_jitter=0)
    measured = play(trace, settings, LoadSettings(speedup=200))
    assert outcomes_of(measured) == {"miss": 2, "touch": 1, "hit": 1}


@pytest.mark.parametrize(("writes", "hits"), [("recorded", 0), ("through", 1), ("invalidate", 0)])
def test_writes_of_the_data_do_what_is_set(writes, hits):
    measured = play(few(["get", "write", "get"]), RedisCacheSettings(), LoadSettings(writes=writes))
    assert measured.counters["hits"] == hits


def test_a_fill_changes_the_life_of_what_was_loaded():
    trace = few(["get", "set", "get", "get"], times=[0, 1, 50, 120], ttls=[10, 80, 80, 80])
    settings = RedisCacheSettings(ttl_jitter=0, ttl_seconds=1000)
    load = LoadSettings(speedup=200)
    assert outcomes_of(play(trace, settings, load)) == {"miss": 2, "set": 1, "hit": 1}
    slider = load.change(ttl_from="setting")
    assert outcomes_of(play(trace, settings, slider)) == {"miss": 1, "set": 1, "hit": 2}


def test_lives_that_have_no_end_and_none_at_all_are_played():
    trace = few(["set", "get", "touch", "get", "touch", "get"], ttls=[math.inf] * 4 + [0.0] * 2)
    measured = play(trace, RedisCacheSettings())
    assert measured.counters["errors"] == 0
    assert measured.counters["hits"] >= 2


@pytest.fixture
def theirs(monkeypatch):
    with RedisServer.start() as server, redis.Redis.from_url(server.url) as client:
        client.mset({"perflab:k:a": "theirs", "a": "theirs"})
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        allow(ForeignServer(redis_address(server.url), "test", ("perflab",)))
        yield client, server.url


def test_on_a_users_server_only_the_runs_own_keys_are_written(theirs):
    client, _ = theirs
    before = {name: client.dump(name) for name in client.scan_iter()}
    trace = Trace.from_keys(
        list("aaaabbb"), operations=["get", "touch", "set", "delete", "set", "touch", "get"]
    )
    measured = play(trace, RedisCacheSettings(), run_name=new_run_name())
    assert measured.counters["hits"] == 1
    assert {name: client.dump(name) for name in client.scan_iter()} == before


def test_a_user_who_may_not_renew_is_told_what_to_grant(theirs, monkeypatch):
    client, url = theirs
    rules = ("~perflab:*", "+@all", "-getrange")
    client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">hush", *rules)
    monkeypatch.setenv("PERFLAB_REDIS_URL", url.replace("unix://", "unix://limited:hush@"))
    with pytest.raises(RunStoppedError, match=r"what renews a lifetime; grant it: ACL SETUSER"):
        play(few(["get", "touch", "get"]), RedisCacheSettings(), run_name=new_run_name())
    assert sorted(client.scan_iter()) == [b"a", b"perflab:k:a"]
