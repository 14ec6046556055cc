from __future__ import annotations

import asyncio
import copy
import functools
import threading
from collections import defaultdict

import cachetools
import numpy as np
import pytest
import redis
import redis.asyncio
from recordings import recorded_rows

import perflab
from perflab.patterns.cache import Cache
from perflab.servers.redis.server import RedisServer
from perflab.workloads import Trace, read_trace
from perflab.workloads.recording.operations import KEPT
from perflab.workloads.recording.recording import Recording


def rows(folder):
    """Return read, hit, size and ttl of what was recorded, in order."""
    return [row[2:] for row in recorded_rows(folder)]


def same_keys(folder, keys):
    return (
        read_trace(folder).reads_only().ids.tolist()
        == Trace.from_keys([str(key) for key in keys]).ids.tolist()
    )


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as server:
        yield server


def test_a_function_with_lru_cache_records_what_it_counted_itself(tmp_path):
    @functools.lru_cache(maxsize=2)
    def page(number):
        """Make a page."""
        return "x" * number

    asked = [1, 2, 1, 3, 2, 2, 1]
    recorded = perflab.record(page, tmp_path / "r")
    with recorded.recording:
        assert [len(recorded(number)) for number in asked] == asked
    assert (recorded.__name__, recorded.__doc__) == ("page", "Make a page.")
    assert recorded.cache_info() == page.cache_info()
    hits = [hit for _, hit, _, _ in rows(tmp_path / "r")]
    assert hits == [False, False, True, False, False, True, False]
    assert sum(hits) == page.cache_info().hits
    assert read_trace(tmp_path / "r").sizes.tolist() == asked
    assert same_keys(tmp_path / "r", asked)


def test_keys_are_made_of_all_arguments_or_as_the_user_says(tmp_path):
    def area(width, height=1, **rest):
        return width * height

    plain = perflab.record(area, tmp_path / "r")
    with plain.recording:
        plain(1)
        plain(1, 2)
        plain(1, height=2)
        plain(1, deep=1, height=2)
        plain(1, height=2, deep=1)
    assert same_keys(tmp_path / "r", "abcdd")
    named = perflab.record(area, tmp_path / "s", key=lambda width, height=1: f"{width}x{height}")
    with named.recording:
        named(1, 2)
        named(1, height=2)
        named(3)
    assert same_keys(tmp_path / "s", "aab")
    assert [hit for _, hit, _, _ in rows(tmp_path / "s")] == [None] * 3


def test_a_method_and_a_coroutine_are_recorded_too(tmp_path):
    recording = Recording(tmp_path / "r")

    class Shop:
        price = perflab.record(lambda self, name: len(name), recording, key=lambda self, name: name)

        async def stock(self, name):
            await asyncio.sleep(0)
            return b"12"

    shop = Shop()
    stock = perflab.record(shop.stock, recording)
    assert shop.price("tea") == 3
    assert asyncio.run(stock("tea")) == b"12"
    assert Shop().price("rum") == 3
    recording.stop()
    assert same_keys(tmp_path / "r", "aab")


def test_an_error_of_the_function_reaches_its_caller_and_is_no_request(tmp_path):
    def fail(key):
        raise LookupError(key)

    recorded = perflab.record(fail, tmp_path / "r")
    with pytest.raises(LookupError):
        recorded("a")
    assert recorded.recording.stop()["rows"] == 0


def test_calls_that_overlap_are_hits_or_misses_only_where_that_is_sure(tmp_path):
    inside, go_on = threading.Event(), threading.Event()

    @functools.lru_cache
    def slow(key):
        if key == "slow":
            inside.set()
            assert go_on.wait(60)
        return key

    slow("known")
    recorded = perflab.record(slow, tmp_path / "r")
    thread = threading.Thread(target=recorded, args=("slow",))
    thread.start()
    assert inside.wait(60)
    recorded("known")
    go_on.set()
    thread.join()
    recorded("slow")
    recorded.recording.stop()
    hits = [hit for _, hit, _, _ in rows(tmp_path / "r")]
    # The first to end saw a hit and, perhaps, the other's miss; it never says a miss.
    assert hits[0] in (True, None)
    assert hits[1] in (False, None)
    assert hits[2] is True


