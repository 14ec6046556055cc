"""Keys, lifetimes, values and loaders that the cache in Redis takes, and those that it does not."""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
import decimal
import enum
import math
import typing
import uuid
import zoneinfo

import msgpack
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache._serializers import SERIALIZERS
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer


class Point(typing.NamedTuple):
    x: int
    y: int


class Shade(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    RED = "red"


class Text(str):
    __slots__ = ()


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


class Both:
    """The calls of one cache, made alike for threads and for tasks."""

    def __init__(self, make, url, **options):
        values = {"timeout": 5, "cache_namespace": "inputs", "retries": 0, **options}
        self.heard = []
        self._loop = asyncio.new_event_loop()
        self.is_async = make is AsyncRedisCache
        self.cache = make(
            RedisCacheSettings(**values), url=url, hook=self.heard.append, signing_key=b"s" * 32
        )

    def __getattr__(self, name):
        method = getattr(self.cache, name)

        def call(*args, **kwargs):
            result = method(*args, **kwargs)
            return self._loop.run_until_complete(result) if self.is_async else result

        return call

    def loader(self, value):
        async def later(*_):
            return value

        return later if self.is_async else lambda *_: value

    def refused(self):
        return self.cache.stats()["values_refused"]

    def end(self):
        self.close()
        self._loop.close()


@pytest.fixture(params=[RedisCache, AsyncRedisCache], ids=["threads", "tasks"])
def make(request):
    return request.param


@pytest.fixture
def both(make, server):
    cache = Both(make, server.url)
    cache.clear()
    yield cache
    cache.end()


BAD_KEYS = {
    "int": (5, "5 is of type int"),
    "bytes": (b"5", "is of type bytes"),
    "none": (None, "NoneType"),
    "tuple": (("a", 1), "tuple"),
    "plain enum": (Shade.RED, "Shade"),
    "array": (np.array(["a"]), "ndarray"),
    "surrogate": ("a\ud800", "lone surrogate"),
}


@pytest.mark.parametrize("kind", BAD_KEYS)
@pytest.mark.parametrize("state", ["up", "away"])
def test_a_key_that_is_no_text_is_one_clear_error(make, server, kind, state):
    key, words = BAD_KEYS[kind]
    both = Both(make, server.url if state == "up" else "redis://127.0.0.1:1")
    calls = [
        lambda: both.get_or_load(key, both.loader(1)),
        lambda: both.get(key),
        lambda: both.set(key, 1),
        lambda: both.delete(key),
        lambda: both.touch(key),
        lambda: both.get_many(["a", key]),
        lambda: both.get_or_load_many([key], both.loader({})),
    ]
    if kind != "array":
        calls.append(lambda: both.set_many({"a": 1, key: 2}))
    for call in calls:
        with pytest.raises(BadInputError, match=words):
            call()
    assert both.get("a") is None
    both.end()


@pytest.mark.parametrize("keys", ["abc", b"abc", 7, None], ids=["text", "bytes", "int", "none"])
def test_one_key_is_not_taken_for_several(both, keys):
    for call in (both.get_many, lambda bad: both.get_or_load_many(bad, both.loader({}))):
        with pytest.raises(BadInputError, match="pass a list"):
            call(keys)
    with pytest.raises(BadInputError, match="not a mapping"):
        both.set_many(keys)


@pytest.mark.parametrize("key", [Word.RED, Text("red"), np.str_("red")], ids=["enum", "own", "np"])
def test_a_derived_text_is_the_key_that_it_equals(both, key):
    assert both.get_or_load(key, both.loader(7)) == 7
    assert both.get_many([key, "red"]) == {"red": 7}
    assert both.set_many({key: 8})
    assert both.get("red") == 8
    assert both.delete(key)


BAD_TTLS = {
    "true": True,
    "false": False,
    "zero": 0,
    "negative": -1,
    "nan": math.nan,
    "never": -math.inf,
    "1e18": 1e18,
    "huge int": 10**400,
    "text": "5",
    "numpy bool": np.bool_(True),
    "complex": 1 + 0j,
    "no time": dt.timedelta(0),
    "decimal": decimal.Decimal(1),
}


@pytest.mark.parametrize("kind", BAD_TTLS)
def test_a_ttl_that_is_none_is_refused_on_hits_and_misses(both, kind):
    ttl = BAD_TTLS[kind]
    both.set("there", 1)
    for call in (
        lambda: both.get_or_load("there", both.loader(1), ttl=ttl),
        lambda: both.get_or_load("new", both.loader(1), ttl=ttl),
        lambda: both.set("new", 1, ttl=ttl),
        lambda: both.touch("there", ttl),
        lambda: both.set_many({"new": 1}, ttl=ttl),
        lambda: both.get_or_load_many(["new"], both.loader({"new": 1}), ttl=ttl),
        lambda: both.cache.memoize(ttl=ttl),
    ):
        with pytest.raises(BadInputError, match="ttl"):
            call()
    assert both.get("new") is None


@pytest.mark.parametrize(
    "ttl",
    [1e9, 3 * 10**10, math.inf, np.float32(9), np.int64(9), dt.timedelta(seconds=9), 0.5e-3 + 5],
    ids=["30 years", "950 years", "no end", "float32", "int64", "timedelta", "float"],
)
def test_a_ttl_that_is_one_is_kept(both, ttl):
    assert both.set("a", 1, ttl=ttl)
    assert both.get_or_load("b", both.loader(2), ttl=ttl) == 2
    assert both.get_many(["a", "b"]) == {"a": 1, "b": 2}


@pytest.mark.parametrize("seconds", [True, 0, -1, math.nan, math.inf, 1e18, "5"], ids=str)
def test_seconds_of_the_lock_that_are_none_are_refused(make, seconds):
    with pytest.raises(BadInputError, match="lock_seconds"):
        make(url="redis://nowhere", lock_seconds=seconds)


@pytest.mark.parametrize(
    "key", ["x" * 32, bytearray(32), 5, b"short"], ids=["text", "array", "int", "short"]
)
def test_a_signing_key_that_is_none_is_refused(make, key):
    with pytest.raises(BadInputError, match="signing_key"):
        make(url="redis://nowhere", signing_key=key)


FOREIGN = {
    "float64": np.float64(3.5),
    "float32": np.float32(3.5),
    "int64": np.int64(3),
    "bool_": np.bool_(True),
    "str_": np.str_("a"),
    "array": np.zeros(3),
    "frame": pd.DataFrame({"x": [1]}),
    "timestamp": pd.Timestamp("2024-01-01"),
    "IntEnum": Shade.RED,
    "StrEnum": Word.RED,
    "namedtuple": Point(1, 2),
    "OrderedDict": collections.OrderedDict(a=1),
    "Counter": collections.Counter("ab"),
    "complex": 3 + 4j,
    "bytearray": bytearray(b"1"),
    "memoryview": memoryview(b"1"),
    "extension": msgpack.ExtType(1, b"\x90"),
    "msgpack time": msgpack.Timestamp(1, 2),
    "derived text": Text("a"),
    "surrogate": "\ud800",
    "set of them": {Shade.RED},
    "object": object(),
    "range": range(3),
}


@pytest.mark.parametrize(
    "around", [lambda one: one, lambda one: {"a": [1, (one,)]}], ids=["bare", "in"]
)
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_value_that_would_come_back_as_another_is_returned_and_not_kept(server, kind, around):
    value = around(FOREIGN[kind])
    told = []
    for state in ("up", "away"):
        both = Both(RedisCache, server.url if state == "up" else "redis://127.0.0.1:1")
        both.delete("k")
        assert both.get_or_load("k", both.loader(value)) is value
        assert both.get_or_load_many(["k"], both.loader({"k": value}))["k"] is value
        assert both.get("k") is None
        told.append(both.refused())
        with pytest.raises(BadInputError, match="msgpack cannot write"):
            both.set("k", value)
        with pytest.raises(BadInputError, match="msgpack cannot write"):
            both.set_many({"beside": 1, "k": value})
        assert both.get("beside") is None
        kinds = [event.kind for event in both.heard]
        assert kinds.count(EventKind.VALUE_REFUSED) == both.refused() == 4
        both.end()
    assert told == [2, 2]


async def test_tasks_get_the_value_that_is_not_kept_and_count_it(server):
    for url in (server.url, "redis://127.0.0.1:1"):

        async def load():
            await asyncio.sleep(0)
            return Point(1, 2)

        cache = AsyncRedisCache(RedisCacheSettings(cache_namespace="tasks"), url=url)
        assert (
            await asyncio.gather(*[cache.get_or_load("k", load) for _ in range(5)]) == [(1, 2)] * 5
        )
        assert cache.stats()["values_refused"] == cache.stats()["loads"] > 0
        await cache.close()


def test_a_stale_value_is_served_where_the_new_one_cannot_be_kept(server):
    cache = RedisCache(
        RedisCacheSettings(timeout=5, cache_namespace="stale", stale_seconds=60, ttl_jitter=0),
        url=server.url,
    )
    cache.set("k", "old", ttl=0.01)
    while cache.stats()["values_refused"] == 0:
        assert cache.get_or_load("k", object) == "old"
    cache.close()


berlin = zoneinfo.ZoneInfo("Europe/Berlin")
times = st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.just(berlin), allow_imaginary=False)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
scalars = plain | st.binary() | st.dates() | times | st.decimals(allow_nan=False) | st.uuids()
several = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.frozensets(scalars)
        | st.sets(scalars)
        | st.dictionaries(scalars, inner)
    ),
    max_leaves=8,
)


