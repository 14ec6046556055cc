"""How a cache loads what it misses: one load a key at a time, and errors kept for a while."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from types import CoroutineType
from typing import Any, Self

from perflab.metrics import EventKind
from perflab.patterns.cache_entry import Region
from perflab.patterns.cache_failures import Place
from perflab.patterns.cache_lifetimes import read_lifetime
from perflab.patterns.cache_store import Gone, Store
from perflab.primitives import AsyncSingleFlight, SingleFlight
from perflab.settings import BadInputError


class Loads:
    """The misses of a cache that bring their loader with them, from threads and from tasks."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loads = self.load_errors = self.coalesced = self.negative_hits = 0
        self.load_seconds_total = 0.0
        self._flights: SingleFlight[Any] = SingleFlight()
        self._async_flights: AsyncSingleFlight[Any] = AsyncSingleFlight()

    def run(self, region: Region, key: Hashable, loader: Callable[[Any], Any], ttl: Any) -> Any:
        """Return the value of a key that was not found, loaded by this thread or another."""
        load = Load(self, region, key, ttl)

        def lead() -> Any:
            if not load.begin():
                with load:
                    load.value = loader(key)
            return load.value

        try:
            return self._flights.run(load.place, lead, load.wait)
        finally:
            load.close()

    async def arun(
        self, region: Region, key: Hashable, loader: Callable[[Any], Awaitable[Any]], ttl: Any
    ) -> Any:
        """Return the value of a key that was not found, loaded by this task or another."""
        load = Load(self, region, key, ttl)

        async def lead() -> Any:
            if not load.begin():
                with load:
                    load.value = await loader(key)
            return load.value

        try:
            return await self._async_flights.run(load.place, lead, load.wait)
        finally:
            load.close()


class Load:
    """One caller's way through a miss; as a context, the call of the loader."""

    __slots__ = (
        "_counted",
        "_error",
        "_gone",
        "_loads",
        "_registered",
        "_seconds",
        "_started",
        "_ttl",
        "_waiting_since",
        "place",
        "value",
    )

    def __init__(self, loads: Loads, region: Region, key: Hashable, ttl: Any) -> None:
        self.place: Place = (region, key)
        self.value: Any = None
        self._loads = loads
        self._ttl = ttl
        self._counted = self._registered = False
        self._waiting_since: float | None = None
        self._started = 0.0
        self._seconds: float | None = None
        self._error: BaseException | None = None
        self._gone: Gone = []

    def wait(self) -> None:
        """Count a miss that waits for another caller's load."""
        store = self._loads.store
        with store.lock:
            store.misses += 1
            self._loads.coalesced += 1
            self._counted = True
        self._waiting_since = time.perf_counter()
        store.report(EventKind.MISS, self.place[1])
        store.report(EventKind.WAIT_STARTED, self.place[1])

    def begin(self) -> bool:
        """Say whether the value has come since this caller looked; else count the miss.

        Raises:
            Exception: The error that the last load raised, while it is kept.
        """
        loads, store, place = self._loads, self._loads.store, self.place
        region, key = place
        first, error = not self._counted, None
        self._counted = True
        with store.lock:
            gone = store.drop_expired(region, key)
            entry = region.entries.get(key)
            if entry is None:
                store.misses += first
                error = store.failures.find(place, store.now, store.settings.negative_ttl_seconds)
                if error is None:
                    store.loading[place] = self
                    self._registered = True
                else:
                    loads.negative_hits += 1
        store.announce(gone)
        if entry is not None:
            self.value = entry.value
            if first:
                store.use(entry)
            return True
        if first:
            store.report(EventKind.MISS, key)
        if error is not None:
            raise error
        return False

    def __enter__(self) -> Self:
        self._loads.store.report(EventKind.LOAD_STARTED, self.place[1])
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self._seconds = seconds = time.perf_counter() - self._started
        if error is not None:
            self._fail(error, seconds)
            return
        try:
            self._succeed(seconds)
        except BaseException as problem:
            self._fail(problem, seconds)
            raise

    def close(self) -> None:
        """Tell what happened, once nobody waits for it any more."""
        store, key = self._loads.store, self.place[1]
        if self._registered:
            with store.lock:
                self._is_latest()
        if store.hook is not None:
            if self._waiting_since is not None:
                waited = time.perf_counter() - self._waiting_since
                store.report(EventKind.WAIT_FINISHED, key, seconds=waited)
            if self._seconds is not None:
                failed = self._error is not None
                ended = EventKind.LOAD_FAILED if failed else EventKind.LOAD_FINISHED
                store.report(ended, key, seconds=self._seconds, detail=self._error)
        store.announce(self._gone)

    def _succeed(self, seconds: float) -> None:
        loads, store, value = self._loads, self._loads.store, self.value
        region, key = self.place
        if isinstance(value, CoroutineType):
            value.close()
            raise BadInputError("the loader is a coroutine function; use aget_or_load", "loader")
        lifetime = None if self._ttl is None else read_lifetime(self._ttl, key, value)
        size = store.size(key, value)
        with store.lock:
            loads.loads += 1
            loads.load_seconds_total += seconds
            if self._is_latest():
                store.failures.forget(self.place)
                self._gone = store.insert(region, key, value, size, lifetime)

    def _fail(self, error: BaseException, seconds: float) -> None:
        loads, store = self._loads, self._loads.store
        self._error = error
        with store.lock:
            loads.loads += 1
            loads.load_errors += 1
            loads.load_seconds_total += seconds
            latest, settings = self._is_latest(), store.settings
            if settings.negative_ttl_seconds is None or not isinstance(error, Exception):
                return
            if latest:
                store.failures.keep(self.place, error, store.now(), settings.max_cache_size)

    def _is_latest(self) -> bool:
        """Sign off, under the lock; False where the key was written or removed meanwhile.

        Whoever did so knows better than what this load brings.
        """
        loading = self._loads.store.loading
        self._registered = False
        if loading.get(self.place) is not self:
            return False
        del loading[self.place]
        return True
