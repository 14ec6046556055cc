"""What is read after a removal or write that came while the key was being loaded."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from processes import until

from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

WAYS = ("delete", "set", "set_many", "clear")
STAMPEDES = ("lock", "early", "off")


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture(params=STAMPEDES)
def settings(request):
    return RedisCacheSettings(cache_namespace=f"removals{request.param}", stampede=request.param)


class Database:
    """One value, and a read of it that takes until it is let go."""

    def __init__(self):
        self.value = "old"
        self.reads = 0
        self.read, self.go_on = threading.Event(), threading.Event()

    def load(self):
        self.reads += 1
        value = self.value
        self.read.set()
        assert self.go_on.wait(30)
        return value

    def load_many(self, keys):
        return dict.fromkeys(keys, self.load())

    async def aload(self):
        return await asyncio.to_thread(self.load)


def change(cache, way):
    if way == "delete":
        return cache.delete("k")
    if way == "set":
        return cache.set("k", "new")
    return cache.set_many({"k": "new", "l": "new"}) if way == "set_many" else cache.clear()


@pytest.fixture
def cache(server, settings):
    opened = RedisCache(settings, url=server.url)
    yield opened
    opened.clear()
    opened.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_reader_after_a_change_does_not_get_what_was_before(cache, way):
    database = Database()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_load, "k", database.load)
        assert database.read.wait(30)
        waiting = pool.submit(cache.get_or_load, "k", database.load)
        until(lambda: cache.stats()["coalesced"] == 1)
        database.value = "new"
        change(cache, way)
        assert cache.get_or_load("k", lambda: database.value) == "new"
        database.go_on.set()
        assert first.result(30) == "old"
        assert waiting.result(30) == "old"
    assert cache.get("k") == "new"
    assert database.reads == 1


@pytest.mark.parametrize("way", WAYS)
async def test_a_task_after_a_change_does_not_get_what_was_before(server, settings, way):
    database, cache = Database(), AsyncRedisCache(settings, url=server.url)

    async def now():
        return database.value

    first = asyncio.create_task(cache.get_or_load("k", database.aload))
    await asyncio.to_thread(database.read.wait, 30)
    waiting = asyncio.create_task(cache.get_or_load("k", database.aload))
    await asyncio.to_thread(until, lambda: cache.stats()["coalesced"] == 1)
    database.value = "new"
    await change(cache, way)
    assert await asyncio.wait_for(cache.get_or_load("k", now), 30) == "new"
    database.go_on.set()
    assert await asyncio.wait_for(asyncio.gather(first, waiting), 30) == ["old", "old"]
    assert await cache.get("k") == "new"
    assert database.reads == 1
    await cache.clear()
    await cache.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_loaded_before_a_change_is_not_kept(cache, way):
    database = Database()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(cache.get_or_load_many, ["k", "m"], database.load_many)
        assert database.read.wait(30)
        database.value = "new"
        change(cache, way)
        database.go_on.set()
        assert loading.result(30) == {"k": "old", "m": "old"}
    kept = cache.get_many(["k", "m"])
    assert kept.get("k") != "old"
    assert kept.get("m") == (None if way == "clear" else "old")


@pytest.mark.parametrize("way", WAYS)
def test_a_change_while_the_server_is_away_parts_the_load_too(way):
    database = Database()
    with RedisServer.start() as own:
        settings = RedisCacheSettings(stampede="off", timeout=0.2, retries=0, breaker_failures=1000)
        cache = RedisCache(settings, url=own.url)
        own.kill()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(cache.get_or_load, "k", database.load)
            assert database.read.wait(30)
            database.value = "new"
            assert not change(cache, way)
            assert cache.get_or_load("k", lambda: database.value) == "new"
            database.go_on.set()
            assert first.result(30) == "old"
        cache.close()


def test_a_removal_of_one_key_leaves_loads_of_others_alone(cache):
    database = Database()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_load, "k", database.load)
        assert database.read.wait(30)
        cache.delete("other")
        waiting = pool.submit(cache.get_or_load, "k", database.load)
        until(lambda: cache.stats()["coalesced"] == 1)
        database.go_on.set()
        assert [first.result(30), waiting.result(30)] == ["old", "old"]
    assert database.reads == 1
    assert cache.get("k") == "old"


def test_no_load_is_remembered_once_it_has_ended(cache):
    for key in map(str, range(50)):
        cache.get_or_load(key, lambda: 1)
        with pytest.raises(ZeroDivisionError):
            cache.get_or_load(f"bad {key}", lambda: 1 / 0)
    cache.get_or_load_many(["x", "y"], lambda keys: dict.fromkeys(keys, 1))
    assert not cache._logic.changes._loads
    assert not cache._flights._flights


class TwoProcesses:
    """Two caches of one namespace, as two processes have them: they share the server alone."""

    def __init__(self, server, namespace, client=None):
        settings = RedisCacheSettings(cache_namespace=namespace, timeout=5)
        self.first = RedisCache(settings, url=server.url)
        self.second = RedisCache(settings, url=server.url)
        if client is not None:
            self.second = RedisCache(settings, client=client.from_url(server.url))
        self.first.clear()

    def close(self):
        self.first.clear()
        self.first.close()
        self.second.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_of_one_process_is_not_kept_after_a_change_by_another(server, way):
    both, database = TwoProcesses(server, "batches"), Database()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(both.first.get_or_load_many, ["k", "m"], database.load_many)
        assert database.read.wait(30)
        database.value = "new"
        change(both.second, way)
        database.go_on.set()
        assert loading.result(30) == {"k": "old", "m": "old"}
    kept = both.first.get_many(["k", "m"])
    assert kept.get("k") == (None if way in ("delete", "clear") else "new")
    assert kept.get("m") == (None if way == "clear" else "old")
    both.close()


def test_a_batch_gives_its_locks_back_however_it_ends(server):
    both, database = TwoProcesses(server, "locks"), Database()
    database.go_on.set()
    assert both.first.get_or_load_many(["k", "m"], lambda _: {"k": 1}) == {"k": 1}
    with pytest.raises(ZeroDivisionError):
        both.first.get_or_load_many(["n"], lambda _: 1 // 0)
    client = redis.Redis.from_url(server.url)
    assert list(client.scan_iter("locks:l:*")) == []
    both.close()


class AsItIsCleared(redis.Redis):
    """Calls something between the passes of `clear`."""

    passes = 0
    between = staticmethod(lambda: None)

    def execute_command(self, *args, **options):
        if args[0] == "SCAN" and args[1] == 0:
            AsItIsCleared.passes += 1
            if AsItIsCleared.passes > 1:
                AsItIsCleared.between()
        return super().execute_command(*args, **options)


def test_a_load_that_ends_while_another_process_clears_is_not_kept(server):
    both, database = TwoProcesses(server, "clearing", AsItIsCleared), Database()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(both.first.get_or_load, "k", database.load)
        assert database.read.wait(30)
        database.value = "new"

        def end_the_load():
            database.go_on.set()
            assert loading.result(30) == "old"

        AsItIsCleared.passes, AsItIsCleared.between = 0, end_the_load
        both.second.clear()
        assert AsItIsCleared.passes > 1
    assert both.first.get("k") is None
    both.close()