def typed(value):
    if isinstance(value, dict):
        return dict, sorted(repr((typed(name), typed(one))) for name, one in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(typed(one)) for one in value)
    if isinstance(value, (list, tuple)):
        return type(value), [typed(one) for one in value]
    return type(value), repr(value)


@settings(max_examples=100)
@given(value=several)
def test_what_is_written_comes_back_with_all_its_types(value):
    msgpack_ = SERIALIZERS["msgpack"]
    assert typed(msgpack_.load(msgpack_.dump(value))) == typed(value)


@settings(max_examples=100)
@given(value=several)
def test_json_writes_only_what_it_brings_back(value):
    json = SERIALIZERS["json"]
    try:
        data = json.dump(value)
    except (TypeError, ValueError):
        return
    assert typed(json.load(data)) == typed(value)


@pytest.mark.parametrize("serializer", ["msgpack", "json"])
@pytest.mark.parametrize("kind", ["deep", "cycle"])
def test_a_value_without_an_end_is_returned_and_not_kept(server, serializer, kind):
    value = []
    if kind == "cycle":
        value.append(value)
    else:
        for _ in range(400):
            value = [value]
    both = Both(RedisCache, server.url, serializer=serializer)
    both.delete("k")
    assert both.get_or_load("k", lambda: value) is value
    assert both.refused() == 1
    both.end()


