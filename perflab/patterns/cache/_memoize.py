"""A cache as a decorator, of functions, coroutine functions and methods."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Mapping
from types import FunctionType
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from perflab.errors import BadInputError
from perflab.patterns.cache._changes import clear
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._keys import KeyMaker
from perflab.patterns.cache._loads import Loads
from perflab.patterns.cache._mapping import take
from perflab.patterns.cache._methods import (
    MemoizedClassMethod,
    MemoizedMethod,
    is_of_class,
    plain_function,
)
from perflab.patterns.cache._wrappers import (
    coroutine_wrapper,
    general_wrapper,
    one_argument_wrapper,
)

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class CacheInfo(NamedTuple):
    """Counts of a whole cache, named as `functools.lru_cache` names them."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


class Memoized(Protocol[P, R_co]):
    """A function whose results a cache keeps."""

    __wrapped__: Callable[..., Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return the result that is kept, or call the function."""

    # Any arguments: a type checker binds a static method in the same way, whose first one stays.
    def __get__(self, instance: Any, owner: type | None = None) -> Memoized[..., R_co]:
        """Bind as a method does, `forget` and `cache_clear` too; the object is part of the key."""

    def cache_info(self) -> CacheInfo:
        """Return the counts of the whole cache."""

    def cache_parameters(self) -> dict[str, Any]:
        """Return `maxsize` and `typed`, as `functools.lru_cache` does."""

    def cache_clear(self) -> None:
        """Forget all results of this function; as a method's, those of the object."""

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget the result for these arguments, if it is kept."""


def memoize(
    function: Callable[P, R_co],
    loads: Loads,
    cache_info: Callable[[], CacheInfo],
    key: Callable[P, Hashable] | None = None,
    ttl: object = None,
    *,
    typed: bool = False,
) -> Memoized[P, R_co]:
    """Return a function that looks its results up in a cache, with keys of its own.

    With `key`, the results stand under the keys that it makes, among the cache's own.

    Raises:
        BadInputError: If it is no function, or makes generators, which can be gone through only
            once.
    """
    given: Any = function
    if isinstance(given, staticmethod):
        plain = _plain(given.__func__, loads, cache_info, key, ttl, typed=typed)
        return cast("Memoized[P, R_co]", staticmethod(plain))
    if isinstance(given, classmethod):
        plain = _plain(given.__func__, loads, cache_info, key, ttl, typed=typed)
        return cast("Memoized[P, R_co]", _method(MemoizedClassMethod, plain))
    if not callable(given):
        if isinstance(given, property) or not hasattr(given, "__get__"):
            text = "is not a function; decorate a function, or a method below its @property"
            raise BadInputError(text, repr(given)[:80])
        given = plain_function(given)
        plain = _plain(given, loads, cache_info, key, ttl, typed=typed)
        return cast("Memoized[P, R_co]", _method(MemoizedMethod, plain))
    plain = _plain(given, loads, cache_info, key, ttl, typed=typed)
    made: Any = _method(MemoizedMethod, plain) if is_of_class(given) else plain
    return cast("Memoized[P, R_co]", made)


def _method(kind: type[MemoizedMethod], wrapper: FunctionType) -> MemoizedMethod:
    made = kind(wrapper)
    functools.update_wrapper(made, wrapper.__wrapped__)  # type: ignore[attr-defined]
    for name in ("cache_info", "cache_parameters", "cache_clear", "forget"):
        setattr(made, name, getattr(wrapper, name))
    return made


def _plain(
    function: Callable[..., object],
    loads: Loads,
    cache_info: Callable[[], CacheInfo],
    key: Callable[..., Hashable] | None,
    ttl: object,
    *,
    typed: bool,
) -> FunctionType:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise BadInputError(
            "it makes generators, which can be gone through only once; return a list",
            getattr(function, "__qualname__", repr(function)),
        )
    store = loads.store
    keys = KeyMaker(function, key, typed=typed)
    region = store.new_region(keys.describe) if key is None else store.main
    if _is_coroutine_function(function):
        wrapper = coroutine_wrapper(function, loads, region, keys, ttl)
    elif keys.parameter is not None:
        wrapper = one_argument_wrapper(function, loads, region, keys.parameter, ttl)
    else:
        wrapper = general_wrapper(function, loads, region, keys, ttl)
    functools.update_wrapper(wrapper, function)

    def forget(*args: object, **kwargs: object) -> None:
        _check_call(function, args, kwargs)
        take(store, region, keys.of(*args, **kwargs))

    def cache_clear() -> None:
        clear(store, region, None if key is None else of_this)

    def of_this(entry: Entry) -> bool:
        return entry.maker is keys

    def clear_of(instance: object) -> None:
        # A key of the user's does not say whose result it is.
        clear(store, region, lambda e: keys.is_of(e.key, instance) if key is None else of_this(e))

    def cache_parameters() -> dict[str, Any]:
        return {"maxsize": store.settings.max_cache_size, "typed": typed}

    for member in (cache_info, cache_parameters, cache_clear, clear_of, forget):
        setattr(wrapper, member.__name__.lstrip("_"), member)
    wrapper.cache_info = cache_info  # type: ignore[attr-defined]
    return wrapper


def _check_call(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> None:
    """Check that a function could be called so, as no result is kept for any other call.

    Raises:
        TypeError: If it could not.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # One of a built-in function, which does not tell.
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        # From Python 3.13 on, classmethod does not bind what its function has besides a call.
        name = getattr(function, "__qualname__", repr(function))
        text = "with the arguments of a call; of a class method, put @classmethod below the cache's"
        raise TypeError(f"{name}: {error}; forget() is called {text}") from None


def _is_coroutine_function(function: Callable[..., object]) -> bool:
    """Say whether calls are awaited; true for an object with a coroutine function as `__call__`."""
    if inspect.iscoroutinefunction(function):
        return True
    # What a class makes when it is called is an object.
    called: Any = function
    return not inspect.isclass(called) and inspect.iscoroutinefunction(called.__call__)
