"""Functions whose results the cache in Redis keeps, and which calls share an entry."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import functools
import itertools
import subprocess
import sys
import typing

import pytest
import redis

from perflab.errors import BadInputError
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

CALLS = []


class Point(typing.NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Tenant:
    name: str
    token: str = dataclasses.field(default="", repr=False)

    def secret(self, what="token"):
        CALLS.append(what)
        return f"{self.name} {self.token} {what}"

    async def later(self, what):
        CALLS.append(what)
        return f"{self.name} {self.token} {what}"

    @staticmethod
    def plain(what):
        CALLS.append(what)
        return what


class Shop:
    def price(self, what):
        return what


def record(*args, **kwargs):
    CALLS.append((args, kwargs))
    return repr((args, sorted(kwargs.items())))


async def record_later(*args, **kwargs):
    await asyncio.sleep(0)
    return record(*args, **kwargs)


def generate(count):
    yield from range(count)


async def generate_later(count):
    for number in range(count):
        yield number


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


NUMBERS = itertools.count()


class Twin:
    """Both caches, driven alike from a test."""

    def __init__(self, make, url, loop):
        namespace = f"memo-{next(NUMBERS)}"
        settings = RedisCacheSettings(timeout=5, cache_namespace=namespace)
        self.cache = make(settings, url=url)
        self.is_async = make is AsyncRedisCache
        self.namespace = namespace
        self._loop = loop

    def memoize(self, function, **options):
        """Return the decorated function, to be called as a plain one."""
        chosen = function
        if self.is_async and function is record:
            chosen = record_later
        wrapper = self.cache.memoize(**options)(chosen)
        return lambda *args, **kwargs: self.wait(wrapper(*args, **kwargs))

    def wait(self, result):
        return self._loop.run_until_complete(result) if self.is_async else result

    def close(self):
        self.wait(self.cache.close())


@pytest.fixture(params=[RedisCache, AsyncRedisCache], ids=["threads", "tasks"])
def twin(request, server):
    CALLS.clear()
    loop = asyncio.new_event_loop()
    made = Twin(request.param, server.url, loop)
    yield made
    made.close()
    loop.close()


def test_calls_share_an_entry_exactly_where_their_arguments_are_equal(twin):
    kept = twin.memoize(record)
    calls = [
        *(((value,), {}) for value in (1, 1.0, True, "1", b"1", None, "None", (1,), [1], {1})),
        *(((value,), {}) for value in (Colour.RED, Point(1, 2), (1, 2), Tenant("a"))),
        *(((value,), {}) for value in (Tenant("a", "t"), {"a": 1}, {"a": "1"})),
        ((1, 2), {}),
        ((), {"a": 1, "b": 2}),
        ((), {"a=1, b": 2}),
        ((1,), {"a": 1}),
    ]
    for _ in range(2):
        for args, kwargs in calls:
            assert kept(*args, **kwargs) == repr((args, sorted(kwargs.items())))
    assert len(CALLS) == len(calls)
    kept(b=2, a=1)
    kept({"b": 1, "a": 2})
    kept({"a": 2, "b": 1})
    assert len(CALLS) == len(calls) + 1


def test_long_arguments_are_kept_under_a_short_key(twin, server):
    kept = twin.memoize(record)
    texts = ["x" * 5000, "x" * 4999 + "y", ["x" * 5000]]
    for _ in range(2):
        assert [kept(text) for text in texts] == [repr(((text,), [])) for text in texts]
    assert len(CALLS) == 3
    with redis.Redis.from_url(server.url) as client:
        names = list(client.scan_iter(f"{twin.namespace}:k:*"))
    assert len(names) == 3
    assert max(map(len, names)) < 200


def test_a_version_parts_the_results_of_an_edited_function(twin):
    for version in (None, 1, "1", 2, ("a", 1)):
        assert twin.memoize(record, version=version)(7) == "((7,), [])"
        twin.memoize(record, version=version)(7)
    assert len(CALLS) == 5
    with pytest.raises(BadInputError, match="version"):
        twin.memoize(record, version=object())


def test_a_version_of_the_format_is_part_of_every_key(twin, server):
    twin.memoize(record)(7)
    with redis.Redis.from_url(server.url) as client:
        (name,) = client.scan_iter(f"{twin.namespace}:k:*")
    assert name.decode() == f"{twin.namespace}:k:m2:{__name__}.record{'_later' * twin.is_async}(7)"


def made(value, is_async):
    async def later(key):
        return value

    return later if is_async else lambda key: value


def test_functions_of_one_factory_ask_for_names_and_are_told_apart_by_them(twin):
    first, second = made("first", twin.is_async), made("second", twin.is_async)
    with pytest.raises(BadInputError, match="pass name="):
        twin.memoize(first)("k")
    kept = [twin.memoize(one, name=name) for one, name in ((first, "a"), (second, "a(k)"))]
    assert [one("k") for one in kept] == ["first", "second"]
    assert [one("k") for one in kept] == ["first", "second"]
    for name in ("", 5, b"a"):
        with pytest.raises(BadInputError, match="name"):
            twin.memoize(first, name=name)


def test_a_key_stands_alone_or_after_the_name_that_was_given(twin):
    twin.memoize(record, key=lambda number: f"n{number}")(1)
    assert twin.wait(twin.cache.get("n1")) == "((1,), [])"
    named = twin.memoize(record, key=lambda number: f"n{number}", name="records", version=3)
    assert named(1) == named(1) == "((1,), [])"
    assert len(CALLS) == 2
    assert twin.wait(twin.cache.get("m2:records@3:n1")) == "((1,), [])"


def test_a_key_that_is_no_text_is_refused_before_the_call(twin):
    for key in (lambda number: number, lambda number: b"1", lambda number: "\ud800"):
        with pytest.raises(BadInputError, match="key"):
            twin.memoize(record, key=key)(1)
    assert CALLS == []


def test_partials_share_entries_with_the_function_that_they_call(twin):
    function = record_later if twin.is_async else record
    partial = functools.partial(functools.partial(function, 1, a=1), 2, b=2)
    assert twin.memoize(partial)(3, a=0) == "((1, 2, 3), [('a', 0), ('b', 2)])"
    assert twin.memoize(record)(1, 2, 3, b=2, a=0) == "((1, 2, 3), [('a', 0), ('b', 2)])"
    assert twin.memoize(functools.partial(function, 4))(3) == "((4, 3), [])"
    assert len(CALLS) == 2


def test_the_object_of_a_bound_method_is_part_of_the_key(twin):
    def method(tenant):
        return tenant.later if twin.is_async else tenant.secret

    for _ in range(2):
        for number in range(50):
            kept = twin.memoize(method(Tenant("t", str(number))))
            assert kept("x") == f"t {number} x"
    assert len(CALLS) == 50


def test_an_object_without_a_value_asks_for_a_key(server):
    cache = RedisCache(RedisCacheSettings(timeout=5, cache_namespace="methods"), url=server.url)
    with pytest.raises(BadInputError, match=r"argument 1 of Shop\.price: is a Shop.*pass key="):
        cache.memoize()(Shop().price)("tea")
    with pytest.raises(BadInputError, match=r"argument 1 of Shop\.price: is a Shop.*pass key="):
        cache.memoize()(Shop.price)(Shop(), "tea")
    cache.close()


def test_every_kind_of_method_is_decorated_in_a_class(server):
    cache = RedisCache(RedisCacheSettings(timeout=5, cache_namespace="kinds"), url=server.url)
    CALLS.clear()

    class Account(Tenant):
        of_all = cache.memoize()(staticmethod(Tenant.plain))
        half = cache.memoize()(functools.partialmethod(Tenant.secret, "half"))
        by_key = cache.memoize(key=lambda cls, what: what, name="by_key")(
            classmethod(lambda cls, what: CALLS.append(what) or what)
        )

    for _ in range(2):
        assert Account("a").of_all("x") == Account.of_all("x") == "x"
        assert Account.by_key("y") == "y"
    assert CALLS == ["x", "y"]
    with pytest.raises(BadInputError, match="Account, which cannot be written"):
        Account("a").half()
    Tenant.half = cache.memoize()(functools.partialmethod(Tenant.secret, "half"))
    assert Tenant("a", "t").half() == Tenant("a", "t").half() == "a t half"
    assert CALLS == ["x", "y", "half"]
    del Tenant.half
    cache.close()


@pytest.mark.parametrize(
    ("make", "function", "words"),
    [
        (RedisCache, record_later, "use AsyncRedisCache"),
        (RedisCache, functools.partial(record_later, 1), "use AsyncRedisCache"),
        (RedisCache, Tenant("a").later, "use AsyncRedisCache"),
        (RedisCache, generate, "return a list"),
        (RedisCache, functools.partial(generate, 1), "return a list"),
        (RedisCache, generate_later, "return a list"),
        (RedisCache, 7, "not a function"),
        (AsyncRedisCache, record, "use RedisCache"),
        (AsyncRedisCache, Tenant("a").secret, "use RedisCache"),
        (AsyncRedisCache, generate_later, "return a list"),
        (AsyncRedisCache, generate, "return a list"),
        (AsyncRedisCache, "text", "not a function"),
    ],
    ids=range(12),
)
def test_a_function_that_cannot_be_kept_is_refused_at_the_decoration(make, function, words):
    cache = make(url="redis://127.0.0.1:1")
    with pytest.raises(BadInputError, match=words):
        cache.memoize()(function)
    with pytest.raises(BadInputError, match="ttl"):
        cache.memoize(ttl=True)


def test_two_scripts_never_share_an_entry_by_chance(server):
    code = (
        "import sys\nfrom perflab.patterns.redis_cache import RedisCache\n"
        "cache = RedisCache(url=sys.argv[1])\n"
        "def fetch(number): return sys.argv[2]\n"
        "try: cache.memoize()(fetch)(1)\n"
        "except ValueError as error: print('name=' in str(error))\n"
        "print(cache.memoize(name=sys.argv[2])(fetch)(1))\n"
    )
    for word in ("billing", "weather"):
        ended = subprocess.run(
            [sys.executable, "-c", code, server.url, word],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert ended.stdout.split() == ["True", word]
