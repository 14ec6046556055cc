from __future__ import annotations

import asyncio
import functools
import os
from collections import OrderedDict

import cachetools
import numpy as np
import pytest
import redis
import redis.asyncio
from recordings import describe

import perflab
from perflab.operations import Operation
from perflab.patterns.cache import Cache
from perflab.servers.redis.server import RedisServer
from perflab.workloads import read_trace
from perflab.workloads.recording.parts import part_paths

TOO_HIGH = "remove keys, so the hit rate is too high"


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as server:
        yield server


def notes(folder):
    return " | ".join(read_trace(folder).notes)


def operations(folder):
    """Return each row as its operation and its key, numbered as they come."""
    trace = read_trace(folder)
    codes = [0] * len(trace) if trace.operations is None else trace.operations
    return [
        f"{Operation(code).name.lower()} {key}"
        for code, key in zip(codes, trace.ids.tolist(), strict=True)
    ]


FILLED = ["get 0", "set 0", "get 1", "set 1", "get 2", "set 2", "get 3", "set 3"]


def fill(cache, keys=4):
    for key in range(keys):
        cache.get(key)
        cache[key] = "value"


MAPPINGS = {
    "dict": dict,
    "ttl": lambda: cachetools.TTLCache(9, ttl=60),
    "lru": lambda: cachetools.LRUCache(9),
    "ordered": OrderedDict,
    "perflab": lambda: Cache(max_cache_size=9),
}


@pytest.mark.parametrize("kind", MAPPINGS)
def test_a_mapping_tells_what_was_taken_out(tmp_path, kind):
    cache = perflab.record(MAPPINGS[kind](), tmp_path / "r")
    fill(cache)
    assert cache.pop(0) == "value"
    assert cache.pop(0, None) is None
    with pytest.raises(KeyError):
        cache.pop(0)
    del cache[1]
    with pytest.raises(KeyError):
        del cache[1]
    assert cache.pop(2, "none") == "value"
    cache.clear()
    cache.clear()
    assert len(cache) == 0
    cache.recording.stop()
    removed = ["delete 0", "delete 1", "delete 2", *(f"delete {key}" for key in range(4))]
    found = operations(tmp_path / "r")
    assert found[:11] == [*FILLED, *removed[:3]]
    assert sorted(found[11:]) == removed[3:]
    assert "not replayed" not in notes(tmp_path / "r")


def test_what_a_mapping_evicts_by_its_own_choice_is_no_removal(tmp_path):
    cache = perflab.record(OrderedDict(), tmp_path / "r")
    fill(cache)
    assert cache.popitem(last=False) == (0, "value")
    assert cache.popitem() == (3, "value")
    cache.recording.stop()
    said = notes(tmp_path / "r")
    assert "popitem 2, which count as the cache's own evictions" in said
    assert TOO_HIGH not in said


def test_methods_of_other_caches_that_remove_are_removals(tmp_path):
    class Shop(dict):
        def invalidate(self, key):
            return self.pop(key, None) is not None

    cache = perflab.record(Shop(), tmp_path / "r")
    fill(cache)
    assert cache.invalidate(1) is True
    assert cache.invalidate(1) is False
    cache.recording.stop()
    assert operations(tmp_path / "r") == [*FILLED, "delete 1"]


def forgotten_one():
    @Cache(max_cache_size=9)
    def load(key):
        return key

    return load, lambda load: load.forget(1), ["delete 0"]


def cleared_lru():
    @functools.lru_cache
    def load(key):
        return key

    return load, lambda load: load.cache_clear(), ["delete 0", "delete 1"]


def popped_cachetools():
    @cachetools.cached(cachetools.LRUCache(9), info=True)
    def load(key):
        return key

    return load, lambda load: load.cache.pop(load.cache_key(1)), []


