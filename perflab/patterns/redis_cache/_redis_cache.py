"""A cache in Redis that the loader stands behind, whatever happens to the server."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, cast

from perflab.instrumentation import Event, EventKind, Hook
from perflab.patterns.redis_cache import _batches as batches
from perflab.patterns.redis_cache._async import AsyncRedisCache
from perflab.patterns.redis_cache._clients import open_client
from perflab.patterns.redis_cache._front import Front
from perflab.patterns.redis_cache._keys import call_keys, checked_key, lifetime
from perflab.patterns.redis_cache._loaders import check_function, decorated, plain_result
from perflab.patterns.redis_cache._replies import checked, checked_value, server_error
from perflab.patterns.redis_cache._steps import Ask, Fly, Load, Pause, Spawn, Steps
from perflab.patterns.redis_cache._touch import touch
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives import SingleFlight

__all__ = ["AsyncRedisCache", "RedisCache"]

V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")

_CLOSE_SECONDS = 1.0


class RedisCache(Front):
    """Keeps what loaders bring in Redis, for threads and for processes that share the server.

    No failure of the server reaches a caller: the loader serves instead, and what a loader
    raises is the caller's. One command keeps a caller waiting for at most ``timeout`` times
    ``1 + retries``, plus pauses of at most 0.1 s between tries; a lookup that fails asks no
    other. A loader that returns None has found nothing, which is remembered for
    ``negative_ttl_seconds``. With ``stale_seconds`` an old value is served while a thread of
    the cache loads the new one. Keys are texts. A value that would not come back as it was is the
    caller's all the same: it is not kept, and counted as `values_refused`.

    Who asks after a removal gets no value of before it from Redis, and none that this process was
    loading; with the stampede setting ``lock``, none that another process was loading either.

    Args:
        settings: Where the server is, lifetimes, serializer, stampedes, breaker.
        client: A client of redis-py to use, of one server or of Sentinel, not of a cluster; its
            address, timeouts and retries are its own.
        url: The server's address, such as ``redis://host:6379/0``, before that in the settings.
        hook: Called with an event for everything that happens.
        signing_key: Signs every entry; pickle needs one. 16 bytes or more.
        lock_seconds: How long one process may load a key before another may too.

    Raises:
        BadInputError: If no server is named, an argument is wrong, or pickle is requested without
            a signing key; at the first use, if the server is part of a cluster.
    """

    _open_client = staticmethod(open_client)
    _is_awaited = False

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
        self._flights: SingleFlight[Any] = SingleFlight()
        self._threads: set[threading.Thread] = set()

    def get_or_load(self, key: str, load: Callable[[], V], *, ttl: float | None = None) -> V:
        """Return the value of a key, or its load; one load a key at a time.

        Raises:
            BadInputError: If it is not a key, `ttl` is not a number of seconds above 0, or `load`
                is not a function that returns a value at once.
        """
        key = checked_key(key)
        if ttl is not None:
            ttl = lifetime(ttl)
        logic = self._logic
        guard = logic.guard
        if not guard.breaker.is_closed:
            return cast("V", self._run(logic.answer(key, load, ttl)))
        name = logic.prefix + key
        try:
            data = checked_value(self._client.get(name))
        except Exception as problem:  # noqa: BLE001  (no failure of the server reaches a caller)
            error = server_error(problem)
            return cast("V", self._run(logic.answer(key, load, ttl, error=error)))
        if guard.breaker.failed:
            guard.succeed(key)
        entry = logic.read(key, name, data)
        if entry is None or entry.fresh_until:
            steps = logic.answer(key, load, ttl, entry=entry, asked=True)
            return cast("V", self._run(steps))
        next(guard.hits)
        if guard.hook is not None:
            guard.hook(Event(EventKind.HIT, key, size=len(data or b"")))
        return cast("V", entry.value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or the default; counts a hit or a miss."""
        entry = self._run(self._logic.fetch(key))
        return default if entry is None else entry.value

    def set(self, key: str, value: object, *, ttl: float | None = None) -> bool:
        """Write a value; False where the server did not take it.

        Raises:
            BadInputError: If key, value or TTL cannot be written.
        """
        with self._logic.changes.change(self._flights, (key,)):
            return bool(self._run(self._logic.put(key, value, ttl)))

    def touch(self, key: str, ttl: float | None = None) -> bool:
        """Give an entry a new lifetime from now, shortened at random as with `set`.

        The value stays where it is. No lookup is counted; for the server's eviction policy it is
        a use, as EXPIRE is.

        Args:
            key: Whose entry lives on.
            ttl: Its own seconds to live; none for the setting's, `math.inf` for no end.

        Returns:
            Whether there was one: False for a key that is absent, stale, or remembered as not
            found, and where the server is down.

        Raises:
            BadInputError: If it is not a key, or `ttl` is not a number of seconds above 0.
        """
        return bool(self._run(touch(self._logic, key, ttl)))

    def delete(self, key: str) -> bool:
        """Remove a key; False where it was not there or the server is down."""
        with self._logic.changes.change(self._flights, (key,)):
            return bool(self._run(self._logic.remove(key)))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of the keys that are there, in one round trip."""
        found, _ = self._run(batches.fetch_many(self._logic, keys))
        return {key: entry.value for key, entry in found.items()}

    def get_or_load_many(
        self,
        keys: Iterable[str],
        load_many: Callable[[list[str]], Mapping[str, V]],
        *,
        ttl: float | None = None,
    ) -> dict[str, V]:
        """Return the values of keys; those that are missing are loaded in one call."""
        steps = batches.answer_many(self._logic, keys, load_many, ttl)
        return cast("dict[str, V]", self._run(steps))

    def set_many(self, values: Mapping[str, object], *, ttl: float | None = None) -> bool:
        """Write values in one round trip; False where the server did not take them."""
        with self._logic.changes.change(self._flights, values):
            return bool(self._run(batches.put_many(self._logic, values, ttl)))

    def memoize(
        self,
        *,
        key: Callable[..., str] | None = None,
        ttl: float | None = None,
        name: str | None = None,
        version: object = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function so that its results are kept.

        The key is made of the function's module and name and of its arguments, which must have a
        value that can be written: None, bool, int, float, str, bytes, dates and times, Decimal,
        UUID, members of an enum, and tuples, lists, sets, dicts, dataclasses and named tuples of
        these. Types are told apart (``1``, ``1.0`` and ``True`` are three entries) and the order
        of named arguments does not matter. The object of a bound method is an argument.

        Args:
            key: Makes the key of the arguments, for others than these; alone it is the whole key.
            ttl: How long results are kept, in seconds; none for the setting.
            name: The function's name, where it has none that other programs know it by too: a
                lambda, a function inside another one, one of a script or notebook.
            version: Parts results from those of other versions: raise it when you edit the
                function.

        Raises:
            BadInputError: If it is a coroutine function or makes generators, or a value is wrong;
                and at the first call where neither `key` nor `name` is given but needed.
        """
        ttl = lifetime(ttl)

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            check_function(function, awaited=False)
            make = call_keys(function, key, name, version)

            @functools.wraps(function)
            def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
                return self.get_or_load(
                    make(*args, **kwargs), lambda: function(*args, **kwargs), ttl=ttl
                )

            return wrapper

        return lambda function: decorated(function, decorate)

    def clear(self) -> int:
        """Remove the keys of the namespace and no others; returns how many entries went."""
        with self._logic.changes.change(self._flights, None):
            return int(self._run(batches.clear(self._logic)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait shortly for loads in the background; end the connections of a client of ours."""
        for thread in list(self._threads):
            thread.join(_CLOSE_SECONDS)
        if self._owns_client:
            self._client.close()

    def _run(self, steps: Steps) -> Any:
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.throw(error) if error is not None else steps.send(result)
            except StopIteration as done:
                return done.value
            result = error = None
            try:
                result = self._do(step)
            except BaseException as problem:  # noqa: BLE001  (the steps decide what it means)
                error = problem

    def _do(self, step: Any) -> Any:
        match step:
            case Ask(commands=(command,)):
                return checked((command,), [self._client.execute_command(*command)])
            case Ask(commands=commands):
                with self._client.pipeline(transaction=False) as pipe:
                    for command in commands:
                        pipe.execute_command(*command)
                    return checked(commands, pipe.execute())
            case Load(call=call):
                return plain_result(call)
            case Fly(name=name, steps=make, on_wait=on_wait):
                return self._flights.run(name, lambda: self._run(make()), on_wait)
            case Pause(seconds=seconds):
                time.sleep(seconds)
            case Spawn(steps=make):
                thread = threading.Thread(target=self._run_apart, args=(make(),), daemon=True)
                self._threads.add(thread)
                thread.start()
        return None

    def _run_apart(self, steps: Steps) -> None:
        try:
            self._run(steps)
        finally:
            self._threads.discard(threading.current_thread())
