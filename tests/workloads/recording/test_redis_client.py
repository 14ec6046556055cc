from __future__ import annotations

from collections import Counter

import pytest
import redis
import redis.asyncio
from recordings import recorded_rows

import perflab
from perflab.servers.redis.server import RedisServer
from perflab.workloads.recording.keys import PLACES, key_bytes, key_number, place_of

CALLS = [
    ("set", "text", "12345"),
    ("setex", "short", 30, "123"),
    ("psetex", "short", 30_000, "1234"),
    ("setnx", "first", "12"),
    ("getset", "first", "1"),
    ("expire", "first", 60),
    ("pexpire", "first", 60_000),
    ("get", "text"),
    ("get", "none"),
    ("getex", "text"),
    ("getrange", "text", 0, 2),
    ("strlen", "text"),
    ("strlen", "none"),
    ("hget", "hash", "a"),
    ("hmget", "hash", "a", "none"),
    ("hgetall", "hash"),
    ("hkeys", "hash"),
    ("hvals", "hash"),
    ("hlen", "hash"),
    ("hexists", "hash", "none"),
    ("hstrlen", "hash", "a"),
    ("lrange", "list", 0, -1),
    ("lindex", "list", 0),
    ("llen", "list"),
    ("smembers", "set"),
    ("sismember", "set", "none"),
    ("smismember", "set", "a"),
    ("scard", "set"),
    ("zrange", "sorted", 0, -1),
    ("zrangebyscore", "sorted", 0, 9),
    ("zrevrange", "sorted", 0, -1),
    ("zscore", "sorted", "a"),
    ("zmscore", "sorted", ["a"]),
    ("zcard", "sorted"),
    ("zcount", "sorted", 0, 9),
    ("zrank", "sorted", "a"),
    ("zrevrank", "sorted", "a"),
    ("xrange", "stream"),
    ("xlen", "stream"),
    ("mget", "text", "none"),
]
KEYS = [
    *(f"n{number}" for number in range(60)),
    *(b"bytes %d" % number for number in range(60)),
    *range(60),
    *(f"snö {number}" for number in range(60)),
    *(f"\udc80{number}" for number in range(60)),
    *(memoryview(b"view %d" % number) for number in range(9)),
]


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as server:
        with redis.Redis.from_url(server.url) as client:
            client.hset("hash", mapping={"a": "123", "b": "1"})
            client.rpush("list", "12", "3")
            client.sadd("set", "a", "bc")
            client.zadd("sorted", {"a": 1, "bc": 2})
            client.xadd("stream", {"a": "1"})
        yield server


@pytest.fixture
def plain(server):
    with redis.Redis.from_url(server.url, encoding_errors="surrogateescape") as client:
        yield client


def rows(recorded):
    recorded.recording.flush()
    return [(key, *row) for key, _, *row in recorded_rows(recorded.recording.path)]


def numbers(keys, limit):
    """Return the numbers of the keys that lie in a sample, one for each time that they come."""
    places = [(data, place_of(data)) for data in map(key_bytes, keys)]
    return Counter(key_number(data, place) for data, place in places if place < limit)


def test_every_command_is_recorded_alike_by_its_method_and_in_a_pipeline(plain, tmp_path):
    plain.delete("text", "short", "first")
    called = perflab.record(plain, tmp_path / "called")
    piped = perflab.record(plain, tmp_path / "piped")
    for method, *args in CALLS:
        getattr(called, method)(*args)
    plain.delete("text", "short", "first")
    for method, *args in CALLS:
        pipe = piped.pipeline()
        getattr(pipe, method)(*args)
        pipe.execute()
    said = rows(called)
    called.recording.stop()
    piped.recording.stop()
    assert len(said) == len(CALLS) + 2  # MGET asks for two keys, and GETSET reads and writes
    assert rows(piped) == said