@pytest.mark.parametrize(
    "make",
    [
        dict,
        lambda: cachetools.LRUCache(9),
        lambda: cachetools.TTLCache(9, ttl=60),
        lambda: cachetools.LFUCache(9),
    ],
)
def test_a_mapping_does_as_before_and_is_recorded(make, tmp_path):
    plain, recorded = make(), perflab.record(make(), tmp_path / "r")
    script = [
        lambda c: c.get("a"),
        lambda c: c.get("a", 5),
        lambda c: c.__setitem__("a", "12345"),
        lambda c: c.get("a"),
        lambda c: c["a"],
        lambda c: "a" in c,
        lambda c: "b" in c,
        lambda c: c.setdefault("c", "123"),
        lambda c: c.setdefault("c", "1"),
        lambda c: c.update({"d": "1", "e": "2"}),
        lambda c: sorted(c.items()),
        lambda c: (sorted(c), sorted(c.keys()), sorted(c.values()), len(c)),
        lambda c: c.pop("e"),
        lambda c: c.pop("e", None),
        lambda c: c.__delitem__("d"),
        lambda c: sorted(c.items()),
        lambda c: c == dict(c.items()),
        lambda c: (c.popitem() and None, len(c)),
        lambda c: (c.clear(), len(c)),
    ]
    for step in script:
        assert step(recorded) == step(plain)
    with pytest.raises(KeyError):
        recorded["a"]
    recorded.recording.stop()
    said = rows(tmp_path / "r")
    ttl = getattr(plain, "ttl", None)
    assert said[:9] == [
        (True, False, None, None),
        (True, False, None, None),
        (False, None, 5, ttl),
        (True, True, 5, None),
        (True, True, 5, None),
        (True, False, None, None),
        (True, False, 3, None),
        (False, None, 3, ttl),
        (True, True, 3, None),
    ]
    # Two are set, one taken out, one deleted, and all cleared.
    assert [read for read, *_ in said[9:]] == [False, False, False, False, False, True]
    assert said[-1] == (True, False, None, None)
    trace = read_trace(tmp_path / "r")
    assert trace.sizes[:3].tolist() == [5, 5, 5]
    assert (trace.ttls is None) == (ttl is None)


def test_a_cache_under_a_decorator_of_cachetools_is_recorded(tmp_path):
    cache = perflab.record(cachetools.LRUCache(2), tmp_path / "r")

    @cachetools.cached(cache)
    def double(number):
        return number * 2

    asked = [1, 2, 1, 3, 2, 1]
    assert [double(number) for number in asked] == [2 * number for number in asked]
    cache.recording.stop()
    assert cache.maxsize == 2
    assert same_keys(tmp_path / "r", asked)
    reads = [hit for read, hit, _, _ in rows(tmp_path / "r") if read]
    assert reads == [False, False, True, False, False, False]


def test_the_cache_of_perflab_is_recorded_as_a_mapping_and_as_a_decorator(tmp_path):
    cache = perflab.record(Cache(max_cache_size=2), tmp_path / "r")
    asked = ["a", "b", "a", "c", "b"]
    assert [cache.get_or_load(key, str.upper) for key in asked] == [key.upper() for key in asked]
    cache["d"] = "1234"
    cache.recording.stop()
    assert cache.stats()["misses"] == 4
    said = [(read, hit) for read, hit, _, _ in rows(tmp_path / "r")]
    assert said == [*((True, hit) for hit in (False, False, True, False, False)), (False, None)]
    decorated = perflab.record(Cache(max_cache_size=2)(str.upper), tmp_path / "s")
    assert [decorated(key) for key in asked] == [key.upper() for key in asked]
    decorated.forget("b")
    decorated("b")
    decorated.recording.stop()
    hits = [hit for _, hit, _, _ in rows(tmp_path / "s")]
    assert hits == [False, False, True, False, False, None, False]


