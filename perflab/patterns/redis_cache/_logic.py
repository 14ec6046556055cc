"""What the cache in Redis does on a miss, as steps that a thread or a task carries out."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from perflab.instrumentation import EventKind, Hook
from perflab.patterns.redis_cache._changes import Changes
from perflab.patterns.redis_cache._envelope import CorruptEntryError, Entry, Envelope
from perflab.patterns.redis_cache._guard import AwayError, Guard
from perflab.patterns.redis_cache._keys import checked_key, lifetime
from perflab.patterns.redis_cache._lock import Lock
from perflab.patterns.redis_cache._serializers import UnwritableError
from perflab.patterns.redis_cache._steps import Command, Fly, Load, Spawn, Steps
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives.forking import renew_in_children
from perflab.primitives.loggers import log_failed_load, pattern_logger

log = pattern_logger("redis_cache")


class Logic:
    """Reads, loads and writes entries; knows no thread, no task and no client."""

    def __init__(
        self,
        settings: RedisCacheSettings,
        hook: Hook | None,
        signing_key: bytes | None,
        lock_seconds: float,
    ) -> None:
        self._signing_key = signing_key
        self.lock_seconds = lock_seconds
        self.guard = self.make_guard(settings, hook)
        self.changes = Changes()
        self._refreshing: dict[str, object] = {}
        self.apply(settings)
        renew_in_children(self)

    def hold(self, seconds: float) -> bool:
        """Take no lock before a fork: each change here is one step of a dict."""
        del seconds
        return True

    def let_go(self) -> None:
        """Have no lock to give back after a fork."""

    def renew(self, *, whole: bool) -> None:
        """Forget, in a forked child, the refreshes of threads and tasks that are not there."""
        del whole
        self._refreshing.clear()

    def apply(self, settings: RedisCacheSettings) -> None:
        """Take settings over; entries that are there keep the lifetime they were written with.

        Raises:
            BadInputError: If pickle is requested without a signing key.
        """
        self.envelope = Envelope(settings.serializer, self._signing_key)
        self.settings = settings
        self.root = self.root_of(settings)
        self.prefix = f"{self.root}:k:"
        self.early = settings.stampede == "early"
        self.guard.retries = settings.retries
        self.guard.breaker.change(settings.breaker_failures, settings.breaker_seconds)

    def root_of(self, settings: RedisCacheSettings) -> str:
        """Return what the names of all keys begin with, without the colon after it."""
        return settings.cache_namespace

    def make_guard(self, settings: RedisCacheSettings, hook: Hook | None) -> Guard:
        """Return what stands between the cache and its server."""
        return Guard(settings, hook)

    def read(self, key: str, name: str, data: bytes | None) -> Entry | None:
        """Return the entry that the bytes hold; None where there are none, or bad ones."""
        if data is None:
            return None
        try:
            return self.envelope.open(name, data)
        except CorruptEntryError as error:
            self.guard.report(EventKind.CORRUPT, key, detail=error)
            return None

    def is_due(self, entry: Entry) -> bool:
        """Return whether to reload an entry: its TTL is over, or nearly so and chance decides now.

        The chance is that of XFetch (Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic
        Cache Stampede Prevention", VLDB 2015, section 3, with beta = 1).
        """
        now = time.time()
        if self.early:
            now -= entry.load_seconds * math.log(1.0 - random.random())
        return now >= entry.fresh_until

    def fetch(self, key: str, error: Exception | None = None) -> Steps:
        """Return the entry of a key, or None; a stale one counts as none.

        Raises:
            BadInputError: If it is no key.
        """
        key = checked_key(key)
        entry, _ = yield from self._find(key, error)
        if entry is not None and entry.fresh_until and time.time() >= entry.fresh_until:
            entry = None
        self._count(key, entry)
        return entry

    def answer(
        self,
        key: str,
        load: Callable[[], object],
        ttl: float | None,
        *,
        error: Exception | None = None,
        entry: Entry | None = None,
        asked: bool = False,
    ) -> Steps:
        """Return the value of a key, kept or loaded; what a first GET brought may be given."""
        away = False
        if not asked:
            entry, away = yield from self._find(key, error)
        if entry is not None and not (entry.fresh_until and self.is_due(entry)):
            self._count(key, entry)
            return entry.value
        if entry is not None and time.time() >= entry.fresh_until:
            if self.settings.stale_seconds is not None:
                self._count(key, entry)
                self.guard.report(EventKind.STALE, key)
                mine = object()
                # One atomic call, so that of many threads one starts a load.
                if self._refreshing.setdefault(key, mine) is mine:
                    yield Spawn(lambda: self._refresh(key, load, ttl))
                return entry.value
            entry = None
        self._count(key, None)
        if away:
            self.guard.report(EventKind.FALLBACK, key)
        return (
            yield Fly(
                key,
                lambda: self._load_once(key, load, ttl, away=away, early=entry is not None),
                lambda: self.guard.report(EventKind.WAIT_STARTED, key),
            )
        )

    def put(self, key: str, value: object, ttl: float | None, *, first: bool = False) -> Steps:
        """Write a value; a load under way will not write over it. False where that failed.

        Args:
            key: Whose value it is.
            value: What is written.
            ttl: Its own seconds to live; none for the setting's.
            first: Whether the server is to take it for a new key, as if none had been there.

        Raises:
            BadInputError: If key, value or TTL are none that can be written.
        """
        key = checked_key(key)
        command = self.write_command(key, value, lifetime(ttl), 0.0, nothing=False)
        old = (self.prefix + key,) if first else ()
        try:
            # Without its lock, a load under way writes nothing from here on.
            yield from self.guard.ask(key, ("DEL", self.lock(key).name, *old), command)
        except AwayError:
            return False
        return True

    def remove(self, key: str) -> Steps:
        """Remove a key; a load under way will not write it. False where it was not there.

        Raises:
            BadInputError: If it is no key.
        """
        key = checked_key(key)
        try:
            replies = yield from self.guard.ask(
                key, ("DEL", self.lock(key).name), ("DEL", self.prefix + key)
            )
        except AwayError:
            return False
        return bool(replies[1])

    def lock(self, key: str) -> Lock:
        """Return the lock of a key, not taken."""
        name = f"{self.root}:l:{key}"
        return Lock(self.guard, key, name, self.prefix + key, self.lock_seconds)

    def write_command(
        self, key: str, value: object, ttl: float | None, load_seconds: float, *, nothing: bool
    ) -> Command:
        """Return the command that writes an entry, its lifetime shortened at random.

        Raises:
            UnwritableError: If the serializer cannot write such a value; it is counted.
        """
        settings = self.settings
        seconds = settings.negative_ttl_seconds if nothing else settings.ttl_seconds
        if ttl is not None and not nothing:
            seconds = ttl
        name = self.prefix + key
        fresh_until, expiry = self.expiry(seconds, nothing=nothing)
        data = self._seal(key, value, fresh_until, load_seconds, nothing=nothing)
        return ("SET", name, data, *(("PX", *expiry) if expiry else ()))

    def expiry(
        self, seconds: float | None, *, nothing: bool = False
    ) -> tuple[float, tuple[int, ...]]:
        """Return the end that an entry written now has, its lifetime shortened at random.

        Args:
            seconds: Its lifetime; none or infinite for no end.
            nothing: Whether it says that the loader found nothing, which is never served stale.

        Returns:
            Unix seconds until which it is fresh, 0 for as long as it is there; and the
            milliseconds after which the server removes it, if it does.
        """
        if seconds is None or seconds == math.inf:
            return 0.0, ()
        settings = self.settings
        seconds *= 1.0 - settings.ttl_jitter * random.random()
        stale = 0.0 if nothing else (settings.stale_seconds or 0.0)
        # Without stale serving or early loading the server's expiry says all, and the clocks of
        # the machines that share it need not agree.
        fresh_until = time.time() + seconds if stale or self.early else 0.0
        return fresh_until, (max(1, round((seconds + stale) * 1000)),)

    def loaded_command(
        self, key: str, value: object, ttl: float | None, load_seconds: float
    ) -> Command | None:
        """Return the command that writes what a loader brought; None where it is not kept.

        A value that the serializer cannot write is the caller's all the same, and counted.
        """
        if value is None and self.settings.negative_ttl_seconds is None:
            return None
        try:
            return self.write_command(key, value, ttl, load_seconds, nothing=value is None)
        except UnwritableError:
            return None

    def _seal(
        self, key: str, value: object, fresh_until: float, load_seconds: float, *, nothing: bool
    ) -> bytes:
        name = self.prefix + key
        try:
            return self.envelope.seal(name, value, fresh_until, load_seconds, nothing=nothing)
        except UnwritableError as error:
            self.guard.report(EventKind.VALUE_REFUSED, key, detail=error)
            raise

    def _find(self, key: str, error: Exception | None) -> Steps:
        name = self.prefix + key
        try:
            replies = yield from self.guard.ask(key, ("GET", name), error=error)
        except AwayError:
            return None, True
        return self.read(key, name, replies[0]), False

    def _count(self, key: str, entry: Entry | None) -> None:
        if entry is None:
            self.guard.report(EventKind.MISS, key)
            return
        next(self.guard.hits)
        if self.guard.hook is not None:
            self.guard.report(EventKind.HIT, key)

    def _load_once(
        self, key: str, load: Callable[[], object], ttl: float | None, *, away: bool, early: bool
    ) -> Steps:
        if away:
            value, seconds = yield from self.load(key, load)
            # So that a value which cannot be kept is told as when the server is there.
            self.loaded_command(key, value, ttl, seconds)
            return value
        if early or self.settings.stampede == "off":
            return (yield from self._load_and_write(key, load, ttl, None))
        if self.early:
            # Another may have loaded it between this caller's look and its turn.
            entry, _ = yield from self._find(key, None)
            if entry is not None:
                return entry.value
            return (yield from self._load_and_write(key, load, ttl, None))
        lock = self.lock(key)
        entry = yield from lock.take(lambda data: self._usable(key, data))
        if entry is not None:
            return entry.value
        return (yield from self._load_and_write(key, load, ttl, lock))

    def _usable(self, key: str, data: bytes | None) -> Entry | None:
        entry = self.read(key, self.prefix + key, data)
        if entry is not None and entry.fresh_until and time.time() >= entry.fresh_until:
            return None
        return entry

    def _refresh(self, key: str, load: Callable[[], object], ttl: float | None) -> Steps:
        try:
            lock = self.lock(key) if self.settings.stampede == "lock" else None
            if lock is not None and not (yield from lock.try_once()):
                return
            yield from self._load_and_write(key, load, ttl, lock)
        except Exception as error:  # noqa: BLE001  (nobody waits for it; the stale entry serves)
            self.guard.report(EventKind.FALLBACK, key, detail=error)
        finally:
            self._refreshing.pop(key, None)

    def _load_and_write(
        self, key: str, load: Callable[[], object], ttl: float | None, lock: Lock | None
    ) -> Steps:
        mine = self.changes.begin((key,))
        try:
            value, seconds = yield from self.load(key, load)
            command = self.loaded_command(key, value, ttl, seconds)
        except GeneratorExit:  # nobody carries these steps out any more: the lock expires
            raise
        except BaseException:
            if lock is not None:
                yield from lock.release()
            raise
        finally:
            unchanged = self.changes.end(mine, (key,))
        if not unchanged:
            command = None
        if lock is not None:
            yield from lock.release(command, overran=seconds >= self.lock_seconds)
        elif command is not None:
            try:
                yield from self.guard.ask(key, command)
            except AwayError:
                return value
        return value

    def load(self, key: object, load: Callable[[], object]) -> Steps:
        """Call a loader; return what it brought and its seconds. What it raises is the caller's."""
        report = self.guard.report
        report(EventKind.LOAD_STARTED, key)
        started = time.perf_counter()
        try:
            value = yield Load(load)
        except BaseException as error:
            seconds = time.perf_counter() - started
            report(EventKind.LOAD_FAILED, key, seconds, error)
            log_failed_load(log, key, seconds, error)
            raise
        seconds = time.perf_counter() - started
        report(EventKind.LOAD_FINISHED, key, seconds)
        return value, seconds