async def test_every_command_of_an_async_client_is_recorded_as_by_a_sync_one(
    server, plain, tmp_path
):
    called = perflab.record(redis.asyncio.Redis.from_url(server.url), tmp_path / "called")
    sync = perflab.record(plain, tmp_path / "sync")
    plain.delete("text", "short", "first")
    answers = [await getattr(called, method)(*args) for method, *args in CALLS]
    plain.delete("text", "short", "first")
    assert [getattr(sync, method)(*args) for method, *args in CALLS] == answers
    said = rows(called)
    called.recording.stop()
    sync.recording.stop()
    await called.aclose()
    assert rows(sync) == said
    assert len(said) == len(CALLS) + 2


def test_keys_of_any_kind_are_in_the_sample_by_every_way_or_by_none(plain, tmp_path):
    client = perflab.record(plain, tmp_path / "r", sample=0.3)
    limit = round(0.3 * PLACES)
    for key in KEYS:
        assert client.set(key, "v")
        assert client.get(key) == b"v"
        assert client.get(name=key) == b"v"
        assert client.execute_command("GET", key) == b"v"
        assert client.getrange(key, 0, 1) == b"v"
        assert client.pipeline().get(key).execute() == [b"v"]
    said = rows(client)
    client.recording.stop()
    expected = numbers(KEYS, limit)
    assert len(KEYS) / 5 < expected.total() < len(KEYS) / 2
    assert Counter(key for key, *_ in said) == Counter({key: 6 * n for key, n in expected.items()})


async def test_an_async_client_asks_for_every_key_and_records_the_sample(server, tmp_path):
    plain = redis.asyncio.Redis.from_url(server.url)
    client = perflab.record(plain, tmp_path / "r", sample=0.3)
    keys = [f"async {number}" for number in range(200)]
    places = [place_of(key_bytes(key)) for key in keys]
    there = keys[places.index(min(places))]
    await client.set(there, "v")
    assert [await client.get(key) for key in keys] == [b"v" if k == there else None for k in keys]
    said = rows(client)
    client.recording.stop()
    await plain.aclose()
    assert [hit for _, read, hit, *_ in said if read and hit] == [True]
    assert Counter(key for key, read, *_ in said if read) == numbers(keys, round(0.3 * PLACES))


def test_a_subclass_is_recorded_by_the_keys_that_it_sends(server, tmp_path):
    class Shop(redis.Redis):
        def get(self, name):
            return super().get(f"shop:{name}")

        def hget(self, name, key):
            return self.execute_command("HGET", f"shop:{name}", key)

    keys = [f"s{number}" for number in range(100)]
    with Shop.from_url(server.url) as shop:
        client = perflab.record(shop, tmp_path / "r", sample=0.3)
        for key in keys:
            client.get(key)
            client.hget(key, "a")
            client.set(f"shop:{key}", "v")
        assert client.get("s1") == b"v"
        said = rows(client)
        client.recording.stop()
    expected = numbers([f"shop:{key}" for key in [*keys * 3, "s1"]], round(0.3 * PLACES))
    assert Counter(key for key, *_ in said) == expected


def test_recording_ends_for_each_command_when_it_is_stopped(plain, tmp_path):
    client = perflab.record(plain, tmp_path / "r")
    client.get("text")
    client.recording.stop()
    assert client.get("text") == plain.get("text")
    assert client.hget("hash", "a") == b"123"
    assert client.set("text", "12345")
    assert client.pipeline().get("text").execute() == [b"12345"]
    assert len(rows(client)) == 1


def test_an_error_of_a_method_reaches_its_caller_and_is_no_request(plain, tmp_path):
    client = perflab.record(plain, tmp_path / "r")
    with pytest.raises(redis.ResponseError):
        client.get("list")
    with pytest.raises(redis.ResponseError):
        client.hget("list", "a")
    with pytest.raises(TypeError):
        client.get()
    client.recording.stop()
    assert rows(client) == []
