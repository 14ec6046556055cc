"""The asyncio twin of the cache in Redis."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, cast

from perflab.instrumentation import Event, EventKind, Hook
from perflab.patterns.redis_cache import _batches as batches
from perflab.patterns.redis_cache._clients import open_async_client
from perflab.patterns.redis_cache._front import Front
from perflab.patterns.redis_cache._keys import call_keys, checked_key, lifetime
from perflab.patterns.redis_cache._loaders import (
    awaitable_result,
    check_function,
    checked_result,
    decorated,
)
from perflab.patterns.redis_cache._replies import checked, checked_value, server_error
from perflab.patterns.redis_cache._steps import Ask, Fly, Load, Pause, Spawn, Steps
from perflab.patterns.redis_cache._touch import touch
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives import AsyncSingleFlight

V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")


class AsyncRedisCache(Front):
    """`RedisCache` for tasks: the same methods, awaited, with coroutine functions as loaders.

    One object serves one event loop, as redis-py's client does. Arguments and errors are those
    of `RedisCache`.
    """

    _open_client = staticmethod(open_async_client)
    _is_awaited = True

    def __init__(
        self,
        settings: RedisCacheSettings | None = None,
        *,
        client: Any = None,
        url: str | None = None,
        hook: Hook | None = None,
        signing_key: bytes | None = None,
        lock_seconds: float = 10.0,
    ) -> None:
        super().__init__(settings, client, url, hook, signing_key, lock_seconds)
        self._flights: AsyncSingleFlight[Any] = AsyncSingleFlight()
        self._tasks: set[asyncio.Task[object]] = set()

    async def get_or_load(
        self, key: str, load: Callable[[], Awaitable[V]], *, ttl: float | None = None
    ) -> V:
        """Return the value of a key, or await its load; one load a key at a time."""
        key = checked_key(key)
        if ttl is not None:
            ttl = lifetime(ttl)
        logic = self._logic
        guard = logic.guard
        if not guard.breaker.is_closed:
            return cast("V", await self._run(logic.answer(key, load, ttl)))
        name = logic.prefix + key
        try:
            data = checked_value(await self._client.get(name))
        except Exception as problem:  # noqa: BLE001  (no failure of the server reaches a caller)
            error = server_error(problem)
            return cast("V", await self._run(logic.answer(key, load, ttl, error=error)))
        if guard.breaker.failed:
            guard.succeed(key)
        entry = logic.read(key, name, data)
        if entry is None or entry.fresh_until:
            steps = logic.answer(key, load, ttl, entry=entry, asked=True)
            return cast("V", await self._run(steps))
        next(guard.hits)
        if guard.hook is not None:
            guard.hook(Event(EventKind.HIT, key, size=len(data or b"")))
        return cast("V", entry.value)

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or the default; counts a hit or a miss."""
        entry = await self._run(self._logic.fetch(key))
        return default if entry is None else entry.value

    async def set(self, key: str, value: object, *, ttl: float | None = None) -> bool:
        """Write a value; False where the server did not take it."""
        with self._logic.changes.change(self._flights, (key,)):
            return bool(await self._run(self._logic.put(key, value, ttl)))

    async def touch(self, key: str, ttl: float | None = None) -> bool:
        """Give an entry a new lifetime from now; False where there is none."""
        return bool(await self._run(touch(self._logic, key, ttl)))

    async def delete(self, key: str) -> bool:
        """Remove a key; False where it was not there or the server is down."""
        with self._logic.changes.change(self._flights, (key,)):
            return bool(await self._run(self._logic.remove(key)))

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of the keys that are there, in one round trip."""
        found, _ = await self._run(batches.fetch_many(self._logic, keys))
        return {key: entry.value for key, entry in found.items()}

    async def get_or_load_many(
        self,
        keys: Iterable[str],
        load_many: Callable[[list[str]], Awaitable[Mapping[str, V]]],
        *,
        ttl: float | None = None,
    ) -> dict[str, V]:
        """Return the values of keys; those that are missing are loaded in one call."""
        steps = batches.answer_many(self._logic, keys, load_many, ttl)
        return cast("dict[str, V]", await self._run(steps))

    async def set_many(self, values: Mapping[str, object], *, ttl: float | None = None) -> bool:
        """Write values in one round trip; False where the server did not take them."""
        with self._logic.changes.change(self._flights, values):
            return bool(await self._run(batches.put_many(self._logic, values, ttl)))

    def memoize(
        self,
        *,
        key: Callable[..., str] | None = None,
        ttl: float | None = None,
        name: str | None = None,
        version: object = None,
    ) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]:
        """Decorate a coroutine function so that its results are kept.

        Keys, arguments and errors are those of `RedisCache.memoize`; a function that is not async
        is refused.
        """
        ttl = lifetime(ttl)

        def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
            check_function(function, awaited=True)
            make = call_keys(function, key, name, version)

            @functools.wraps(function)
            async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
                return await self.get_or_load(
                    make(*args, **kwargs), lambda: function(*args, **kwargs), ttl=ttl
                )

            return wrapper

        decorating: Any = functools.partial(decorated, decorate=decorate)
        return cast(
            "Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]", decorating
        )

    async def clear(self) -> int:
        """Remove the keys of the namespace and no others; returns how many entries went."""
        with self._logic.changes.change(self._flights, None):
            return int(await self._run(batches.clear(self._logic)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End loads in the background, and the connections of a client of ours."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._owns_client:
            await self._client.aclose()

    async def _run(self, steps: Steps) -> Any:
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.throw(error) if error is not None else steps.send(result)
            except StopIteration as done:
                return done.value
            result = error = None
            try:
                result = await self._do(step)
            except BaseException as problem:  # noqa: BLE001  (the steps decide what it means)
                error = problem

    async def _do(self, step: Any) -> Any:
        match step:
            case Ask(commands=(command,)):
                return checked((command,), [await self._client.execute_command(*command)])
            case Ask(commands=commands):
                async with self._client.pipeline(transaction=False) as pipe:
                    for command in commands:
                        pipe.execute_command(*command)
                    return checked(commands, await pipe.execute())
            case Load(call=call):
                return checked_result(call, await awaitable_result(call))
            case Fly(name=name, steps=make, on_wait=on_wait):
                return await self._flights.run(name, lambda: self._run(make()), on_wait)
            case Pause(seconds=seconds):
                await asyncio.sleep(seconds)
            case Spawn(steps=make):
                task = asyncio.create_task(self._run(make()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return None
