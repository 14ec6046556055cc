"""A cache as a decorator: what `functools.lru_cache`, `cachetools` and async-lru lead to expect."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from async_lru import alru_cache

from perflab.errors import BadInputError
from perflab.patterns.cache import Cache


@pytest.fixture(params=["cache", "lru_cache"])
def decorate(request):
    """Return ours, and the decorator of the standard library."""
    return Cache(max_cache_size=500) if request.param == "cache" else functools.lru_cache(500)


class Shop:
    """Methods of every kind, with a cache for each."""

    calls = 0

    def __init__(self, name):
        self.name = name

    @Cache()
    def price(self, item, more=0):
        Shop.calls += 1
        return f"{self.name} {item} {more}"

    @Cache()
    def title(self):
        Shop.calls += 1
        return self.name.title()

    @Cache()
    async def fetch(self, item):
        Shop.calls += 1
        return f"{self.name} {item}"

    @Cache()
    @classmethod
    def below(cls, item):
        Shop.calls += 1
        return f"{cls.__name__} {item}"

    @classmethod
    @Cache()
    def above(cls, item):
        Shop.calls += 1
        return f"{cls.__name__} {item}"

    @Cache()
    @staticmethod
    def plain(item):
        Shop.calls += 1
        return item

    @staticmethod
    @Cache()
    def plainer(item):
        Shop.calls += 1
        return item

    ten = Cache()(functools.partialmethod(price.__wrapped__, more=10))


class Branch(Shop):
    """A class that inherits cached methods."""

    @Cache()
    def price(self, item, more=0):
        return "branch " + super().price(item, more)


@pytest.fixture(autouse=True)
def count():
    Shop.calls = 0


@pytest.mark.parametrize("name", ["price", "below", "above", "plain", "plainer", "ten"])
def test_a_method_is_called_once_for_its_arguments(name):
    shop = Shop("a")
    method = getattr(shop, name)
    assert method("tea") == method("tea") == getattr(shop, name)("tea")
    assert Shop.calls == 1
    if name == "above" and sys.version_info >= (3, 13):
        with pytest.raises(TypeError, match="put @classmethod below the cache"):
            method.forget("tea")
        return
    getattr(shop, name).forget("tea")
    method("tea")
    assert Shop.calls == 2


def test_forgetting_a_call_that_cannot_be_is_an_error():
    with pytest.raises(TypeError, match="price: missing a required argument: 'item'"):
        Shop.price.forget("tea")
    with pytest.raises(TypeError, match="price: got an unexpected keyword argument 'size'"):
        Shop("a").price.forget("tea", size=1)


def test_forget_and_cache_clear_of_a_method_are_for_its_object():
    one, other = Shop("one"), Shop("other")
    for shop in (one, other):
        for item in ("tea", "milk"):
            shop.price(item)
            shop.price(item, more=1)
        shop.title()
    assert Shop.calls == 10
    one.price.forget("tea")
    one.price.forget("milk", more=1)
    one.title.forget()
    for shop in (one, other):
        shop.price("tea"), shop.price("milk", more=1), shop.title()
    assert Shop.calls == 13
    one.price.cache_clear()
    one.title.cache_clear()
    for shop in (one, other):
        for item in ("tea", "milk"):
            shop.price(item)
            shop.price(item, more=1)
        shop.title()
    assert Shop.calls == 18
    Shop.price.forget(other, "tea")
    Shop.price.cache_clear()
    other.price("milk")
    assert Shop.calls == 19


async def test_a_coroutine_method_binds_too():
    shop = Shop("a")
    assert inspect.iscoroutinefunction(shop.fetch)
    assert inspect.iscoroutinefunction(Shop.fetch)
    assert await shop.fetch("tea") == await shop.fetch("tea") == "a tea"
    shop.fetch.forget("tea")
    await shop.fetch("tea")
    assert Shop.calls == 2
    shop.fetch.cache_clear()
    await Shop.fetch(shop, "tea")
    assert Shop.calls == 3


def test_a_bound_method_looks_like_one():
    shop = Shop("a")
    method = shop.price
    assert method.__self__ is shop
    assert method.__name__ == "price"
    assert method.__qualname__ == "Shop.price"
    assert method.__func__ is Shop.price
    assert method == shop.price
    assert method != Shop("a").price
    assert hash(method) == hash(shop.price)
    assert list(inspect.signature(method).parameters) == ["item", "more"]
    assert list(inspect.signature(Shop.price).parameters) == ["self", "item", "more"]
    assert method.__wrapped__("tea") == "a tea 0"
    assert method.cache_info() == Shop.price.cache_info()
    assert "Shop.price" in repr(method)
    assert pickle.loads(pickle.dumps(Shop.price)) is Shop.price


def test_methods_are_inherited_and_overridden():
    branch = Branch("b")
    assert branch.price("tea") == branch.price("tea") == "branch b tea 0"
    assert Shop.calls == 1
    assert branch.below("x") == branch.above("x") == "Branch x"
    assert Shop.above("x") == "Shop x"
    branch.price = lambda item: "patched"
    assert branch.price("tea") == "patched"


def test_results_of_a_function_with_keys_of_its_own_are_cleared_alone():
    cache = Cache()

    @cache.memoize(key=lambda x: ("a", x))
    def one(x):
        return x

    @cache.memoize(key=lambda x: ("b", x))
    def other(x):
        return x

    one(1), one(2), other(1)
    cache["own"] = 1
    one.cache_clear()
    assert set(cache) == {("b", 1), "own"}


@pytest.mark.parametrize("what", ["text", 5, None, property(len), [1]])
def test_what_is_no_function_is_refused(what):
    with pytest.raises(BadInputError, match="is not a function"):
        Cache()(what)
    with pytest.raises(BadInputError, match="is not a function"):
        Cache().memoize(ttl=5)(what)


def test_a_function_that_returns_a_coroutine_says_what_to_decorate():
    async def fetch(x):
        return x

    def call(x):
        return fetch(x)

    with pytest.raises(BadInputError, match="decorate the coroutine function itself"):
        Cache()(call)(1)


@pytest.mark.parametrize("typed", [False, True])
def test_types_are_told_apart_as_lru_cache_does(typed):
    seen = []
    for way in (Cache().memoize(typed=typed), functools.lru_cache(typed=typed)):
        calls = []
        record = way(lambda *args, calls=calls, **named: calls.append((args, named)))
        for value in (1, 1.0, True, "1", 1):
            record(value, 2)
            record(2, x=value)
        seen.append(repr(calls))
    assert seen[0] == seen[1]
    assert Cache().memoize(typed=typed)(len).cache_parameters()["typed"] is typed


@pytest.mark.parametrize("typed", [False, True])
def test_equal_arguments_are_one_unless_types_are_told_apart(typed):
    calls = []
    memoized = Cache().memoize(typed=typed)(lambda x: calls.append(x) or x)
    for value in (1, 1.0, True, "1", 1):
        memoized(value)
    assert repr(calls) == ("[1, 1.0, True, '1']" if typed else "[1, '1']")


def test_typed_has_no_effect_on_keys_of_the_users():
    with pytest.raises(BadInputError, match="typed: has no effect with key="):
        Cache().memoize(key=str, typed=True)(len)


def test_the_order_of_named_arguments_does_not_matter():
    calls = []
    memoized = Cache()(lambda **named: calls.append(named))
    memoized(a=1, b=2)
    memoized(b=2, a=1)
    assert calls == [{"a": 1, "b": 2}]


def test_parameters_and_counts_are_named_as_in_lru_cache():
    memoized = Cache(max_cache_size=7)(lambda x: x)
    memoized(1), memoized(1)
    assert memoized.cache_parameters() == {"maxsize": 7, "typed": False}
    assert memoized.cache_info()._asdict() == {
        "hits": 1,
        "misses": 1,
        "maxsize": 7,
        "currsize": 1,
    }


ARGUMENTS = {
    "one": (lambda x: fail(x) or x, (1,)),
    "two": (lambda x, y: fail(x), (1, 2)),
    "named": (lambda x, **named: fail(x), (1,)),
}


def fail(x):
    raise ValueError("mine", sys.exc_info()[1])


@pytest.mark.parametrize("parameters", ARGUMENTS)
def test_an_error_of_a_function_has_no_context(decorate, parameters):
    function, args = ARGUMENTS[parameters]
    with pytest.raises(ValueError, match="mine") as caught:
        decorate(function)(*args)
    assert caught.value.__context__ is None
    assert caught.value.args[1] is None


def test_an_error_of_a_loader_has_no_context():
    cache = Cache(ttl_seconds=60)
    with pytest.raises(ValueError, match="mine") as caught:
        cache.get_or_load("k", fail)
    assert caught.value.__context__ is None
    try:
        {}["of the caller"]
    except KeyError as error:
        with pytest.raises(ValueError, match="mine") as caught:
            cache.get_or_load("k", fail)
        context = error
    assert caught.value.__context__ is context


async def test_an_error_of_a_coroutine_function_has_no_context():
    @Cache()
    async def fetch(x):
        return fail(x)

    with pytest.raises(ValueError, match="mine") as caught:
        await fetch(1)
    assert caught.value.__context__ is None


def recursion(decorator):
    reached = []

    @decorator
    def count(n):
        reached.append(n)
        return count(n + 1)

    with pytest.raises(RecursionError):
        count(0)
    return max(reached)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on, C calls are not counted")
def test_a_recursion_goes_as_deep_as_with_lru_cache():
    assert recursion(Cache()) >= 0.8 * recursion(functools.lru_cache(None))


@pytest.mark.parametrize("size", [5, 2000])
@pytest.mark.parametrize("spare", range(12))
def test_after_a_recursion_that_was_too_deep_every_key_loads_again(size, spare):
    cache = Cache(max_cache_size=size)
    bottom = 10**9

    @cache
    def count(n):
        return n if n >= bottom else count(n + 1) + 1

    def at_depth(frames):
        return at_depth(frames - 1) if frames else count(0)

    with pytest.raises(RecursionError):
        at_depth(spare)
    bottom = 0
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: [count(n) for n in range(1200)]).result(30) == list(range(1200))
    stats = cache.stats()
    assert stats["entries"] == len(cache._store.queue.entries()) <= size
    assert stats["bytes"] == sum(entry.size for entry in cache._store.queue.entries())


def test_the_error_of_a_recursive_load_names_function_and_arguments():
    cache = Cache()

    @cache
    def one(x):
        return one(x)

    @cache
    def several(x, *, more):
        return several(x, more=more)

    with pytest.raises(RuntimeError, match=r"one\(5\) asks for .*one\(5\) again"):
        one(5)
    with pytest.raises(RuntimeError, match=r"several\('a', more=\[1\]\)|several\('a', more=2\)"):
        several("a", more=2)
    with pytest.raises(RuntimeError, match="load of 'k' asks for 'k' again"):
        cache.get_or_load("k", lambda key: cache.get_or_load(key, str))
    assert cache.get_or_load("k", str) == "k"


@pytest.mark.parametrize("way", ["await", "task", "gather", "other"])
async def test_a_task_for_the_key_being_loaded_is_refused(way):
    @Cache()
    async def fetch(x):
        if way == "await":
            return await fetch(x)
        if way == "task":
            return await asyncio.create_task(fetch(x))
        if way == "gather":
            return await asyncio.gather(fetch(x), asyncio.sleep(0))
        return await asyncio.create_task(through(x))

    async def through(x):
        return await fetch(x)

    with pytest.raises(RuntimeError, match=r"fetch\(1\) asks for .*fetch\(1\) again"):
        await asyncio.wait_for(fetch(1), 30)


async def test_tasks_that_would_wait_for_each_other_are_refused():
    @Cache()
    async def fetch(x):
        await asyncio.sleep(0.001)
        return (await asyncio.gather(fetch((x + 1) % 3)))[0]

    got = await asyncio.wait_for(asyncio.gather(*map(fetch, range(3)), return_exceptions=True), 30)
    assert all(isinstance(each, RuntimeError) for each in got)


async def test_a_recursion_through_tasks_is_no_deadlock():
    @Cache()
    async def fibonacci(n):
        return n if n < 2 else sum(await asyncio.gather(fibonacci(n - 1), fibonacci(n - 2)))

    assert await asyncio.wait_for(fibonacci(40), 30) == 102334155


@pytest.mark.parametrize("maker", ["cache", "async_lru"])
async def test_a_cancelled_caller_leaves_one_load_to_the_others(maker):
    calls, go_on = [], asyncio.Event()

    @(Cache() if maker == "cache" else alru_cache())
    async def fetch(x):
        calls.append(x)
        await go_on.wait()
        return len(calls)

    tasks = [asyncio.create_task(fetch(1)) for _ in range(4)]
    await asyncio.sleep(0.01)
    tasks[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    got = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
    assert isinstance(got[0], asyncio.CancelledError)
    assert got[1:] == [1, 1, 1]
    assert calls == [1]


@pytest.mark.parametrize("maker", ["cache", "async_lru"])
async def test_an_error_of_a_coroutine_is_not_kept(maker):
    calls = []

    @(Cache() if maker == "cache" else alru_cache())
    async def fetch(x):
        calls.append(x)
        raise OSError

    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011 - any will do
            await fetch(1)
    assert calls == [1, 1, 1]


async def test_a_loader_sees_the_context_of_its_caller():
    import contextvars

    user = contextvars.ContextVar("user")

    @Cache()
    async def fetch(x):
        return user.get()

    user.set("me")
    assert await fetch(1) == "me"


def test_an_async_callable_object_is_awaited():
    class Fetch:
        async def __call__(self, x):
            return 2 * x

    fetch = Cache()(Fetch())
    assert asyncio.run(fetch(4)) == 8


def test_a_function_is_collected_with_its_results():
    class Body:
        pass

    cache = Cache()
    body = Body()
    memoized = cache(lambda x: body)
    memoized(1)
    reference = weakref.ref(body)
    cache.clear()
    memoized = body = None
    gc.collect()
    assert reference() is None


def test_many_threads_call_a_method_once():
    calls, may_go = [], threading.Event()

    class Slow:
        @Cache()
        def load(self, x):
            calls.append(x)
            may_go.wait(30)
            return x

    slow = Slow()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(slow.load, 1) for _ in range(20)]
        while Slow.load.cache_info().misses < 20:
            pass
        may_go.set()
        assert [each.result(30) for each in asked] == [1] * 20
    assert calls == [1]