@pytest.mark.parametrize("make", [forgotten_one, cleared_lru, popped_cachetools])
def test_a_function_tells_what_was_forgotten(tmp_path, make):
    function, remove, said = make()
    load = perflab.record(function, tmp_path / "r")
    assert [load(key) for key in (1, 1, 2)] == [1, 1, 2]
    remove(load)
    load(1)
    assert load.cache_info().misses == function.cache_info().misses
    load.recording.stop()
    assert operations(tmp_path / "r") == ["get 0", "get 0", "get 1", *said, "get 0"]
    # The keys that a decorator of others makes are not those that are recorded.
    assert (f"pop 1, which {TOO_HIGH}" in notes(tmp_path / "r")) == (not said)


def test_an_async_function_tells_what_was_forgotten(tmp_path):
    @Cache(max_cache_size=9)
    async def load(key):
        return key

    async def use():
        recorded = perflab.record(load, tmp_path / "r")
        await recorded(1)
        recorded.forget(1)
        await recorded(1)
        return recorded

    asyncio.run(use()).recording.stop()
    assert operations(tmp_path / "r") == ["get 0", "delete 0", "get 0"]


def commands(client):
    """Yield calls of a client or pipeline, half of which find nothing to do."""
    client.get("a")
    for key in ("a", "b", "c", "d"):
        client.set(key, "1")
    client.delete("a", "none")
    client.delete("none")
    client.unlink("b")
    client.unlink("none")
    client.expire("c", 60)
    client.expire("none", 60)
    client.persist("c")
    client.getdel("d")
    client.getdel("d")
    client.set("e", "1", keepttl=True)
    client.set("e", "1", pxat=1 << 42)
    client.eval("return 1", 0)
    client.config_get("maxmemory")
    client.flushdb()


DONE = [
    *("get 0", "set 0", "set 1", "set 2", "set 3", "delete 0", "delete 4", "delete 1"),
    *("touch 2", "touch 2", "get 3", "delete 3", "get 3", "set 5", "set 5"),
    *(f"delete {key}" for key in range(6)),
]


@pytest.mark.parametrize("how", ["client", "pipeline", "transaction"])
def test_a_redis_client_tells_what_was_removed(server, tmp_path, how):
    with redis.Redis.from_url(server.url) as plain:
        client = perflab.record(plain, tmp_path / "r")
        if how == "client":
            commands(client)
        else:
            with client.pipeline(transaction=how == "transaction") as pipe:
                commands(pipe)
                pipe.execute()
        client.recording.stop()
        assert plain.dbsize() == 0
    trace = read_trace(tmp_path / "r")
    assert [*operations(tmp_path / "r")[:15], *sorted(operations(tmp_path / "r")[15:])] == DONE
    assert trace.ttls[8:10].tolist() == [60, np.inf]
    assert np.isinf(trace.ttls[13])
    assert trace.ttls[14] == pytest.approx((1 << 42) / 1000 - trace.times[14], abs=1)
    assert "not counted as requests: EVAL 1" in notes(tmp_path / "r")
    assert "not replayed" not in notes(tmp_path / "r")


@pytest.mark.parametrize("how", ["client", "pipeline"])
def test_an_async_redis_client_tells_what_was_removed(server, tmp_path, how):
    async def use():
        async with redis.asyncio.Redis.from_url(server.url) as plain:
            client = perflab.record(plain, tmp_path / "r")
            asked = client if how == "client" else client.pipeline()
            for call in (
                ("get", "a"),
                ("set", "a", "1"),
                ("delete", "a"),
                ("delete", "a"),
                ("set", "b", "1"),
                ("expire", "b", 60),
                ("flushall",),
            ):
                answer = getattr(asked, call[0])(*call[1:])
                if how == "client":
                    await answer
            if how == "pipeline":
                await asked.execute()
            client.recording.stop()

    asyncio.run(use())
    found = operations(tmp_path / "r")
    assert found[:5] == ["get 0", "set 0", "delete 0", "set 1", "touch 1"]
    assert sorted(found[5:]) == ["delete 0", "delete 1"]


