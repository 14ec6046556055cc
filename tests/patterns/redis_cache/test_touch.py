"""`touch` of the caches in Redis: a new lifetime, and nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import time

import pytest
import redis

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

NAME = "touched:k:a"
STATES = {
    "plain": {},
    "stale": {"stale_seconds": 50},
    "early": {"stampede": "early"},
    "signed": {"serializer": "pickle"},
    "signed and stale": {"serializer": "pickle", "stale_seconds": 50},
}


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as made:
        made.flushall()
        yield made


@pytest.fixture(params=[RedisCache, AsyncRedisCache], ids=["threads", "tasks"])
def make(request, server):
    """Makes caches whose `call` is alike for threads and for tasks."""
    loop = asyncio.new_event_loop()
    made = []

    def new(*, url=server.url, **values):
        key = b"s" * 32 if values.get("serializer") == "pickle" else None
        options = {"timeout": 5, "cache_namespace": "touched", "ttl_jitter": 0, **values}
        heard = []
        cache = request.param(
            RedisCacheSettings(**options),
            url=url,
            signing_key=key,
            hook=lambda event: heard.append(event.kind),
        )
        made.append(cache)

        def call(name, *args, **kwargs):
            result = getattr(cache, name)(*args, **kwargs)
            return loop.run_until_complete(result) if asyncio.iscoroutine(result) else result

        return cache, call, heard

    yield new
    for cache in made:
        result = cache.close()
        if result is not None:
            loop.run_until_complete(result)
    loop.close()


def loads(cache, value):
    async def later():
        return value

    return later if isinstance(cache, AsyncRedisCache) else lambda: value


@pytest.mark.parametrize("state", STATES)
def test_touch_gives_a_new_life_and_keeps_the_value(make, client, state):
    stale = STATES[state].get("stale_seconds", 0)
    _, call, _ = make(ttl_seconds=200, **STATES[state])
    call("set", "a", [1, "x" * 500], ttl=5)
    assert call("touch", "a") is True
    assert client.pttl(NAME) == pytest.approx((200 + stale) * 1000, abs=2000)
    assert call("touch", "a", 60) is True
    assert client.pttl(NAME) == pytest.approx((60 + stale) * 1000, abs=2000)
    assert call("touch", "a", dt.timedelta(minutes=2)) is True
    assert client.pttl(NAME) == pytest.approx((120 + stale) * 1000, abs=2000)
    assert call("touch", "a", math.inf) is True
    assert client.pttl(NAME) == -1
    assert call("get", "a") == [1, "x" * 500]
    assert call("touch", "a", 60) is True
    assert client.pttl(NAME) == pytest.approx((60 + stale) * 1000, abs=2000)
    assert call("get", "a") == [1, "x" * 500]


@pytest.mark.parametrize("state", ["stale", "early", "signed and stale"])
def test_an_entry_with_an_end_of_its_own_gets_a_new_one(make, state):
    _, call, _ = make(ttl_seconds=200, **STATES[state])
    call("set", "a", 1, ttl=0.3)
    call("set", "b", 1, ttl=0.3)
    assert call("touch", "a", 60)
    time.sleep(0.35)
    assert call("get", "a") == 1
    assert call("get", "b") is None
    assert call("touch", "b", 60) is False


def test_a_shorter_life_ends_sooner(make):
    _, call, _ = make()
    call("set", "a", 1)
    assert call("touch", "a", 0.05)
    time.sleep(0.1)
    assert call("get", "a") is None


@pytest.mark.parametrize(("writes", "touches"), [("stale", "plain"), ("plain", "early")])
def test_an_entry_of_other_settings_is_touched_too(make, client, writes, touches):
    _, write, _ = make(**STATES[writes])
    _, call, _ = make(**STATES[touches])
    write("set", "a", 1, ttl=0.3)
    assert call("touch", "a", 60)
    assert client.pttl(NAME) == pytest.approx(60_000, abs=2000)
    time.sleep(0.35)
    assert call("get", "a") == write("get", "a") == 1


def test_what_is_not_there_is_not_touched(make, client):
    cache, call, _ = make(negative_ttl_seconds=30)
    assert call("touch", "a") is False
    call("get_or_load", "a", loads(cache, None))
    assert call("touch", "a") is False
    assert client.pttl(NAME) <= 30_000
    client.set("touched:k:theirs", b"not an entry", px=9000)
    assert call("touch", "theirs") is False
    assert client.pttl("touched:k:theirs") <= 9000
    client.hset("touched:k:hash", "field", "1")
    assert call("touch", "hash") is False
    assert client.ttl("touched:k:hash") == -1


def test_nothing_is_remembered_also_with_stale_serving(make, client):
    cache, call, _ = make(negative_ttl_seconds=30, stale_seconds=100)
    call("get_or_load", "a", loads(cache, None))
    assert call("touch", "a", 500) is False
    assert client.pttl(NAME) <= 30_000


def test_touch_is_no_lookup_and_no_event(make):
    cache, call, heard = make()
    call("set", "a", 1)
    call("touch", "a")
    call("touch", "b")
    stats = cache.stats()
    assert stats["hits"] == stats["misses"] == stats["errors"] == 0
    assert heard == []


def test_touch_takes_one_command_without_the_value(make, client):
    _, call, _ = make()
    call("set", "a", "x" * 100_000)
    before = client.info("stats")["total_net_output_bytes"]
    commands = client.info("commandstats")
    call("touch", "a")
    after = client.info("commandstats")
    assert client.info("stats")["total_net_output_bytes"] - before < 30_000
    asked = {
        name: about["calls"] - commands.get(name, {"calls": 0})["calls"]
        for name, about in after.items()
    }
    assert asked["cmdstat_eval"] == 1
    assert asked["cmdstat_get"] == asked.get("cmdstat_set", 0) == 0


def test_lives_are_shortened_at_random_as_those_of_set(make, client):
    _, call, _ = make(ttl_jitter=0.5)
    call("set", "a", 1)
    lives = []
    for _ in range(30):
        assert call("touch", "a", 1000)
        lives.append(client.pttl(NAME) / 1000)
    assert 490 < min(lives) < 700
    assert 800 < max(lives) <= 1000


@pytest.mark.parametrize("ttl", [0, -1, math.nan, "5", True])
def test_a_ttl_that_is_none_is_refused(make, ttl):
    _, call, _ = make()
    for name, value in (("touch", ()), ("set", (1,))):
        with pytest.raises(BadInputError, match=r"ttl: .* is not a number of seconds above 0"):
            call(name, "a", *value, ttl=ttl)
    with pytest.raises(BadInputError, match="key"):
        call("touch", 5)


def test_while_the_server_is_away_nothing_is_touched(make):
    cache, call, heard = make(url="redis://127.0.0.1:1", timeout=0.05, retries=0)
    assert call("touch", "a") is False
    assert cache.stats()["errors"] == 1
    assert EventKind.FALLBACK not in heard


def test_an_entry_that_is_written_meanwhile_is_touched_as_it_is_then(make, client, server):
    cache, call, _ = make(stale_seconds=50)
    call("set", "a", "old", ttl=20)
    ask = cache._logic.guard.ask
    turns = []

    def overtaken(key, *commands, **options):
        if commands[0][0] == "EVAL" and not turns:
            turns.append(1)
            other = RedisCache(cache.settings, client=redis.Redis.from_url(server.url))
            other.set("a", "new", ttl=100)
        return ask(key, *commands, **options)

    cache._logic.guard.ask = overtaken
    assert call("touch", "a", 70)
    assert call("get", "a") == "new"
    assert client.pttl(NAME) == pytest.approx(120_000, abs=2000)
