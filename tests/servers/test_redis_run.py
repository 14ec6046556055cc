"""A run's lease, allowance and removal on a Redis of the user's, with the server full or away."""

from __future__ import annotations

import dataclasses
import subprocess
import time

import pytest
import redis

from perflab.errors import BadInputError
from perflab.servers.redis import run as redis_run
from perflab.servers.redis.leftovers import redis_leftovers, remove_redis_run
from perflab.servers.redis.run import LEASE_SECONDS, RedisRun, RunStoppedError
from perflab.servers.redis.run_keys import RunKeys, find_runs
from perflab.servers.redis.server import RedisServer, find_redis, server_program
from perflab.servers.run_name import new_run_name

MIB = 2**20


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as made:
        made.config_set("maxmemory", 0)
        made.config_set("maxmemory-policy", "noeviction")
        made.config_set("maxclients", 10_000)
        made.flushall()
        made.config_resetstat()
        yield made
        made.config_set("maxmemory", 0)


@pytest.fixture
def begin(server):
    """Begins runs, and removes what they wrote."""
    begun = []

    def make(namespace="perflab", url=None, connections=1):
        run = RedisRun(url or server.url, RunKeys(namespace, new_run_name()), connections)
        begun.append(run)
        return run

    yield make
    for run in begun:
        run.close()


def until(condition, patience: float = 180.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


def write(client, run, *keys: str) -> None:
    """Write entries and a lock as the cache does."""
    for key in keys:
        client.set(f"{run.keys.root}:k:{key}", b"\xca" + bytes(30))
        run.charge(f"{run.keys.root}:k:{key}", 31)
    client.set(f"{run.keys.root}:l:a", bytes(16), px=60_000)
    run.note_lock(f"{run.keys.root}:l:a")


def fill(client, megabytes: float) -> None:
    """Write entries of the user's until the server uses so much memory."""
    while client.info("memory")["used_memory"] < megabytes * MIB:
        client.set(f"shop:{client.dbsize()}", bytes(40_000))


def test_run_is_leased_until_it_removes_its_keys(client, begin):
    client.set("perflab:k:service", "1")
    run = begin()
    run.allow(10, 1000, None)
    write(client, run, "a", "b")
    assert 0 < client.ttl(run.keys.lease) <= LEASE_SECONDS
    assert find_runs(client) == {run.keys: 3}
    run.close()
    assert client.keys() == [b"perflab:k:service"]


def test_lease_is_renewed(client, begin, monkeypatch):
    monkeypatch.setattr(redis_run, "RENEW_SECONDS", 0.2)
    run = begin()
    client.pexpire(run.keys.lease, 5000)
    until(lambda: client.pttl(run.keys.lease) > 20_000)
    assert run.stopped is None


def test_run_whose_lease_is_lost_writes_no_more(client, begin, monkeypatch):
    monkeypatch.setattr(redis_run, "RENEW_SECONDS", 0.1)
    run = begin()
    run.allow(10, 1000, None)
    client.delete(run.keys.lease)
    until(lambda: run.stopped is not None)
    with pytest.raises(RunStoppedError, match="lost its lease"):
        run.charge("x", 1)
    assert not client.exists(run.keys.lease)


def test_run_that_could_not_renew_its_lease_writes_no_more(client, begin, monkeypatch):
    run = begin()
    run.allow(10, 1000, None)
    monkeypatch.setattr(redis_run, "_SURE_SECONDS", -1.0)
    with pytest.raises(RunStoppedError, match="lost its lease"):
        run.charge("x", 1)


def test_run_stops_at_what_it_may_write(client, begin):
    run = begin()
    run.allow(1000, 10_000, 20_000)
    run.charge("a", 1000)
    for _ in range(100):
        run.charge("a", 1000)
    with pytest.raises(RunStoppedError, match="has written all that it may"):
        run.charge("b", 20_000)
    with pytest.raises(RunStoppedError, match="has written all that it may"):
        run.charge("a", 1000)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "noeviction"])
