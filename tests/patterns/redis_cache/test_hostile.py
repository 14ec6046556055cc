"""The caches in Redis before servers that answer anything: the loader always serves."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import sys
import time
import tracemalloc
from pathlib import Path

import msgpack
import pytest

from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache import _envelope as module
from perflab.patterns.redis_cache._envelope import CorruptEntryError, Envelope
from perflab.patterns.redis_cache._serializers import SERIALIZERS
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives import bounded_redis
from perflab.servers.redis.server import RedisServer

SPEC = importlib.util.spec_from_file_location(
    "hostile", Path(__file__).parents[2] / "servers" / "hostile.py"
)
hostile = sys.modules["hostile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hostile)

ANSWERS = {
    "a number": b":7\r\n",
    "a list": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "a word": b"+OK\r\n",
    "no number": b":abc\r\n",
    "no length": b"$x\r\n",
    "a huge length": b"$9999999999\r\nx",
    "a negative length": b"$-5\r\n",
    "a huge list": b"*1000000000\r\n",
    "lists in lists": b"*1\r\n" * 100_000,
    "an empty line": b"\r\n",
    "a map": b"%1\r\n+a\r\n+b\r\n",
    "a push": b">2\r\n+invalidate\r\n*1\r\n+a\r\n",
    "an error": b"-ERR \x1b[31mno\xff\r\n",
    "another server": b"-MOVED 1 127.0.0.1:1\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x46",
    "nothing at all": b"",
}
QUICK = RedisCacheSettings(timeout=0.05, retries=0, breaker_failures=1000)
LATEST = 5.0


def use(url: str, settings: RedisCacheSettings = QUICK) -> None:
    """Do all that a cache can; each answer must be the loader's."""
    cache = RedisCache(settings, url=url, lock_seconds=0.01)
    assert cache.get_or_load("a", lambda: (1, "a")) == (1, "a")
    assert cache.get("a", "no") in ("no", (1, "a"))
    assert set(cache.get_many(["a", "b"]).values()) <= {(1, "a")}
    loaded = cache.get_or_load_many(["a", "b"], lambda keys: dict.fromkeys(keys, (1, "a")))
    assert loaded == {"a": (1, "a"), "b": (1, "a")}
    assert cache.set("a", (1, "a")) in (True, False)
    assert cache.set_many({"a": (1, "a")}) in (True, False)
    assert cache.touch("a", 5) in (True, False)
    assert cache.delete("a") in (True, False)
    assert cache.clear() >= 0
    cache.close()


async def use_async(url: str) -> None:
    async def load() -> tuple[int, str]:
        return (1, "a")

    async def load_many(keys: list[str]) -> dict[str, tuple[int, str]]:
        return dict.fromkeys(keys, (1, "a"))

    cache = AsyncRedisCache(QUICK, url=url, lock_seconds=0.01)
    assert await cache.get_or_load("a", load) == (1, "a")
    assert await cache.get("a", "no") in ("no", (1, "a"))
    assert set((await cache.get_many(["a", "b"])).values()) <= {(1, "a")}
    assert await cache.get_or_load_many(["a"], load_many) == {"a": (1, "a")}
    assert await cache.set("a", (1, "a")) in (True, False)
    assert await cache.set_many({"a": (1, "a")}) in (True, False)
    assert await cache.touch("a", 5) in (True, False)
    assert await cache.delete("a") in (True, False)
    assert await cache.clear() >= 0
    await cache.close()


@pytest.mark.parametrize("kind", ANSWERS)
async def test_loader_serves_whatever_the_server_answers(kind):
    serve = hostile.says(ANSWERS[kind]) if ANSWERS[kind] else hostile.silent
    with hostile.serving(serve) as address:
        await asyncio.to_thread(use, f"redis://{address}/0")
        await use_async(f"redis://{address}/0")


@pytest.mark.parametrize("head", [b"$1000000\r\n", b"*1000000\r\n", b""])
async def test_a_byte_now_and_then_holds_no_caller(head):
    drop = b":1\r\n" if head.startswith(b"*") else b"x"
    cache_settings = QUICK.change(timeout=0.2)
    with hostile.serving(hostile.drips(head, drop)) as address:
        cache = RedisCache(cache_settings, url=f"redis://{address}/0", lock_seconds=0.01)
        started = time.monotonic()
        assert cache.get_or_load("a", lambda: 5) == 5
        assert time.monotonic() - started < LATEST
        cache.close()
        twin = AsyncRedisCache(cache_settings, url=f"redis://{address}/0", lock_seconds=0.01)

        async def load() -> int:
            return 5

        started = time.monotonic()
        assert await twin.get_or_load("a", load) == 5
        assert await twin.get_many(["a", "b"]) == {}
        assert time.monotonic() - started < LATEST
        await twin.close()


