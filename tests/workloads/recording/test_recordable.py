"""What can be recorded, and what only looks like it and is refused."""

from __future__ import annotations

import functools
import operator

import pytest
import redis
import redis.asyncio

import perflab
from perflab.errors import BadInputError
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.workloads.recording.recording import Recording


class DecoratingCache:
    """Has the form of a cache that is awaited, and decorates functions when it is called."""

    def __call__(self, ttl, key=None):
        raise AssertionError("nothing calls it")

    async def get(self, key, default=None):
        raise AssertionError("nothing asks it")

    async def set(self, key, value, expire=None):
        raise AssertionError("nothing asks it")


class AwaitedMapping:
    """Has a mapping's names, and is awaited."""

    async def get(self, key):
        raise AssertionError("nothing asks it")

    __getitem__ = __setitem__ = __contains__ = get


class Adder:
    """An object that is called for its result."""

    def __call__(self, number):
        return number + 1


REFUSED = {
    "decorating cache": DecoratingCache,
    "awaited mapping": AwaitedMapping,
    "class": lambda: dict,
    "class that is called": lambda: Adder,
    "number": lambda: 7,
    "text": lambda: "recording",
    "none": lambda: None,
    "our cache in Redis": lambda: RedisCache(url="redis://127.0.0.1:1"),
    "our cache of tasks": lambda: AsyncRedisCache(url="redis://127.0.0.1:1"),
    "pipeline": lambda: redis.Redis().pipeline(),
    "awaited pipeline": lambda: redis.asyncio.Redis().pipeline(),
    "client's class": lambda: redis.Redis,
    "cluster": lambda: redis.asyncio.RedisCluster(host="127.0.0.1", port=1),
    "module": lambda: operator,
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_record_does_not_know_is_refused_and_nothing_is_made(kind, tmp_path):
    with pytest.raises(BadInputError, match="neither a function, a mapping nor a Redis client"):
        perflab.record(REFUSED[kind](), tmp_path / "r")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (Adder(), 6),
        (operator.neg, -5),
        ((5).__add__, 10),
        (functools.partial(max, 9), 9),
        (functools.lru_cache(abs), 5),
        (int.bit_length, 3),
    ],
    ids=["object", "builtin", "bound", "partial", "lru_cache", "method"],
)
def test_whatever_is_called_for_its_result_is_recorded(function, right, tmp_path):
    recorded = perflab.record(function, tmp_path / "r")
    assert recorded(5) == recorded(5) == right
    assert recorded.recording.stop()["rows"] == 2


def test_every_kind_of_method_is_recorded_in_a_class(tmp_path):
    recording = Recording(tmp_path / "r")

    class Shop:
        @staticmethod
        def plain(name):
            return name

        @classmethod
        def of_class(cls, name):
            return cls, name

        def of_object(self, name):
            return self, name

        plain = perflab.record(plain, recording)
        of_class = perflab.record(of_class, recording)
        half = perflab.record(functools.partialmethod(of_object, "half"), recording)
        of_object = perflab.record(of_object, recording)

    shop = Shop()
    assert shop.plain("a") == Shop.plain("a") == "a"
    assert shop.of_class("a") == (Shop, "a")
    assert shop.of_object("a") == (shop, "a")
    assert shop.half() == (shop, "half")
    assert recording.stop()["rows"] == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample": True}, "sample"),
        ({"sample": float("nan")}, "sample"),
        ({"sample": "0.5"}, "sample"),
        ({"secret": "text"}, "secret"),
        ({"key": "name"}, "key"),
        ({"max_bytes": "much"}, "much"),
        ({"path": 7}, "path"),
        ({"path": "a\0b"}, "cannot be written"),
    ],
    ids=range(8),
)
def test_an_option_that_is_none_is_one_clear_error(options, words, tmp_path):
    options = {"path": tmp_path / "r", **options}
    with pytest.raises(BadInputError, match=words):
        perflab.record(abs, **options)
