"""What type checkers make of `RedisCache` and `AsyncRedisCache`; checked and never run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import assert_type

from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache, RedisCacheSettings


def load_many(keys: list[str]) -> Mapping[str, int]:
    return {key: len(key) for key in keys}


async def await_many(keys: list[str]) -> Mapping[str, int]:
    return load_many(keys)


async def one() -> int:
    return 1


def blocking(cache: RedisCache) -> None:
    assert_type(cache.get_or_load("a", lambda: 1), int)
    assert_type(cache.get_or_load("a", lambda: 1, ttl=5), int)
    assert_type(cache.get_or_load_many(["a"], load_many), dict[str, int])
    assert_type(cache.set("a", 1), bool)
    assert_type(cache.set_many({"a": 1}), bool)
    assert_type(set(cache.get_many(["a"])), set[str])
    assert_type(cache.touch("a"), bool)
    assert_type(cache.touch("a", 5), bool)
    assert_type(cache.delete("a"), bool)
    assert_type(cache.clear(), int)
    assert_type(cache.stats(), dict[str, int | float])
    assert_type(cache.settings, RedisCacheSettings)
    print(cache.breaker_state)
    cache.get("a", None)
    cache.apply(ttl_seconds=60)
    cache.close()

    @cache.memoize(name="square", version=2)
    def square(n: int, *, of: str = "") -> float:
        return n * float(len(of))

    assert_type(square(2, of="x"), float)
    square("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with RedisCache(RedisCacheSettings(cache_namespace="shop")) as other:
        assert_type(other, RedisCache)
    cache.get_or_load(1, int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def awaiting(cache: AsyncRedisCache) -> None:
    assert_type(await cache.get_or_load("a", one), int)
    assert_type(await cache.get_or_load_many(["a"], await_many), dict[str, int])
    assert_type(await cache.set("a", 1), bool)
    assert_type(await cache.set_many({"a": 1}), bool)
    assert_type(set(await cache.get_many(["a"])), set[str])
    assert_type(await cache.touch("a", ttl=5), bool)
    assert_type(await cache.delete("a"), bool)
    assert_type(await cache.clear(), int)
    assert_type(cache.stats(), dict[str, int | float])
    assert_type(cache.settings, RedisCacheSettings)
    print(cache.breaker_state)
    await cache.get("a", None)
    cache.apply(RedisCacheSettings())
    await cache.close()

    @cache.memoize(name="square")
    async def square(n: int) -> float:
        return n * 1.0

    assert_type(await square(2), float)
    assert_type(await asyncio.create_task(square(2)), float)
    await square("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with AsyncRedisCache() as other:
        assert_type(other, AsyncRedisCache)
    loader = lambda: 1  # noqa: E731 - a loader that is not awaited
    await cache.get_or_load("a", loader)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
