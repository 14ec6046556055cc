from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.instrumentation import Event, EventKind
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

CALLS: list[Any] = []


class Ordered(dict):
    """A dict whose text is that of a dict."""


def _double(number: int, *, more: int = 0) -> int:
    CALLS.append(number)
    return 2 * number + more


def _kind(value: Any) -> str:
    return type(value).__name__


def _size(value: Any) -> int:
    CALLS.append(value)
    return len(value)


async def _square(number: int) -> int:
    return number * number


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def plain() -> RedisCacheSettings:
    return RedisCacheSettings(timeout=5, ttl_jitter=0)


@pytest.fixture
def cache(server: RedisServer, plain: RedisCacheSettings) -> Iterator[RedisCache]:
    made = RedisCache(plain, url=server.url)
    made.clear()
    yield made
    made.close()


keys = st.sampled_from(["a", "b", "c:d", "é*", ""])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
commands = st.lists(
    st.tuples(
        st.sampled_from(["set", "get", "touch", "delete", "load", "many", "clear"]), keys, values
    )
)


@settings(max_examples=60)
@given(commands=commands)
def test_it_answers_as_a_dict_does(server: RedisServer, commands: list) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5, cache_namespace="laws"), url=server.url)
    cache.clear()
    model: dict = {}
    lookups = 0
    for command, key, value in commands:
        if command == "set":
            assert cache.set(key, value)
            model[key] = value
        elif command == "get":
            assert cache.get(key, "absent") == model.get(key, "absent")
            lookups += 1
        elif command == "touch":
            assert cache.touch(key, 1000) == (key in model)
        elif command == "delete":
            assert cache.delete(key) == (model.pop(key, cache) is not cache)
        elif command == "load":
            expected = model.get(key, value) if key in model else value
            assert cache.get_or_load(key, lambda v=value: v) == expected
            if expected is not None:
                model[key] = expected
            lookups += 1
        elif command == "many":
            assert cache.get_many(["a", key]) == {k: model[k] for k in {"a", key} if k in model}
            lookups += len({"a", key})
        else:
            assert cache.clear() == len(model)
            model = {}
    stats = cache.stats()
    assert stats["hits"] + stats["misses"] == lookups
    cache.close()


def test_clear_leaves_the_keys_of_others(server: RedisServer, plain: RedisCacheSettings) -> None:
    client = redis.Redis.from_url(server.url)
    foreign = ["perflab", "perflabx:k:a", "other:k:a", "n?mespace:k:a", "nXmespace:k:a"]
    for name in foreign:
        client.set(name, "kept")
    cache = RedisCache(plain.change(cache_namespace="n?mespace"), url=server.url)
    cache.set_many({str(i): i for i in range(2500)})
    assert cache.clear() == 2500
    assert client.mget(foreign) == [b"kept"] * 5
    client.delete(*foreign)
    cache.close()