@pytest.mark.parametrize(
    "zone", [dt.timezone(dt.timedelta(hours=1), "mine"), dt.UTC, berlin], ids=str
)
def test_a_time_comes_back_in_its_zone_or_not_at_all(both, zone):
    value = dt.datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=1)
    assert both.get_or_load("t", both.loader(value)) is value
    kept = both.get("t")
    if zone.tzname(value) == "mine":
        assert kept is None
        assert both.refused() == 1
    else:
        assert repr(kept) == repr(value)


@pytest.mark.parametrize("settings", ["redis://h", {"ttl_seconds": 5}, 7], ids=["url", "dict", "7"])
def test_settings_of_another_type_are_refused(make, settings):
    with pytest.raises(BadInputError, match=r"settings: .*url="):
        make(settings)
    with pytest.raises(BadInputError, match="settings"):
        make(url="redis://nowhere").apply(settings)


def test_a_loader_that_is_no_function_is_refused(both):
    both.delete("k")
    with pytest.raises(BadInputError, match="load: is a int"):
        both.get_or_load("k", 7)
    with pytest.raises(BadInputError, match="load: is a dict"):
        both.get_or_load_many(["k"], {"k": 1})
    with pytest.raises(BadInputError, match="key"):
        both.cache.memoize(key="name")(later if both.is_async else len)
    assert both.get("k") is None


async def later():
    return 1


def generate():
    yield 1


async def generate_later():
    yield 1


def test_a_loader_that_threads_cannot_run_is_one_clear_error(server):
    both = Both(RedisCache, server.url)
    both.delete("k")
    for load, words in (
        (later, "use AsyncRedisCache"),
        (generate, "return a list"),
        (generate_later, "return a list"),
    ):
        with pytest.raises(BadInputError, match=words):
            both.get_or_load("k", load)
        with pytest.raises(BadInputError, match=words):
            both.get_or_load_many(["k"], lambda _, load=load: load())
    with pytest.raises(BadInputError, match="returned a list; return a mapping"):
        both.get_or_load_many(["k"], lambda keys: keys)
    assert both.get("k") is None
    both.end()


async def test_a_loader_that_tasks_cannot_await_is_one_clear_error(server):
    cache = AsyncRedisCache(RedisCacheSettings(timeout=5, cache_namespace="bad"), url=server.url)

    async def brings_generator():
        return generate()

    for load, words in (
        (lambda: 1, "returned a int, which cannot be awaited"),
        (generate_later, "cannot be awaited"),
        (brings_generator, "return a list"),
    ):
        with pytest.raises(BadInputError, match=words):
            await cache.get_or_load("k", load)
    with pytest.raises(BadInputError, match="cannot be awaited"):
        await cache.get_or_load_many(["k"], lambda _: {"k": 1})
    assert await cache.get("k") is None
    await cache.close()


def test_ids_are_kept_as_they_were(both):
    value = {"id": uuid.UUID(int=7), "price": decimal.Decimal("1.10"), "at": dt.date(2024, 1, 1)}
    assert both.get_or_load("v", both.loader(value)) == value
    assert repr(both.get("v")) == repr(value)
