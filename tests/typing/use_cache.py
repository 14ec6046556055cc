"""What type checkers make of `Cache`; checked and never run."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from datetime import timedelta
from typing import assert_type

from perflab import CacheSettings
from perflab.patterns.cache import Cache, CacheInfo, Memoized, Removal


def gone(key: str, value: int, reason: Removal) -> None:
    print(key, value, reason)


cache: Cache[str, int] = Cache(max_cache_size=1_000, ttl_seconds=60)
told: Cache[str, int] = Cache(on_evict=gone)
settled: Cache[str, int] = Cache(CacheSettings(policy="sieve"), sizeof=lambda key, n: len(key) + n)
calls: Cache[str, list[int]] = Cache()


async def count(key: str) -> int:
    return len(key)


def lookups() -> None:
    assert_type(cache.get_or_load("a", len), int)
    assert_type(cache.get_or_load("a", len, ttl=timedelta(minutes=1)), int)
    assert_type(cache.get("a"), int | None)
    assert_type(cache.get("a", "none"), int | str)
    assert_type(cache["a"], int)
    assert_type(cache.setdefault("a", 1), int)
    assert_type(cache.pop("a", None), int | None)
    assert_type(cache.popitem(), tuple[str, int])
    assert_type("a" in cache, bool)
    cache["a"] = 1
    cache.put("a", 1, ttl=5)
    assert_type(cache.touch("a"), bool)
    assert_type(cache.touch("a", ttl=timedelta(minutes=1)), bool)
    cache.update({"a": 1})
    del cache["a"]
    cache.clear()


def views() -> None:
    assert_type(cache.keys(), KeysView[str])
    assert_type(cache.values(), ValuesView[int])
    assert_type(cache.items(), ItemsView[str, int])
    assert_type(iter(cache), Iterator[str])
    assert_type(dict(cache.items()), dict[str, int])


def state() -> None:
    assert_type(cache.settings, CacheSettings)
    assert_type(cache.stats(), dict[str, int | float])
    cache.apply(max_cache_size=10)
    cache.apply(CacheSettings())


async def tasks() -> None:
    assert_type(await cache.aget_or_load("a", count), int)


@calls
def plain(a: int, *, b: str = "") -> list[int]:
    return [a, len(b)]


@calls.memoize(ttl=5, typed=True)
def lasting(a: int) -> list[int]:
    return [a]


@calls.memoize(key=str)
async def awaited(a: int) -> list[int]:
    return [a]


class Shop:
    @calls.memoize()
    def prices(self, product: str) -> list[int]:
        return [len(product)]

    @calls
    def offers(self) -> list[int]:
        return [1]

    @staticmethod
    @calls.memoize()
    def fees(product: str) -> list[int]:
        return [len(product)]

    @calls.memoize()
    @staticmethod
    def taxes(product: str) -> list[int]:
        return [len(product)]

    @classmethod
    @calls.memoize()
    def rates(cls, product: str) -> list[int]:
        return [len(product)]

    @calls.memoize()
    @classmethod
    def tariffs(cls, product: str) -> list[int]:
        return [len(product)]

    @property
    @calls
    def all(self) -> list[int]:
        return [1]

    @calls.memoize()
    async def stock(self, product: str) -> list[int]:
        return [len(product)]


async def decorated(shop: Shop) -> None:
    known: Memoized[[int], list[int]] = lasting
    assert_type(known(1), list[int])
    assert_type(plain(1, b="x"), list[int])
    assert_type(lasting(1), list[int])
    assert_type(await awaited(1), list[int])
    assert_type(shop.prices("a"), list[int])
    assert_type(await shop.stock("a"), list[int])
    assert_type(shop.offers(), list[int])
    assert_type(shop.fees("a"), list[int])
    assert_type(shop.taxes("a"), list[int])
    assert_type(Shop.taxes("a"), list[int])
    assert_type(shop.rates("a"), list[int])
    assert_type(Shop.tariffs("a"), list[int])
    assert_type(shop.all, list[int])
    assert_type(Shop.prices(shop, "a"), list[int])
    assert_type(plain.cache_info(), CacheInfo)
    assert_type(set(plain.cache_parameters()), set[str])
    plain.forget(1, b="x")
    plain.cache_clear()
    shop.prices.forget("a")
    shop.prices.cache_clear()
    assert_type(shop.prices.cache_info().currsize, int)


async def wrong() -> None:
    cache["a"] = "b"  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]
    cache.get_or_load(1, len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    cache.put("a", 1, ttl="soon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain.forget()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await awaited("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