def test_server_that_is_nearly_full_is_refused(client, begin, policy):
    client.config_set("maxmemory", 20 * MIB)
    client.config_set("maxmemory-policy", policy)
    fill(client, 16.5)
    run = begin()
    with pytest.raises(BadInputError, match="has too little room") as caught:
        run.allow(20_000, 4 * MIB, None)
    assert policy in str(caught.value)
    assert "of 20 MiB in use" in str(caught.value)
    run.allow(20_000, 4 * MIB, MIB // 2)


@pytest.mark.parametrize("policy", ["allkeys-lru", "noeviction"])
def test_full_server_is_not_even_asked_for_a_lease(client, begin, policy):
    client.config_set("maxmemory-policy", policy)
    fill(client, 6)
    before = client.dbsize()
    client.config_set("maxmemory", client.info()["used_memory"] + 200_000)
    with pytest.raises(BadInputError, match="has too little room"):
        begin()
    assert client.dbsize() == before


def test_server_that_fills_up_from_elsewhere_stops_the_run(client, begin):
    client.config_set("maxmemory", 30 * MIB)
    client.config_set("maxmemory-policy", "allkeys-lru")
    run = begin()
    run.allow(10, 1000, None)
    fill(client, 28.8)
    until(lambda: run.stopped is not None)
    assert "nearly full" in run.stopped
    assert client.info()["evicted_keys"] == 0


def test_first_eviction_stops_the_run(client, begin):
    client.config_set("maxmemory", 30 * MIB)
    client.config_set("maxmemory-policy", "allkeys-lru")
    run = begin()
    run.allow(10, 1000, None)
    fill(client, 10)
    client.config_set("maxmemory", 8 * MIB)
    until(lambda: run.stopped is not None)
    assert "evict entries" in run.stopped


def test_eviction_after_counts_were_reset_stops_the_run(client, begin):
    client.config_set("maxmemory-policy", "allkeys-lru")
    fill(client, 10)
    client.config_set("maxmemory", 8 * MIB)
    assert client.info("stats")["evicted_keys"] > 5
    client.config_set("maxmemory", 40 * MIB)
    run = begin()
    client.config_resetstat()
    until(lambda: run._evicted == 0)
    client.config_set("maxmemory", client.info()["used_memory"] - 100_000)
    until(lambda: run.stopped is not None)
    assert "evict entries" in run.stopped


def test_server_that_is_loading_is_refused(client, begin):
    room = dataclasses.replace(begin().room, loading=True)
    with pytest.raises(BadInputError, match="is still loading"):
        room.check("redis://shop", 1)


def test_memory_of_unknown_size_gives_no_room(client, begin):
    room = dataclasses.replace(begin().room, limit=0, spare=None)
    with pytest.raises(BadInputError, match="free memory unknown"):
        room.allowance("redis://shop", 10, 1000, None)


def test_more_keys_make_larger_tables(client, begin):
    room = dataclasses.replace(begin().room, limit=200 * MIB, used=MIB, keys=1_000_000)
    assert room.free(10) == 200 * MIB - MIB - 20 * MIB
    assert room.free(10) - room.free(100_000) > 2_000_000 * 16


def test_run_takes_no_connection_that_others_need(client, begin):
    client.config_set("maxclients", 40)
    with pytest.raises(BadInputError, match="of at most 40 connections"):
        begin(connections=35)
    begin(connections=10)


def limited(server, client, *rules: str) -> str:
    client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">hush", *rules)
    return server.url.replace("unix://", "unix://limited:hush@")


def test_user_of_one_namespace_may_run_there(server, client, begin):
    url = limited(server, client, "~perflab:*", "+@all")
    run = begin(url=url)
    run.allow(10, 1000, None)
    write(client, run, "a")
    run.close()
    assert client.dbsize() == 0


@pytest.mark.parametrize(
    "rules",
    [("~shop:*", "+@all"), ("~*", "+@all", "-unlink"), ("~*", "+@all", "-eval"), ("~*", "+info")],
)
def test_missing_right_is_named_and_nothing_is_left(server, client, begin, rules):
    url = limited(server, client, *rules)
    with pytest.raises(BadInputError, match=r"ACL SETUSER <user> ~perflab:\*") as caught:
        begin(url=url)
    assert "hush" not in str(caught.value)
    assert client.dbsize() == 0


def test_user_without_info_is_told_to_grant_it(server, client):
    url = limited(server, client, "~*", "+@all", "-info")
    with pytest.raises(BadInputError, match=r"\+info"):
        RedisServer(url, "test")


def test_replica_is_refused(client, server, begin):
    with RedisServer.start() as other, redis.Redis.from_url(other.url) as replica:
        replica.execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(BadInputError, match="is a replica"):
            begin(url=other.url)
        assert replica.dbsize() == 0


