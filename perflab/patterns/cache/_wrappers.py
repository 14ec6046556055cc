"""The functions that stand for memoized ones: a hit in place, then one load at a time.

The way of a miss stands in each of them, so that between a function and the function that it
calls lies one frame: a recursion goes as deep as with `functools.lru_cache`. The function is called
outside of the handler of the KeyError, which would else be the context of its errors.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any, cast

from perflab.instrumentation import Event, EventKind
from perflab.patterns.cache._entry import Entry, Region
from perflab.patterns.cache._keys import KeyMaker, with_parameter_of
from perflab.patterns.cache._loads import Loads
from perflab.patterns.cache._tasks import load_in_task


def one_argument_wrapper(  # noqa: C901 - each hit would pay for a call of a part of it
    function: Callable[..., Any], loads: Loads, region: Region, name: str, ttl: object
) -> FunctionType:
    """Return a wrapper of the function's own parameter: ``f(5)`` and ``f(x=5)`` are one key.

    Saves 50 of 160 ns: there is no tuple to make, to hash and to compare, and `Store.use` is
    in place.
    """
    _store, _entries = loads.store, region.entries
    _hits, _hook = _store.hits, _store.hook

    # Few names, each used twice, as a call pays for every one.
    def wrapper(argument: Hashable) -> Any:
        _entry: Any
        try:
            _entry = _entries[argument]
        except KeyError:
            _entry = None
        else:
            if (_it := _entry.deadline) is None or _store.now() < _it:
                if (_it := _store.touch) is None:
                    _entry.visited = True
                else:
                    try:  # noqa: SIM105 - suppress() would cost more than the hit
                        _it(_entry)
                    except KeyError:
                        pass
                for _ in _hits:  # As next() does, without a call.
                    break
                if _hook is not None:
                    _hook(Event(EventKind.HIT, argument, size=_entry.size))
                return _entry.value
        _it = Entry(region, argument)
        try:
            if (_entry := loads.begin(_it, _entry)) is not _it:
                return _entry.value
            return loads.finish(_it, function(argument), ttl)
        except BaseException as _error:
            try:
                loads.fail(_it, _error)
            finally:
                loads.abandon(_it)
            raise

    return with_parameter_of(function, name, wrapper)


def general_wrapper(
    function: Callable[..., Any], loads: Loads, region: Region, keys: KeyMaker, ttl: object
) -> FunctionType:
    """Return a wrapper of any arguments."""
    store, entries = loads.store, region.entries
    key_of, custom = keys.of, keys.custom
    always, maker = keys.always, keys if custom else None

    def wrapper(*args: object, **kwargs: object) -> Any:
        key = key_of(*args, **kwargs) if kwargs or always else args
        entry = entries.get(key)
        if entry is not None:
            deadline = entry.deadline
            if deadline is None or store.now() < deadline:
                store.use(entry)
                return entry.value
        mine = Entry(region, key, maker)
        try:
            found = loads.begin(mine, entry)
            if found is not mine:
                return found.value
            return loads.finish(mine, function(*args, **kwargs), ttl)
        except BaseException as error:
            try:
                loads.fail(mine, error)
            finally:
                loads.abandon(mine)
            raise

    return cast("FunctionType", wrapper)


def coroutine_wrapper(
    function: Callable[..., Any], loads: Loads, region: Region, keys: KeyMaker, ttl: object
) -> FunctionType:
    """Return a wrapper of a coroutine function."""
    store, entries = loads.store, region.entries
    key_of, maker = keys.of, keys if keys.custom else None

    async def wrapper(*args: object, **kwargs: object) -> Any:
        key = key_of(*args, **kwargs)
        entry = entries.get(key)
        if entry is not None:
            deadline = entry.deadline
            if deadline is None or store.now() < deadline:
                store.use(entry)
                return entry.value
        mine = Entry(region, key, maker)
        return await load_in_task(loads, mine, entry, lambda _: function(*args, **kwargs), ttl)

    return cast("FunctionType", wrapper)
