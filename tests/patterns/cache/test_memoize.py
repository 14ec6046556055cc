from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from perflab.errors import BadInputError
from perflab.patterns.cache import Cache
from perflab.primitives import VirtualClock


def counted(function):
    """Return the function and the list of the arguments it was called with."""
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append((args, kwargs))
        return function(*args, **kwargs)

    return wrapper, calls


def test_a_function_is_called_once_for_each_argument():
    calls = []

    @Cache()
    def double(x):
        """Doubles."""
        calls.append(x)
        return 2 * x

    assert [double(1), double(2), double(1), double(x=2)] == [2, 4, 2, 4]
    assert calls == [1, 2]
    assert double.cache_info() == (2, 2, 1000, 2)
    assert double.__name__ == "double"
    assert double.__doc__ == "Doubles."
    assert list(inspect.signature(double).parameters) == ["x"]
    assert double.__wrapped__(3) == 6


def test_a_default_is_the_same_key_as_its_value():
    calls = []

    @Cache()
    def double(x=4):
        calls.append(x)
        return 2 * x

    assert double() == double(4) == double(x=4) == 8
    assert calls == [4]


@pytest.mark.parametrize("name", ["_entry", "_store", "_entries", "_touch", "argument", "loads"])
def test_any_name_of_the_one_parameter_will_do(name):
    function = eval(f"lambda {name}: {name} + 1")
    memoized = Cache()(function)
    assert memoized(1) == memoized(**{name: 1}) == memoized(1) == 2
    assert memoized.cache_info().misses == 1


def test_wrong_arguments_are_a_type_error_that_names_the_function():
    memoized = Cache()(len_of)
    with pytest.raises(TypeError, match="len_of"):
        memoized()
    with pytest.raises(TypeError, match="len_of"):
        memoized(1, 2)
    with pytest.raises(TypeError, match="len_of"):
        memoized(other=1)


def len_of(thing):
    return len(thing)


def test_several_and_named_arguments_are_told_apart():
    function, calls = counted(lambda *args, **kwargs: (args, kwargs))
    memoized = Cache()(function)
    asked = [
        ((), {}),
        ((1,), {}),
        ((1, 2), {}),
        (((1, 2),), {}),
        ((), {"a": 1}),
        ((), {"a": 1, "b": 2}),
        ((("a", 1),), {}),
    ]
    for args, kwargs in asked + asked:
        assert memoized(*args, **kwargs) == (args, kwargs)
    assert calls == asked
    assert memoized(b=2, a=1) == ((), {"a": 1, "b": 2})
    assert len(calls) == len(asked)


def test_functions_that_share_a_cache_do_not_share_keys():
    cache = Cache(max_cache_size=3)
    double, negate = cache(lambda x: 2 * x), cache(lambda x: -x)
    cache[1] = "own"
    assert (double(1), negate(1), cache[1]) == (2, -1, "own")
    assert len(cache) == 3
    assert list(cache) == [1]
    double(2)
    assert len(cache) == 3


def test_results_under_chosen_keys_are_found_in_the_cache():
    cache = Cache()

    @cache.memoize(key=lambda user, verbose=False: ("user", user))
    def load_user(user, verbose=False):
        return {"id": user}

    found = load_user(7)
    assert load_user(7, verbose=True) is found
    assert cache["user", 7] is found
    del cache["user", 7]
    assert load_user(7) is not found


def test_results_have_their_own_life():
    clock = VirtualClock()
    cache = Cache(clock=clock, ttl_seconds=100)
    short, calls = counted(lambda x: x)
    memoized = cache.memoize(ttl=5)(short)
    memoized(1)
    clock.set(5)
    memoized(1)
    assert len(calls) == 2


def test_forgetting_one_result_and_all_of_a_function():
    cache = Cache()
    one, one_calls = [], []

    @cache
    def single(x):
        one_calls.append(x)
        return x

    @cache
    def several(x, y=0):
        one.append((x, y))
        return x

    for _ in range(2):
        single(1)
        single(2)
        several(1, y=2)
    single.forget(1)
    single.forget(x=2)
    several.forget(1, y=2)
    several.forget(9)
    assert len(cache) == 0
    single(1)
    several(1)
    single.cache_clear()
    assert len(cache) == 1
    assert one_calls == [1, 2, 1]


def test_methods_are_kept_for_each_object():
    cache = Cache()

    class Shop:
        def __init__(self, name):
            self.name = name

        @cache
        def price(self, item):
            return f"{self.name} {item}"

        @cache
        def title(self):
            return self.name.title()

    shops = [Shop("a"), Shop("b")]
    for _ in range(2):
        assert [shop.price("tea") for shop in shops] == ["a tea", "b tea"]
        assert [shop.title() for shop in shops] == ["A", "B"]
    assert cache.stats()["loads"] == 4


def test_what_is_callable_but_no_function_will_do():
    cache = Cache()
    assert cache(functools.partial(pow, 2))(10) == 1024
    assert cache(abs)(-3) == 3


async def test_a_coroutine_function_is_called_once_for_each_argument():
    cache = Cache()
    calls = []

    @cache
    async def fetch(x):
        calls.append(x)
        await asyncio.sleep(0.001)
        return 2 * x

    assert inspect.iscoroutinefunction(fetch)
    assert await asyncio.gather(*(fetch(1) for _ in range(200))) == [2] * 200
    assert await fetch(1) == 2
    assert calls == [1]
    fetch.forget(1)
    assert len(cache) == 0


def test_a_stampede_on_a_memoized_function_calls_it_once():
    cache = Cache()
    calls = []
    leave = threading.Event()

    @cache
    def slow(x):
        calls.append(x)
        leave.wait(30)
        return x

    with ThreadPoolExecutor(200) as pool:
        asked = [pool.submit(slow, 1) for _ in range(200)]
        while cache.stats()["coalesced"] < 199:
            pass
        leave.set()
        assert [each.result(30) for each in asked] == [1] * 200
    assert calls == [1]


def test_generators_are_refused():
    def count():
        yield 1

    async def acount():
        yield 1

    for function in (count, acount):
        with pytest.raises(BadInputError, match="count: it makes generators"):
            Cache()(function)


def test_hits_of_a_memoized_function_are_told_to_the_hook():
    events = []
    cache = Cache(hook=events.append)
    memoized = cache(lambda x: x)
    memoized(5)
    memoized(5)
    assert [(event.kind, event.key) for event in events][-1] == ("hit", 5)