async def test_memory_stays_bounded_before_a_reply_without_end(monkeypatch):
    monkeypatch.setattr(bounded_redis, "MOST_BYTES", 4 << 20)
    settings = QUICK.change(timeout=20.0)
    url = "redis://{}/0"
    with hostile.serving(hostile.pours(b"$2000000000\r\n", b"x" * (1 << 20))) as address:
        tracemalloc.start()
        cache = RedisCache(settings, url=url.format(address), lock_seconds=0.01)
        assert cache.get("a", "no") == "no"
        cache.close()
        twin = AsyncRedisCache(settings, url=url.format(address), lock_seconds=0.01)
        assert await twin.get("a", "no") == "no"
        await twin.close()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 64 << 20


@pytest.mark.skipif(sys.platform == "darwin", reason="there is one loopback address there")
@pytest.mark.parametrize("query", ["", "?protocol=3"])
def test_moving_push_does_not_lead_to_another_host(query):
    called = []
    moving = b">4\r\n+MOVING\r\n:1\r\n:10\r\n$11\r\n127.0.0.2:1\r\n+OK\r\n"

    def serve(peer):
        while data := peer.recv(1 << 16):
            if b"HELLO" in data:
                peer.sendall(b"%1\r\n+proto\r\n:3\r\n")
            else:
                peer.sendall(b"+OK\r\n" * data.count(b"CLIENT") or moving)

    with (
        hostile.serving(serve) as address,
        # redis-py takes the host of such a push and keeps the port.
        hostile.serving(called.append, host="127.0.0.2", port=int(address.split(":")[1])),
    ):
        cache = RedisCache(QUICK, url=f"redis://{address}/0{query}", lock_seconds=0.01)
        for _ in range(10):
            assert cache.get_or_load("a", lambda: 5) == 5
        cache.close()
    assert called == []


def test_reply_to_another_key_is_not_taken_for_this_one():
    envelope = Envelope("msgpack")
    other = envelope.seal("perflab:k:b", "of b", 0.0, 0.0, nothing=False)
    with pytest.raises(CorruptEntryError):
        envelope.open("perflab:k:a", other)
    reply = b"$%d\r\n%b\r\n" % (len(other), other)
    with hostile.serving(hostile.says(reply)) as address:
        cache = RedisCache(QUICK, url=f"redis://{address}/0", lock_seconds=0.01)
        assert cache.get_or_load("a", lambda: "of a") == "of a"
        assert cache.get_or_load("b", lambda: "of a") == "of b"
        cache.close()


@pytest.mark.parametrize("depth", [5, 300, 900, 5000])
def test_collections_in_collections_do_not_end_the_process(depth):
    data = msgpack.packb([])
    for _ in range(depth):
        data = msgpack.packb([msgpack.ExtType(1, data)])
    envelope = Envelope("msgpack")
    sealed = envelope.seal("k", None, 0.0, 0.0, nothing=False)
    head = sealed[: len(sealed) - 5]
    check = module._CHECK.pack(module._checksum("k", head, data))
    try:
        value = envelope.open("k", head + check + data).value
    except CorruptEntryError:
        assert depth > 100
        return
    for _ in range(depth):
        ((*value,),) = value
    assert value == []


def test_nested_collections_come_back_as_they_were():
    serializer = SERIALIZERS["msgpack"]
    value = {"a": (1, {2, 3}, [frozenset({(4, 5)}), {(6,): (7, ())}]), "b": [10**30, (None,)]}
    assert serializer.load(serializer.dump(value)) == value


def test_real_answers_with_flipped_bytes_never_reach_a_caller(tmp_path):
    rng = random.Random(7)

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(rng.choice((0, 0, 1, 3))):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        if rng.random() < 0.1:
            del changed[rng.randrange(len(changed)) :]
        return bytes(changed)

    with RedisServer.start() as server:
        upstream = Path(server.url.removeprefix("unix://"))
        with hostile.changing(upstream, tmp_path / "s", change) as address:
            for round_ in range(12):
                names = ("lock", "early", "off")
                use(f"unix://{address}", QUICK.change(stampede=names[round_ % 3]))