def test_removals_of_several_runs_and_forked_processes_add_up(tmp_path):
    for _ in range(2):
        cache = perflab.record({}, tmp_path / "r")
        fill(cache)
        cache.pop(1)
        child = os.fork()
        if not child:
            cache[8] = "value"
            del cache[8]
            cache.recording.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        cache.recording.stop()
        cache.clear()
    found = operations(tmp_path / "r")
    assert found.count("delete 4") == found.count("delete 1") == 2


def test_all_keys_of_a_sample_are_removed_together(tmp_path):
    cache = perflab.record({}, tmp_path / "r", max_bytes="64KiB")
    for round_ in range(4):
        for key in range(3000):
            cache.get(f"{round_}-{key}")
        cache[round_] = "value"
        cache.clear()
        cache.recording.flush()
    cache.recording.stop()
    trace = read_trace(tmp_path / "r")
    assert trace.sample_rate < 1
    removed = trace.ids[trace.operations == Operation.DELETE].tolist()
    assert sorted(removed) == sorted(set(trace.ids.tolist()))


def test_a_removal_of_all_of_one_of_several_caches_is_told_by_name(tmp_path):
    cache = perflab.record({}, tmp_path / "r")
    other = perflab.record({}, cache.recording)
    fill(cache)
    fill(other)
    other.clear()
    cache.recording.stop()
    assert operations(tmp_path / "r") == FILLED * 2
    assert f"clear 1, which {TOO_HIGH}" in notes(tmp_path / "r")


def test_a_mapping_is_joined_with_another_as_without_recording(tmp_path):
    cache = perflab.record({"a": 1}, tmp_path / "r")
    assert cache.get("a") == 1
    cache |= {"b": 2}
    assert cache | {"c": 3} == {"a": 1, "b": 2, "c": 3}
    assert {"c": 3} | cache == {"c": 3, "a": 1, "b": 2}
    cache.update(c=3)
    cache.recording.stop()
    assert operations(tmp_path / "r") == ["get 0", "set 1", "set 2"]


@pytest.mark.parametrize(
    "lie",
    [
        [],
        {"removal": 7},
        {"removal": {"DEL": -1}},
        {"removal": {"DEL": True}},
        {"removal": {"DEL": 1e400}},
        {"removal": {f"name {number}": 1 for number in range(5000)}},
        {"nothing of ours": {"DEL": 4}},
    ],
    ids=["list", "number", "negative", "bool", "infinite", "many", "kind"],
)
def test_counts_that_are_none_are_left_aside(tmp_path, lie):
    cache = perflab.record({}, tmp_path / "r")
    fill(cache)
    cache.recording.stop()
    for path in part_paths(tmp_path / "r"):
        describe(path, lambda said: said | {"left_out": lie})
    trace = read_trace(tmp_path / "r")
    assert trace.reads == 4
    assert TOO_HIGH not in " | ".join(trace.notes)


def test_lifetimes_of_fields_count_as_those_of_their_hash(server, tmp_path):
    with redis.Redis.from_url(server.url) as plain:
        client = perflab.record(plain, tmp_path / "r")
        client.hgetall("h")
        client.hset("h", "a", "1")
        client.execute_command("HEXPIRE", "h", 60, "FIELDS", 1, "a")
        client.hget("h", "a")
        client.hdel("h", "a")
        client.recording.stop()
    assert operations(tmp_path / "r") == ["get 0", "set 0", "touch 0", "get 0"]
    assert read_trace(tmp_path / "r").ttls[2] == 60
    said = notes(tmp_path / "r")
    assert "lifetimes of fields, which count as their hash's: HEXPIRE 1" in said
    assert "not replayed: HDEL 1, which remove a part of a value: its key stays" in said


def test_clearing_one_function_of_a_cache_is_told_by_name(tmp_path):
    cache = perflab.record(Cache(max_cache_size=9), tmp_path / "r")
    double = cache(lambda number: 2 * number)
    assert (double(1), double(2)) == (2, 4)
    double.cache_clear()
    cache.recording.stop()
    assert operations(tmp_path / "r") == ["get 0", "get 1"]
    assert f"cache_clear 1, which {TOO_HIGH}" in notes(tmp_path / "r")
