"""The Redis bench on a server of the user's: what a run takes there, and that it all goes again."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest
import redis

from perflab.bench.registry import load_bench
from perflab.cli.consent import agree
from perflab.errors import BadInputError
from perflab.lab import removal
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun
from perflab.servers.consent import ConsentNeededError
from perflab.servers.redis.run_keys import find_runs
from perflab.servers.redis.server import RedisServer

MIB = 2**20
SMALL = "zipf:skew=0.9,keys=2k,requests=100k,seed=1"


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
    with redis.Redis.from_url(server.url) as made:
        made.config_set("maxmemory", 0)
        made.flushall()
        made.mset({"perflab:k:service": "1", "shop:k": "1", "perflab:l:service": "1"})
        yield made
        made.config_set("maxmemory", 0)


@pytest.fixture
def begin():
    """Begins live runs without a calibration before them, and ends them."""
    begun = []

    def make(workload=SMALL, seconds=60, **values):
        bench = load_bench("redis_cache")
        agree(bench, values, True)
        settings, load = bench.read(values)
        costs = Calibration(bench.pattern, "", dict(bench.shipped_costs), "shipped")
        trace = bench.workload_for(bench.settings_class(), workload)
        live = LiveRun(bench, trace, settings, load, seconds=seconds, loop=True, calibration=costs)
        begun.append(live)
        return live

    yield make
    for live in begun:
        live.close()


def until(condition, patience: float = 180.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


def contents(client) -> dict:
    return {name: client.dump(name) for name in client.scan_iter()}


def goes(live) -> bool:
    return bool(live.rows and live.rows[-1]["requests"] > 200)


def test_run_measures_and_removes_its_own_keys_alone(client, begin):
    client.mset({f"service:{number}": bytes(100) for number in range(5000)})
    before = contents(client)
    live = begin(cache_namespace="shop")
    until(lambda: goes(live))
    (run,) = find_runs(client)
    assert (run.namespace, run.run_name) == ("shop", live.run_name)
    assert client.ttl(run.lease) > 0
    until(lambda: live.rows[-1].get("entries"))
    done = live.stop()
    assert contents(client) == before
    assert live.about["run"] == live.run_name
    assert done.environment["servers"]["run"] == live.run_name
    assert "maxmemory not set" in done.environment["servers"]["Redis"]
    assert 0 < done.metrics["entries"] <= 2000
    assert done.metrics["memory_bytes"] < 3 * MIB
    assert "expirations" not in done.metrics
    assert "server_hit_rate" not in done.metrics


def test_two_runs_at_once_leave_the_service_alone(client, begin):
    before = contents(client)
    first, second = begin(), begin()
    until(lambda: goes(first) and goes(second))
    assert len(find_runs(client)) == 2
    assert first.stop().metrics["errors"] == 0
    until(lambda: second.rows[-1]["requests"] > 400)
    assert next(iter(find_runs(client))).run_name == second.run_name
    assert second.stop().metrics["errors"] == 0
    assert contents(client) == before


def test_what_a_killed_child_wrote_is_removed_by_its_parent(client, begin):
    before = contents(client)
    live = begin()
    until(lambda: goes(live))
    os.kill(live.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        live.wait()
    assert contents(client) == before
    assert live.left is None


def test_what_could_not_be_removed_goes_before_the_next_run(server, client, begin):
    before = contents(client)
    live = begin()
    until(lambda: goes(live))
    server.freeze()
    try:
        os.kill(live.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError):
            live.wait()
    finally:
        server.thaw()
    assert "perflab doctor --clean" in live.left
    assert len(find_runs(client)) == 1
    removal.remove_earlier_runs()
    assert contents(client) == before


def test_function_that_ends_the_child_as_if_all_was_well_leaves_nothing(client, begin):
    before = contents(client)
    calls = []

    def backend(key):
        calls.append(key)
        if len(calls) > 50:
            os._exit(0)
        return key

    live = begin(backend=backend)
    with pytest.raises(RuntimeError, match="exit status 0"):
        live.wait()
    assert contents(client) == before
    assert live.left is None


def test_variable_that_has_changed_leads_the_removal_nowhere_else(client, begin, monkeypatch):
    before = contents(client)
    live = begin()
    until(lambda: goes(live))
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        monkeypatch.setenv("PERFLAB_REDIS_URL", f"redis://127.0.0.1:{port}")
        os.kill(live.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError):
            live.wait()
        elsewhere.settimeout(0.1)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert live.left is None
    assert contents(client) == before


def test_run_that_does_not_fit_is_refused_and_writes_nothing(client, begin):
    client.config_set("maxmemory", 12 * MIB)
    client.config_set("maxmemory-policy", "allkeys-lru")
    before = contents(client)
    live = begin("uniform:keys=100k,requests=200k,seed=1")
    with pytest.raises(BadInputError, match="has too little room"):
        live.wait()
    assert contents(client) == before


def test_run_stops_where_it_has_written_what_it_may(client, begin):
    before = contents(client)
    live = begin("uniform:keys=100k,requests=200k,seed=1", maxmemory="1MiB", concurrency=4)
    with pytest.raises(BadInputError, match="written all that it may, 1 MiB"):
        live.wait()
    assert contents(client) == before


def test_run_stops_before_a_server_that_fills_up_evicts(client, begin):
    client.config_set("maxmemory", 30 * MIB)
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_resetstat()
    live = begin()
    until(lambda: goes(live))
    while client.info("memory")["used_memory"] < 28.8 * MIB:
        client.set(f"service:{client.dbsize()}", bytes(40_000))
    with pytest.raises(BadInputError, match="nearly full"):
        live.wait()
    assert client.info("stats")["evicted_keys"] == 0
    assert not find_runs(client)


def test_paused_run_keeps_its_lease_and_loses_it_with_a_word(client, begin):
    live = begin()
    until(lambda: goes(live))
    live.pause()
    (run,) = find_runs(client)
    client.pexpire(run.lease, 10_000)
    until(lambda: client.pttl(run.lease) > 20_000)
    client.delete(run.lease)
    time.sleep(6)
    live.resume()
    with pytest.raises(BadInputError, match="lost its lease"):
        live.wait()
    assert not find_runs(client)


def test_settings_of_a_running_run_do_not_move_its_keys(client, begin):
    before = contents(client)
    live = begin()
    until(lambda: goes(live))
    for elsewhere in ({"cache_namespace": "elsewhere"}, {"redis_host": "127.0.0.1"}):
        with pytest.raises(ConsentNeededError):
            live.apply(elsewhere)
    live.apply({"timeout": 1, "ttl_seconds": 60})
    until(lambda: live.rows[-1]["version"] == 1)
    live.stop()
    assert contents(client) == before


def test_process_that_ends_ends_its_runs(client, begin):
    before = contents(client)
    live = begin()
    until(lambda: goes(live))
    removal._end()
    assert live.state in ("failed", "ended")
    assert contents(client) == before
