"""Namespaces of the cache in Redis share no key, and `clear` removes what the cache wrote."""

from __future__ import annotations

import asyncio

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

NAMES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=6),
    st.sampled_from(["", "k", "l", "*", "a*", "a?", "[a]", "[^a]", "\\", "a\\", "é", "e\u0301"]),
)
KEYS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=6), st.just("k:1"))


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as made:
        made.flushall()
        yield made


def cache_of(server, namespace, **others) -> RedisCache:
    values = {"cache_namespace": namespace, "timeout": 5, **others}
    return RedisCache(RedisCacheSettings(**values), url=server.url)


@pytest.mark.parametrize("namespace", ["app:k", ":", "app:", ":app", "a:b:c", "app:perflab_run_x"])
@pytest.mark.parametrize("make", [RedisCache, AsyncRedisCache])
def test_namespace_with_a_colon_is_refused(make, namespace):
    for read in (RedisCacheSettings.read, lambda values: RedisCacheSettings(**values)):
        with pytest.raises(BadInputError, match="has a colon"):
            make(read({"cache_namespace": namespace}), url="redis://nowhere")


def test_namespace_that_is_not_unicode_is_refused():
    with pytest.raises(BadInputError, match="UTF-8"):
        RedisCacheSettings(cache_namespace="a\ud800")


def test_namespace_with_a_colon_is_refused_while_in_use(server):
    cache = cache_of(server, "app")
    with pytest.raises(BadInputError, match="has a colon"):
        cache.apply(cache_namespace="app:k")
    assert cache.settings.cache_namespace == "app"
    cache.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.lists(NAMES, min_size=2, max_size=2, unique=True), key=KEYS, other=KEYS)
def test_two_namespaces_share_no_key(server, client, pair, key, other):
    client.flushall()
    first, second = (cache_of(server, name) for name in pair)
    first.set(key, "first")
    assert second.get(key) is None
    assert second.get(other) is None
    second.set(other, "second")
    assert first.clear() == 1
    assert second.get(other) == "second"
    first.close()
    second.close()


@pytest.mark.parametrize("twin", ["threads", "tasks"])
def test_clear_leaves_what_the_cache_did_not_write(server, client, twin):
    run = "app:perflab_run_20260102t030405z_0123456789"
    theirs = {
        b"app:k:text": b"x",
        b"app:k:empty": b"",
        b"app:k:\xff": b"\xca short",
        b"app:l:sixteen": b"0123456789abcdef",
        run.encode() + b":k:1": b"\xca" + bytes(40),
        run.encode() + b":l:1": b"\x00" * 16,
        run.encode() + b":lease": b"1",
        b"app": b"1",
        b"app:x": b"1",
    }
    client.mset(theirs)
    client.hset("app:k:hash", "a", "1")
    client.rpush("app:k:list", "a")
    client.zadd("app:l:zset", {"a": 1})
    client.xadd("app:k:stream", {"a": "1"})
    before = {name: client.dump(name) for name in client.scan_iter()}
    cache = cache_of(server, "app", stampede="lock", negative_ttl_seconds=100)
    cache.set_many({str(number): number for number in range(1500)})
    cache.get_or_load("nothing", lambda: None)
    client.set("app:l:held", bytes(16), px=100_000)
    if twin == "threads":
        assert cache.clear() == 1501
    else:
        other = AsyncRedisCache(cache.settings, url=server.url)

        async def clear():
            count = await other.clear()
            await other.close()
            return count

        assert asyncio.run(clear()) == 1501
    assert {name: client.dump(name) for name in client.scan_iter()} == before
    cache.close()
