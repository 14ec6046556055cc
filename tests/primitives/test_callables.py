"""Names of functions that other processes share, and what a callable brings along."""

from __future__ import annotations

import asyncio
import functools
import math
import sys
import types

import pytest

from perflab.errors import BadInputError
from perflab.primitives.callables import (
    function_name,
    is_async,
    makes_generators,
    unbound,
    wraps_async,
)


def first(value, *, more=0):
    return value + more


async def later(value):
    await asyncio.sleep(0)
    return value


def one_by_one(value):
    yield value


async def one_by_one_later(value):
    yield value


def _(value: int):
    return value


whole = _


def _(value: str):
    return value


def quiet(function):
    def inner(*args):
        return function(*args)

    return inner


@quiet
def hidden(value):
    return value


@functools.wraps(later)
def handed_on(value):
    return later(value)


class Shop:
    def price(self, name):
        return len(name)

    @staticmethod
    def of_all(name):
        return name

    async def stock(self, name):
        return name

    def __call__(self, name):
        return name


class AsyncShop:
    async def __call__(self, name):
        return name


class Streaming:
    def __call__(self, name):
        yield name


def test_arguments_that_a_callable_brings_along():
    shop = Shop()
    partial = functools.partial(functools.partial(first, 1, more=2), more=3)
    assert (unbound(partial).function, unbound(partial).args) == (first, (1,))
    assert unbound(partial).kwargs == {"more": 3}
    assert unbound(shop.price).function is Shop.price
    assert unbound(functools.partial(shop.price, "tea")).args == (shop, "tea")
    assert unbound("abc".index).args == ("abc",)
    assert unbound(math.sqrt).args == ()


def test_a_function_is_named_by_module_and_name():
    assert function_name(first) == f"{__name__}.first"
    assert function_name(Shop.price) == f"{__name__}.Shop.price"
    assert function_name(Shop.of_all) == f"{__name__}.Shop.of_all"
    assert function_name(len) == "builtins.len"
    assert function_name(math.sqrt) == "math.sqrt"


def test_a_decorator_that_hides_its_function_is_no_other_function():
    inside = hidden.__closure__[0].cell_contents
    assert function_name(inside) == f"{__name__}.hidden"


def renamed(number):
    def inner(value):
        return number * value

    inner.__qualname__ = "given"
    return inner


def wrapped(number, function=first):
    @functools.wraps(function)
    def inner(value):
        return number * function(value)

    return inner


class Timed:
    """A decorator that is an object, and has the name of what it calls."""

    def __init__(self, number, function=first):
        functools.update_wrapper(self, function)
        self.number = number

    def __call__(self, value):
        return self.number * self.__wrapped__(value)


@pytest.mark.parametrize(
    "factory",
    [renamed, wrapped, Timed, functools.partial(wrapped, function=len)],
    ids=["qualname set", "wraps", "object", "wraps a builtin"],
)
def test_two_functions_that_were_given_one_name_are_refused(factory):
    for number in (1, 2):
        with pytest.raises(BadInputError, match="pass name="):
            function_name(factory(number))


def decorated(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)

    inner.behind = function
    return inner


class Counter:
    @property
    @decorated
    @decorated
    def once(self):
        return 1

    @decorated
    @decorated
    def __private(self):
        return 1

    @functools.cached_property
    @decorated
    def kept(self):
        return 1

    half = functools.partialmethod(decorated(__private))
    hidden_one = __private


def test_a_decorated_method_keeps_its_name():
    inside = [Counter.once.fget, Counter.hidden_one, Counter.kept.func, Counter.hidden_one.behind]
    names = ["once", "__private", "kept", "__private"]
    found = [function_name(function) for function in inside]
    assert found == [f"{__name__}.Counter.{name}" for name in names]


def test_a_function_that_another_took_the_name_of_is_refused():
    assert function_name(_) == f"{__name__}._"
    with pytest.raises(BadInputError, match="not the one function that its module has"):
        function_name(whole)


@pytest.mark.parametrize(
    "function",
    [lambda value: value, quiet(first), Shop(), "abc".index, functools.partial],
    ids=["lambda", "inside a function", "object", "method of a text", "class"],
)
def test_a_callable_without_a_name_asks_for_one(function):
    if function is functools.partial:
        assert function_name(function) == "functools.partial"
        return
    with pytest.raises(BadInputError, match="pass name="):
        function_name(function)


def test_a_function_of_a_script_asks_for_a_name():
    script = types.FunctionType(first.__code__, {"__name__": "__main__"}, "first")
    with pytest.raises(BadInputError, match="script or notebook"):
        function_name(script)
    assert "__main__" in sys.modules


def test_coroutine_functions_are_told_in_every_form():
    shop = Shop()
    forms = [later, shop.stock, functools.partial(later, 1), functools.partial(shop.stock, "a")]
    assert all(is_async(form) for form in [*forms, AsyncShop()])
    assert not any(is_async(form) for form in [first, shop.price, shop, one_by_one, len, handed_on])
    assert wraps_async(handed_on)
    assert not wraps_async(first)


def test_generator_functions_are_told_in_every_form():
    forms = [one_by_one, one_by_one_later, functools.partial(one_by_one, 1), Streaming()]
    assert all(makes_generators(form) for form in forms)
    assert not any(makes_generators(form) for form in [first, later, Shop(), AsyncShop(), len])