def test_a_recorded_mapping_is_copied_with_what_it_holds(tmp_path):
    cache = perflab.record({"a": [1]}, tmp_path / "r")
    with cache.recording:
        assert copy.copy(cache)["a"] == [1]
        assert cache.copy() == {"a": [1]}
        assert not hasattr(cache, "get_or_load")


def test_a_mapping_that_makes_what_it_misses_is_a_miss(tmp_path):
    cache = perflab.record(defaultdict(lambda: "new"), tmp_path / "r")
    assert (cache["a"], cache["a"]) == ("new", "new")
    cache.recording.stop()
    assert [hit for _, hit, _, _ in rows(tmp_path / "r")] == [False, True]


def test_a_redis_client_is_recorded_by_its_commands(server, tmp_path):
    plain = redis.Redis.from_url(server.url)
    plain.flushall()
    client = perflab.record(plain, tmp_path / "r")
    assert client.get("a") is None
    assert client.set("a", "12345", ex=60)
    assert client.get("a") == b"12345"
    client.mset({"b": "1", "c": "22"})
    assert client.mget("b", "none", "c") == [b"1", None, b"22"]
    client.hset("h", mapping={"x": "1", "y": "23"})
    assert client.hgetall("h") == {b"x": b"1", b"y": b"23"}
    assert client.hmget("none", "x") == [None]
    assert client.strlen("none") == 0
    assert client.ping()
    with client.pipeline() as pipe:
        pipe.get("a").execute_command("setex", "d", 30, "xyz").get("d")
        assert pipe.execute() == [b"12345", True, b"xyz"]
    client.recording.stop()
    client.get("a")
    assert rows(tmp_path / "r") == [
        (True, False, None, None),
        (False, None, 5, 60.0),
        (True, True, 5, None),
        (False, None, 1, None),
        (False, None, 2, None),
        (True, True, 1, None),
        (True, False, None, None),
        (True, True, 2, None),
        (False, None, None, KEPT),
        (True, True, 5, None),
        (True, False, None, None),
        (True, False, None, None),
        (True, True, 5, None),
        (False, None, 3, 30.0),
        (True, True, 3, None),
    ]
    trace = read_trace(tmp_path / "r").reads_only()
    assert trace.ttls[:2].tolist() == [60, 60]
    assert np.isnan(trace.ttls[2])
    del client
    assert plain.get("a") == b"12345"
    plain.close()


async def test_an_async_redis_client_is_recorded_too(server, tmp_path):
    client = perflab.record(redis.asyncio.Redis.from_url(server.url), tmp_path / "r")
    await client.flushall()
    assert await client.get("a") is None
    await client.set("a", b"123")
    assert await client.get("a") == b"123"
    async with client.pipeline() as pipe:
        assert await pipe.get("a").get("b").execute() == [b"123", None]
    client.recording.stop()
    await client.aclose()
    said = [(read, hit) for read, hit, _, _ in rows(tmp_path / "r")]
    # Everything is removed first.
    assert said[0] == (False, None)
    assert said[1:] == [(True, False), (False, None), (True, True), (True, True), (True, False)]


def test_an_error_of_redis_reaches_its_caller(server, tmp_path):
    client = perflab.record(redis.Redis.from_url(server.url), tmp_path / "r")
    client.rpush("list", 1)
    with pytest.raises(redis.ResponseError):
        client.get("list")
    with pytest.raises(redis.ResponseError):
        client.pipeline().get("list").execute()
    answers = client.pipeline().get("list").get("none").execute(raise_on_error=False)
    assert isinstance(answers[0], redis.ResponseError)
    client.recording.stop()
    client.close()
    assert rows(tmp_path / "r") == [(False, None, None, KEPT), (True, False, None, None)]


def test_keys_outside_the_sample_leave_no_trace(server, tmp_path):
    client = perflab.record(redis.Redis.from_url(server.url), tmp_path / "r", sample=0.2)
    for number in range(500):
        client.get(f"n{number}")
        client.set(f"n{number}", "v")
    said = client.recording.stop()
    client.close()
    trace = read_trace(tmp_path / "r")
    assert 50 < trace.reads < 160
    assert said["rows"] == len(trace) == 2 * trace.reads
    assert trace.sample_rate == pytest.approx(0.2)
