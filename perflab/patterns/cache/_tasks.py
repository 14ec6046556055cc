"""How tasks load what they miss: each load in a task of its own, shared by an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter
from typing import Any

from perflab.instrumentation import EventKind
from perflab.patterns.cache._changes import begin_change
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._loads import Loads, describe
from perflab.patterns.cache._removal import Gone
from perflab.primitives.async_single_flight import AsyncFlight, LoadCancelledError


async def load_in_task(
    loads: Loads,
    mine: Entry,
    seen: Entry | None,
    loader: Callable[[Any], Awaitable[Any]],
    ttl: object,
) -> Any:
    """Return the value of a key that was not found, loaded for this task or another.

    Args:
        loads: Of the cache.
        mine: A new entry of the key.
        seen: What was found under the key, if anything, before.
        loader: Awaited with the key.
        ttl: The new entry's own seconds to live, or a function of key and value.

    Raises:
        Exception: What the loader raises, or raised while its error is kept.
        RuntimeError: If the load asks for its own key, directly or through other loads.
    """
    region, counted = mine.region, False
    if region is None:
        raise ValueError("the entry is not a new one")
    while True:
        found, flight = _begin(loads, mine, seen, counted=counted)
        if flight is None:
            return loads.hit(found, counted=counted).value
        try:
            if found is mine:
                return await _lead(loads, mine, flight, loader, ttl, counted=counted)
            return await _follow(loads, mine, flight, counted=counted)
        except LoadCancelledError:
            if found is mine:
                raise asyncio.CancelledError from None
        mine, seen, counted = Entry(region, mine.key, mine.maker), None, True


def _begin(
    loads: Loads, mine: Entry, seen: Entry | None, *, counted: bool
) -> tuple[Entry, AsyncFlight | None]:
    """Return the entry to use, and the load to wait for where it has no value yet."""
    store, loop = loads.store, asyncio.get_running_loop()
    gone: Gone = []
    mine.owner, mine.flight = loop, AsyncFlight(loop)
    with store.lock:
        begin_change(store)
        store.sweep(gone)
        found = loads.meet(mine, seen, gone)
        store.changing = False
        flight: AsyncFlight | None = found.flight
        if found is mine:
            if not counted:
                next(store.misses)
        else:
            mine.owner = mine.flight = None
            if flight is not None:
                flight.refuse_deadlock(lambda: describe(found))
                if not counted:
                    next(store.misses)
                    loads.coalesced += 1
    try:
        store.announce(gone)
    except BaseException as error:
        _end(loads, mine, error)
        raise
    return found, flight


async def _lead(
    loads: Loads,
    mine: Entry,
    flight: AsyncFlight,
    loader: Callable[[Any], Awaitable[Any]],
    ttl: object,
    *,
    counted: bool,
) -> Any:
    trouble: list[BaseException] = []
    try:
        if not counted:
            loads.store.report(EventKind.MISS, mine.key)
        flight.start(
            lambda: _load(loads, mine, loader, ttl, trouble),
            lambda: _end(loads, mine, asyncio.CancelledError()),
        )
    except BaseException as error:
        _end(loads, mine, error)
        raise
    value = await flight.wait()
    if trouble:
        raise trouble[0]
    return value


async def _follow(loads: Loads, mine: Entry, flight: AsyncFlight, *, counted: bool) -> Any:
    store, since = loads.store, perf_counter()
    if store.hook is not None and not counted:
        store.report(EventKind.MISS, mine.key)
        store.report(EventKind.WAIT_STARTED, mine.key)
    try:
        return await flight.wait()
    finally:
        store.report(EventKind.WAIT_FINISHED, mine.key, seconds=perf_counter() - since)


async def _load(
    loads: Loads,
    mine: Entry,
    loader: Callable[[Any], Awaitable[Any]],
    ttl: object,
    trouble: list[BaseException],
) -> Any:
    """Load and keep a value, in a task of its own.

    What a callback raises once the value is kept is for whoever began the load, not for all.
    """
    value: object = KeptError
    try:
        loads.store.report(EventKind.LOAD_STARTED, mine.key)
        mine.written = monotonic()
        value = await loader(mine.key)
        return loads.finish(mine, value, ttl)
    except BaseException as error:
        if mine.owner is None and value is not KeptError:
            trouble.append(error)
            return value
        _end(loads, mine, error)
        raise


def _end(loads: Loads, mine: Entry, error: BaseException) -> None:
    """End a load with what was raised, also where the stack is full or Ctrl-C comes."""
    try:
        loads.fail(mine, error)
    finally:
        loads.abandon(mine)