def test_a_ttl_is_shortened_by_the_jitter_at_most(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = RedisCache(plain.change(ttl_seconds=1000, ttl_jitter=0.5), url=server.url)
    cache.set_many({f"j{i}": i for i in range(100)})
    client = redis.Redis.from_url(server.url)
    left = [client.pttl(f"perflab:k:j{i}") / 1000 for i in range(100)]
    assert 490 < min(left) < 700
    assert 800 < max(left) <= 1000
    cache.close()


def test_an_expired_entry_is_loaded_anew(cache: RedisCache) -> None:
    assert cache.get_or_load("short", lambda: 1, ttl=0.02) == 1
    time.sleep(0.05)
    assert cache.get_or_load("short", lambda: 2) == 2


def test_a_bad_ttl_is_refused(cache: RedisCache) -> None:
    with pytest.raises(BadInputError, match="ttl"):
        cache.set("a", 1, ttl=0)


def test_a_stale_entry_is_served_while_one_caller_loads(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = RedisCache(plain.change(stale_seconds=60), url=server.url)
    cache.set("s", "old", ttl=0.01)
    time.sleep(0.03)
    go = threading.Event()
    loads: list[int] = []

    def load() -> str:
        loads.append(1)
        go.wait(30)
        return "new"

    assert [cache.get_or_load("s", load) for _ in range(20)] == ["old"] * 20
    go.set()
    end = time.monotonic() + 30
    while cache.get("s") != "new" and time.monotonic() < end:
        time.sleep(0.01)
    assert cache.get("s") == "new"
    assert len(loads) == 1
    assert cache.stats()["stale_hits"] == 20
    cache.close()


def test_what_a_loader_did_not_find_is_remembered_only_if_asked(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    calls: list[int] = []
    for expected, seconds in ((2, None), (1, 60)):
        cache = RedisCache(
            plain.change(cache_namespace=f"n{expected}", negative_ttl_seconds=seconds),
            url=server.url,
        )
        calls.clear()
        for _ in range(2):
            assert cache.get_or_load("nothing", lambda: calls.append(1)) is None
        assert len(calls) == expected
        cache.close()


def test_a_loaders_error_is_the_callers_and_frees_the_lock(cache: RedisCache) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("e", lambda: 1 // 0)
    assert cache.get_or_load("e", lambda: 5) == 5
    assert cache.stats()["load_errors"] == 1


def test_a_delete_during_a_load_wins(cache: RedisCache) -> None:
    def load() -> str:
        cache.delete("d")
        return "old"

    assert cache.get_or_load("d", load) == "old"
    assert cache.get("d") is None


def test_a_load_that_outlasts_its_lock_is_still_kept(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = RedisCache(plain, url=server.url, lock_seconds=0.02)
    assert cache.get_or_load("slow", lambda: time.sleep(0.06) or "value") == "value"
    assert cache.get("slow") == "value"
    cache.close()


def test_early_recomputation_loads_before_the_end(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = RedisCache(plain.change(stampede="early", ttl_seconds=2), url=server.url)
    cache.get_or_load("x", lambda: time.sleep(0.5) or 0)
    loads: list[int] = []
    end = time.monotonic() + 1.9
    while time.monotonic() < end and not loads:
        cache.get_or_load("x", lambda: loads.append(1) or 1, ttl=100)
    # With a load of 0.5 s a draw is early with e^-4; next to none of hundreds are all late.
    assert loads == [1]
    cache.close()


def test_a_batch_loads_only_what_is_missing(cache: RedisCache) -> None:
    cache.set_many({"a": 1, "b": 2})
    asked: list[list[str]] = []

    def load_many(missing: list[str]) -> dict[str, int]:
        asked.append(missing)
        return {"c": 3}

    assert cache.get_or_load_many(["c", "a", "d", "b", "a"], load_many) == {"c": 3, "a": 1, "b": 2}
    assert asked == [["c", "d"]]
    assert cache.get_many(["c", "d"]) == {"c": 3}


def test_a_decorated_function_is_called_once_for_its_arguments(cache: RedisCache) -> None:
    CALLS.clear()
    double = cache.memoize()(_double)
    assert [double(2), double(2), double(2, more=1)] == [4, 4, 5]
    assert CALLS == [2, 2]


@pytest.mark.parametrize("argument", [object(), np.arange(3), Path, {"a": [object()]}, Ordered()])
def test_an_argument_whose_text_is_not_its_value_is_refused(
    cache: RedisCache, argument: Any
) -> None:
    CALLS.clear()
    with pytest.raises(BadInputError, match="key="):
        cache.memoize()(_double)(argument)
    assert CALLS == []
    by_type = cache.memoize(key=lambda value: type(value).__name__)(_kind)
    assert by_type(argument) == by_type(argument) == type(argument).__name__


def test_functions_that_others_may_be_named_as_are_refused(cache: RedisCache) -> None:
    def inside(number: int) -> int:
        return number

    for function in (inside, lambda number: number, functools.partial(inside)):
        with pytest.raises(BadInputError, match=r"name=.* or key="):
            cache.memoize()(function)(1)
    script = types.FunctionType(_double.__code__, {"__name__": "__main__"}, "double")
    with pytest.raises(BadInputError, match="script or notebook"):
        cache.memoize()(script)(1)


def test_the_order_of_names_in_a_dict_does_not_matter(cache: RedisCache) -> None:
    size = cache.memoize()(_size)
    CALLS.clear()
    assert size({"a": 1, "b": {2, 1}}) == size({"b": {1, 2}, "a": 1}) == 2
    assert size({"a": 1, "b": [2, 1]}) == size({"a": 1, "b": [1, 2]}) == 2
    assert len(CALLS) == 3


@pytest.mark.parametrize("serializer", ["msgpack", "json", "pickle"])
def test_every_serializer_brings_values_back(
    server: RedisServer, plain: RedisCacheSettings, serializer: str
) -> None:
    cache = RedisCache(
        plain.change(serializer=serializer, cache_namespace=serializer),
        url=server.url,
        signing_key=b"s" * 32,
    )
    cache.set("v", {"list": [1, 2.5, None, "é"]})
    assert cache.get("v") == {"list": [1, 2.5, None, "é"]}
    cache.close()


def test_a_value_that_cannot_be_written_is_returned_and_loaded_anew(cache: RedisCache) -> None:
    with pytest.raises(BadInputError, match="msgpack cannot write"):
        cache.set("o", object())
    assert isinstance(cache.get_or_load("o", Ordered), Ordered)
    assert cache.get_or_load("o", lambda: 1) == 1


def test_settings_change_while_it_is_in_use(cache: RedisCache, server: RedisServer) -> None:
    cache.set("a", 1)
    cache.apply(timeout=2.0, ttl_seconds=10)
    assert cache.get("a") == 1
    cache.set("a", 2)
    assert 0 < redis.Redis.from_url(server.url).pttl("perflab:k:a") <= 10_000


def test_the_hook_hears_of_everything(server: RedisServer, plain: RedisCacheSettings) -> None:
    heard: list[Event] = []
    cache = RedisCache(plain.change(cache_namespace="hook"), url=server.url, hook=heard.append)
    cache.get_or_load("h", lambda: 1)
    cache.get_or_load("h", lambda: 1)
    assert [event.kind for event in heard] == [
        EventKind.MISS,
        EventKind.LOAD_STARTED,
        EventKind.LOAD_FINISHED,
        EventKind.HIT,
    ]
    cache.close()


def test_a_client_that_decodes_is_refused(server: RedisServer) -> None:
    client = redis.Redis.from_url(server.url, decode_responses=True)
    with pytest.raises(BadInputError, match="decode_responses"):
        RedisCache(client=client)


def test_no_server_named_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    with pytest.raises(BadInputError, match="redis_host"):
        RedisCache()


async def test_two_hundred_tasks_that_miss_one_key_load_it_once(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = AsyncRedisCache(plain.change(cache_namespace="tasks"), url=server.url)
    await cache.clear()
    loads: list[int] = []

    async def load() -> str:
        loads.append(1)
        await asyncio.sleep(0.05)
        return "value"

    values = await asyncio.gather(*[cache.get_or_load("k", load) for _ in range(200)])
    assert set(values) == {"value"}
    assert len(loads) == 1
    assert cache.stats()["errors"] == cache.stats()["fallbacks"] == 0
    await cache.close()


def test_two_hundred_threads_find_a_key_at_once(cache: RedisCache) -> None:
    cache.set("k", "value")
    together = threading.Barrier(200)

    def ask(_: int) -> object:
        together.wait()
        return cache.get_or_load("k", lambda: "loaded")

    with ThreadPoolExecutor(200) as pool:
        assert set(pool.map(ask, range(200))) == {"value"}
    assert cache.stats()["errors"] == cache.stats()["fallbacks"] == 0


async def test_the_twin_answers_as_the_other_does(
    server: RedisServer, plain: RedisCacheSettings
) -> None:
    cache = AsyncRedisCache(plain.change(cache_namespace="twin"), url=server.url)
    await cache.clear()

    async def load_many(missing: list[str]) -> dict[str, int]:
        return dict.fromkeys(missing, 7)

    square = cache.memoize()(_square)
    with pytest.raises(BadInputError, match="key="):
        await cache.memoize()(_square)(np.float32(2))
    assert await cache.set("a", (1, 2))
    assert await cache.get("a") == (1, 2)
    assert await cache.get_or_load_many(["a", "b"], load_many) == {"a": (1, 2), "b": 7}
    assert [await square(3), await square(3)] == [9, 9]
    assert await cache.delete("a")
    assert await cache.get_many(["a", "b"]) == {"b": 7}
    assert await cache.clear() == 2
    await cache.close()


async def test_the_twin_is_served_by_the_loader_while_the_server_is_away() -> None:
    async def load() -> int:
        return 1

    with RedisServer.start() as server:
        cache = AsyncRedisCache(RedisCacheSettings(timeout=1), url=server.url)
        server.kill()
        assert [await cache.get_or_load("a", load) for _ in range(5)] == [1] * 5
        assert cache.breaker_state != "closed"
        assert cache.stats()["fallbacks"] == 5
        await cache.close()


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, perflab.patterns.redis_cache;"
        "print([m for m in ('numba','pandas','IPython','numpy','pickle') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
