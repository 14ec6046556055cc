"""The cache in Redis as live runs have it; on a user's server, under the run's own name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import redis

from perflab.instrumentation import EventKind, Hook
from perflab.patterns.redis_cache._guard import Guard
from perflab.patterns.redis_cache._lock import Lock
from perflab.patterns.redis_cache._logic import Logic
from perflab.patterns.redis_cache._redis_cache import RedisCache
from perflab.patterns.redis_cache._steps import Command, Fly
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.run import RedisRun

_IN_SCRIPT = "ACL failure in script"


class ReplayCache(RedisCache):
    """A cache whose loads may be written once more, as programs do that fill caches themselves.

    Attributes:
        on_wait: Called in each thread that begins to wait for a load by another; None is nothing.
    """

    on_wait: Callable[[], None] | None = None

    def _do(self, step: Any) -> Any:
        if isinstance(step, Fly) and self.on_wait is not None:
            step = dataclasses.replace(step, on_wait=partial(_both, step.on_wait, self.on_wait))
        return super()._do(step)

    def fill(self, key: str, value: object, ttl: float | None) -> bool:
        """Write a value in place of what a load has just written, for the server as a new key.

        Returns:
            Whether the server took it.
        """
        with self._logic.changes.change(self._flights, (key,)):
            return bool(self._run(self._logic.put(key, value, ttl, first=True)))


class RunCache(ReplayCache):
    """Writes under the run's name alone, and only what the run may still take.

    Args:
        settings: The cache's settings.
        url: The server's address.
        run: The run on that server.
    """

    def __init__(self, settings: RedisCacheSettings, url: str, run: RedisRun) -> None:
        self._redis_run = run
        super().__init__(settings, url=url)

    def _make_logic(
        self,
        settings: RedisCacheSettings,
        hook: Hook | None,
        signing_key: bytes | None,
        lock_seconds: float,
    ) -> Logic:
        return _RunLogic(self._redis_run, settings, hook, signing_key, lock_seconds)


class _RunLogic(Logic):
    def __init__(self, run: RedisRun, *rest: Any) -> None:
        self._run = run
        super().__init__(*rest)

    def root_of(self, settings: RedisCacheSettings) -> str:
        del settings
        return self._run.keys.root

    def make_guard(self, settings: RedisCacheSettings, hook: Hook | None) -> Guard:
        return _RunGuard(self._run.stop, settings, hook)

    def lock(self, key: str) -> Lock:
        lock = super().lock(key)
        self._run.note_lock(lock.name)
        return lock

    def write_command(
        self, key: str, value: object, ttl: float | None, load_seconds: float, *, nothing: bool
    ) -> Command:
        command = super().write_command(key, value, ttl, load_seconds, nothing=nothing)
        self._run.charge(command[1], len(command[2]))
        return command


class _RunGuard(Guard):
    def __init__(
        self, stop: Callable[[str], None], settings: RedisCacheSettings, hook: Hook | None
    ) -> None:
        self._stop = stop
        super().__init__(settings, hook)

    def report(
        self, kind: EventKind, key: object, seconds: float = 0.0, detail: object = None
    ) -> None:
        if isinstance(detail, redis.exceptions.OutOfMemoryError):
            self._stop("the server is full and refuses writes; free memory there")
        if _IN_SCRIPT in str(detail):
            self._stop(
                "the server does not let this user run what renews a lifetime; grant it: "
                "ACL SETUSER <user> +getrange +setrange +persist +pexpire, or set writes=ignore"
            )
        super().report(kind, key, seconds, detail)


def _both(first: Callable[[], None], second: Callable[[], None]) -> None:
    first()
    second()
