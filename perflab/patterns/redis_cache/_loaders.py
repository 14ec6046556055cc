"""Loaders of the cache in Redis: which functions it can call, and what they may bring."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from perflab.errors import BadInputError
from perflab.primitives.callables import (
    inside_descriptor,
    is_async,
    makes_generators,
    shown_name,
    wraps_async,
)

F = TypeVar("F")
T = TypeVar("T")


def check_function(function: object, *, awaited: bool) -> None:
    """Check that the results of a function can be kept.

    Args:
        function: What is decorated.
        awaited: Whether the cache is of tasks, which await it.

    Raises:
        BadInputError: If it is no function, makes generators, or is async where that cannot be
            awaited, or the other way about.
    """
    if not callable(function):
        raise BadInputError("is not a function", type(function).__name__)
    name = shown_name(function)
    if makes_generators(function):
        raise BadInputError(
            "makes generators, which can be gone through only once; return a list", name
        )
    if not awaited and is_async(function):
        raise BadInputError("is a coroutine function; use AsyncRedisCache", name)
    if awaited and not wraps_async(function):
        raise BadInputError("is not a coroutine function; write async def, or use RedisCache", name)


def decorated(function: F, decorate: Callable[[Any], Any]) -> F:
    """Return a function, or a static, class or partial method of one, decorated."""
    made = inside_descriptor(function, lambda inner: decorated(inner, decorate))
    result: F = decorate(function) if made is None else made
    return result


def plain_result(load: Callable[[], object]) -> object:
    """Call a loader and return what it brought.

    Raises:
        BadInputError: If it is no function, or that is a coroutine or a generator, which one
            caller alone could use.
    """
    check_loader(load)
    value = load()
    if inspect.iscoroutine(value):
        value.close()
        raise BadInputError("returned a coroutine; use AsyncRedisCache", shown_name(load))
    return checked_result(load, value)


def awaitable_result(load: Callable[[], object]) -> Awaitable[object]:
    """Call a loader and return what is to be awaited.

    Raises:
        BadInputError: If it is no function, or that is nothing that can be awaited.
    """
    check_loader(load)
    value = load()
    if not inspect.isawaitable(value):
        text = f"returned a {type(value).__qualname__}, which cannot be awaited; write async def"
        raise BadInputError(text, shown_name(load))
    return value


def check_loader(load: object) -> None:
    """Check that a loader can be called.

    Raises:
        BadInputError: If not.
    """
    if not callable(load):
        text = f"is a {type(load).__qualname__}; pass a function that brings the value"
        raise BadInputError(text, "load")


def checked_result(load: Callable[[], object], value: T) -> T:
    """Return what a loader brought.

    Raises:
        BadInputError: If it is a generator.
    """
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        text = "returned a generator, which can be gone through only once; return a list"
        raise BadInputError(text, shown_name(load))
    return value


def checked_mapping(load: Callable[[list[str]], object], values: object) -> Mapping[str, object]:
    """Return what a loader of several keys brought.

    Raises:
        BadInputError: If it is no mapping.
    """
    if not isinstance(values, Mapping):
        text = f"returned a {type(values).__qualname__}; return a mapping of keys to values"
        raise BadInputError(text, shown_name(load))
    return values