def test_node_of_a_cluster_is_refused(tmp_path, begin):
    socket = tmp_path / "s"
    command = [server_program()[0], "--port", "0", "--unixsocket", str(socket), "--save", ""]
    options = ["--cluster-enabled", "yes", "--dir", str(tmp_path)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            until(socket.exists)
            with pytest.raises(BadInputError, match="node of a cluster"):
                begin(url=f"unix://{socket}")
        finally:
            process.terminate()


def test_server_that_went_away_gives_one_error(begin):
    with RedisServer.start() as other:
        url = other.url
    with pytest.raises(BadInputError, match="does not answer"):
        begin(url=url)


def test_two_runs_at_once_do_not_notice_each_other(client, begin):
    first, second = begin(), begin()
    for run in (first, second):
        run.allow(10, 1000, None)
        write(client, run, "a", "b")
    first.close()
    assert find_runs(client) == {second.keys: 3}
    assert second.stopped is None


def test_only_runs_without_a_lease_are_left_over(server, client, begin):
    alive, dead = begin(), RunKeys("shop", new_run_name())
    alive.allow(10, 1000, None)
    write(client, alive, "a")
    client.set(f"{dead.root}:k:a", b"\xca" + bytes(30))
    client.set(f"{dead.root}:k:mine", "text")
    client.hset(f"{dead.root}:k:hash", "a", "b")
    (found,) = redis_leftovers(server.url)
    assert (found.name, found.what) == (dead.run_name, f"1 key under {dead.root}:")
    found.remove()
    found.remove()
    assert redis_leftovers(server.url) == []
    assert {name.decode() for name in client.keys(f"{dead.root}*")} == {
        f"{dead.root}:k:mine",
        f"{dead.root}:k:hash",
    }
    assert client.exists(f"{alive.keys.root}:k:a")


def test_lease_that_is_renewed_is_waited_for_shortly(server, client, begin, monkeypatch):
    monkeypatch.setattr(redis_run, "RENEW_SECONDS", 0.2)
    alive, killed = begin(), RunKeys("perflab", new_run_name())
    alive.allow(10, 1000, None)
    write(client, alive, "a")
    client.set(f"{killed.root}:k:a", b"\xca" + bytes(30))
    client.set(killed.lease, "x", px=2000)
    assert redis_leftovers(server.url) == []
    assert [found.name for found in redis_leftovers(server.url, wait=True)] == [killed.run_name]


@pytest.mark.parametrize("namespace", ["a*", "[a]", "a?", "\\", "", "é", "a b", "\n"])
def test_namespace_of_any_letters_is_removed_alone(server, client, namespace):
    run, other = RunKeys(namespace, new_run_name()), RunKeys("ab", new_run_name())
    for each in (run, other, RunKeys("ab", run.run_name), RunKeys("a", run.run_name)):
        client.set(f"{each.root}:k:\n:*", b"\xca" + bytes(30))
    assert find_runs(client)[run] == 1
    assert remove_redis_run(server.url, run) == 1
    assert client.dbsize() == 3


@pytest.mark.parametrize("command", ["scan", "strlen", "getrange", "pttl"])
def test_leftovers_of_a_server_that_forbids_looking_name_the_right(server, client, command):
    client.set(f"perflab:{new_run_name()}:k:a", b"\xca" + bytes(30))
    url = limited(server, client, "~*", "+@all", f"-{command}")
    with pytest.raises(BadInputError, match=r"\+scan"):
        redis_leftovers(url)


def test_keys_that_are_hidden_from_a_user_hide_no_others(server, client):
    hidden, seen = RunKeys("shop", new_run_name()), RunKeys("perflab", new_run_name())
    for run in (hidden, seen):
        client.set(f"{run.root}:k:a", b"\xca" + bytes(30))
    url = limited(server, client, "~perflab:*", "+@all")
    assert [found.name for found in redis_leftovers(url)] == [seen.run_name]


@pytest.mark.parametrize("url", ["nowhere", "redis://u:hush@h:x", "redis://u:hush@[::1"])
def test_address_that_is_none_is_one_error_without_its_password(url):
    with pytest.raises(BadInputError) as caught:
        redis_leftovers(url)
    assert "hush" not in str(caught.value)


def test_named_server_is_found_again(monkeypatch, server):
    monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
    assert find_redis().url == server.url
