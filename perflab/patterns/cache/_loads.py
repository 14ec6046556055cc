"""How a cache loads what it misses: one load per key at a time, and errors kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from sys import getsizeof
from threading import get_ident
from time import monotonic, perf_counter
from types import CoroutineType
from typing import Any, TypeVar

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.cache._changes import begin_change, settle
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._lifetimes import read_lifetime
from perflab.patterns.cache._removal import Gone
from perflab.patterns.cache._rivals import is_dead, side_of
from perflab.patterns.cache._sizes import entry_bytes
from perflab.patterns.cache._store import Store
from perflab.primitives.loggers import log_failed_load, pattern_logger
from perflab.primitives.single_flight import Flight, refuse_deadlock

log = pattern_logger("cache")
T = TypeVar("T")


class Loads:
    """The misses of a cache that bring their loader with them, from threads and from tasks.

    A thread's miss is `begin`, the loader, and `finish` or `fail`, called one after the other by
    the code that missed: a loader that asks for other keys then costs no frames but its own and
    its caller's, and `fail` needs no more of them than `begin` did.

    Attributes:
        on_wait: Called in each thread that begins to wait for a load by another; None is nothing.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loads = self.load_errors = self.coalesced = self.negative_hits = 0
        self.load_seconds_total = 0.0
        self.on_wait: Callable[[], None] | None = None

    def begin(self, mine: Entry, seen: Entry | None) -> Entry:
        """Return `mine` where this thread is to load it; else an entry whose value has come.

        Args:
            mine: A new entry of the key.
            seen: What was found under the key before, if anything.

        Raises:
            Exception: The error that the last load raised, while it is kept.
            RuntimeError: If the load asks for its own key, directly or through other loads.
        """
        store = self.store
        mine.owner = get_ident()
        if seen is None and not store.listens:
            with store.lock:
                seen = mine.region.entries.setdefault(mine.key, mine)  # type: ignore[union-attr]
            if seen is mine:
                next(store.misses)
                mine.written = monotonic()
                return mine
        return self._begin(mine, seen, counted=False)

    def _begin(self, mine: Entry, seen: Entry | None, *, counted: bool) -> Entry:
        """Do as `begin`, whatever was found and whoever listens."""
        store, flight = self.store, None
        gone: Gone = []
        with store.lock:
            begin_change(store)
            store.sweep(gone)
            found = self.meet(mine, seen, gone)
            store.changing = False
            if found is mine:
                if not counted:
                    next(store.misses)
            else:
                mine.owner = None
                flight = self._join(found, counted=counted)
        store.announce(gone)
        if found is mine:
            if not counted:
                store.report(EventKind.MISS, mine.key)
            store.report(EventKind.LOAD_STARTED, mine.key)
            mine.written = monotonic()
            return mine
        if flight is None:
            return self.hit(found, counted=counted)
        self._wait(flight, mine.key, counted=counted)
        if flight.ended:
            flight.outcome()
            return found
        mine.owner = get_ident()
        return self._begin(mine, None, counted=True)

    def finish(self, mine: Entry, value: T, ttl: object) -> T:
        """Keep what the loader brought, unless the key was written or removed since; return it.

        Raises:
            BadInputError: If the value is a coroutine, or `ttl` is not a number of 0 or more.
        """
        store = self.store
        ended = monotonic()
        if value.__class__ is CoroutineType:
            refuse_coroutine(value)
        if not store.plain or ttl is not None:
            return self._finish(mine, value, ttl, ended)
        # As `_finish` and `Store.admit`, in place, where nobody listens: calls would cost a third
        # of a miss.
        size = getsizeof(mine.key) + getsizeof(value)
        with store.lock:
            region = mine.region
            # Asked again: the settings may have changed before the lock was had.
            plain = store.plain and not store.rivals
            if plain and region is not None and size <= store.most_bytes:
                if store.changing:
                    settle(store)
                if store.expect is not None:
                    store.expect(region, mine.key)
                store.changing = True
                while store.held >= store.most_entries or store.bytes + size > store.most_bytes:
                    store.evict(ended)
                mine.value = value
                mine.size = size
                mine.lifetime = None
                store.add(mine)
                store.held += 1
                store.bytes += size
                self.loads += 1
                self.load_seconds_total += ended - mine.written  # type: ignore[operator]
                mine.written = ended
                mine.deadline = store.ttl and ended + store.ttl
                if mine.flight is not None:
                    mine.flight.land(value)
                    mine.flight = None
                mine.owner = None
                store.changing = False
                return value
        return self._finish(mine, value, ttl, ended)

    def _finish(self, mine: Entry, value: T, ttl: object, ended: float) -> T:
        """Do as `finish`, whatever the settings are and whoever listens."""
        store = self.store
        seconds = ended - mine.written  # type: ignore[operator]  # begin set it
        lifetime = None if ttl is None else read_lifetime(ttl, mine.key, value)
        size = entry_bytes(store.sizeof, mine.key, value)
        gone: Gone = []
        with store.lock:
            begin_change(store)
            mine.value = value
            region = mine.region
            if region is not None and (not store.rivals or store.rivals.win(mine, region)):
                store.admit(mine, value, size, lifetime, gone)
            self.loads += 1
            self.load_seconds_total += seconds
            if mine.flight is not None:
                mine.flight.land(value)
            mine.owner = mine.flight = None
            store.changing = False
        store.report(EventKind.LOAD_FINISHED, mine.key, seconds=seconds)
        store.announce(gone)
        return value

    def fail(self, mine: Entry, error: BaseException) -> None:
        """End this caller's load, if it began one, with what was raised.

        Where this is interrupted, `mine` still has an owner, which `abandon` sees.
        """
        store = self.store
        if mine.owner is None:
            store.waiting.pop(get_ident(), None)
            return
        self._fail(mine, error)

    def abandon(self, mine: Entry) -> None:
        """End a load where `fail` did not: Ctrl-C came in between, or the stack was full.

        One step from the caller, as `begin` was, since at the end of the stack there is room for
        no more. The entry stays behind without a meaning, and who waits loads.
        """
        if mine.owner is None:
            return
        with self.store.lock:
            flight = mine.flight
            mine.region = mine.owner = mine.flight = None
            if flight.__class__ is Flight and flight.landed.locked():
                flight.landed.release()

    def _fail(self, mine: Entry, error: BaseException) -> None:
        store = self.store
        kept: KeptError | None = None
        gone: Gone = []
        seconds = None if mine.written is None else monotonic() - mine.written
        if store.settings.negative_ttl_seconds is not None and seconds is not None:
            kept = _kept(error)
        with store.lock:
            begin_change(store)
            if seconds is not None:
                self.loads += 1
                self.load_errors += 1
                self.load_seconds_total += seconds
            region = mine.region
            if region is not None and store.rivals:
                store.rivals.leave(mine, region)
            elif region is not None and kept is None:
                region.unlink(mine)
            elif kept is not None and region is not None:
                self._keep(mine, kept, gone)
            if mine.flight is not None:
                mine.flight.land(None, error)
            mine.owner = mine.flight = None
            store.changing = False
        if seconds is not None:
            log_failed_load(log, mine.key, seconds, error)
        if store.hook is not None and seconds is not None:
            store.report(EventKind.LOAD_FAILED, mine.key, seconds=seconds, detail=error)
        if gone:
            store.announce(gone)

    def meet(self, mine: Entry, seen: Entry | None, gone: Gone) -> Entry:
        """Return which entry of a key is to be used, under the lock.

        That is `mine`, which then stands under the key, where nothing is there that has a value,
        an error or a load to wait for.
        """
        store, region = self.store, mine.region
        if region is None:
            return mine
        found: Entry | None = seen
        if found is None or found.region is None or store.rivals:
            # Where loads go on side by side, what was seen need not stand under the key now.
            found = region.entries.setdefault(mine.key, mine)
            if found is mine:
                return mine
        if found.owner is None and found.region is not None:
            if not store.has_expired(found):
                return found
            store.expire(found, gone)
            found = store.rivals.instead(found, region)
        while found is not None and found.owner is not None and is_dead(found):
            found = store.rivals.instead(found, region)
        if found is not None and found.owner is not None:
            return found if side_of(found) is side_of(mine) else store.rivals.meet(found, mine)
        region.entries[mine.key] = mine
        return mine

    def hit(self, found: Entry, *, counted: bool) -> Entry:
        """Return an entry whose value has come since this caller looked.

        Raises:
            Exception: The error that it holds instead.
        """
        store, kept = self.store, found.value
        if kept.__class__ is not KeptError:
            if not counted:
                store.use(found)
            return found
        if not counted:
            next(store.misses)
        with store.lock:
            self.negative_hits += 1
            if store.touch is None:
                found.visited = True
            elif found.region is not None:
                store.touch(found)
        if not counted:
            store.report(EventKind.MISS, found.key)
        raise kept.again()

    def _join(self, found: Entry, *, counted: bool) -> Flight | None:
        """Return what this thread waits for, under the lock; None where the value has come."""
        if found.owner is None:
            return None
        me, store = get_ident(), self.store
        flight: Flight = found.flight or Flight(found.owner)
        found.flight = flight
        refuse_deadlock(lambda: describe(found), flight, me, store.waiting)
        if not counted:
            next(store.misses)
            self.coalesced += 1
        store.waiting[me] = flight
        return flight

    def _wait(self, flight: Flight, key: Hashable, *, counted: bool) -> None:
        store, since = self.store, perf_counter()
        try:
            if self.on_wait is not None:
                self.on_wait()
            if store.hook is not None and not counted:
                store.report(EventKind.MISS, key)
                store.report(EventKind.WAIT_STARTED, key)
            with flight.landed:
                pass
        finally:
            store.waiting.pop(get_ident(), None)
        if store.hook is not None:
            store.report(EventKind.WAIT_FINISHED, key, seconds=perf_counter() - since)

    def _keep(self, mine: Entry, kept: KeptError, gone: Gone) -> None:
        """Keep an error under the key of a load that failed, under the lock."""
        try:
            size = kept.size + getsizeof(mine.key)
            self.store.admit(mine, kept, size, None, gone)
        except Exception:  # noqa: BLE001 - such as of a key; the error itself is the caller's
            if mine.region is not None:
                mine.region.unlink(mine)


def describe(entry: Entry) -> str:
    """Return what is loaded, as errors name it."""
    return repr(entry.key) if entry.region is None else entry.region.describe(entry.key)


def refuse_coroutine(value: Any) -> None:
    """Raise for a loader of threads that made a coroutine.

    Raises:
        BadInputError: Always.
    """
    value.close()
    text = "it returned a coroutine; decorate the coroutine function itself, or use aget_or_load"
    raise BadInputError(text, "loader")


def _kept(error: BaseException) -> KeptError | None:
    if not isinstance(error, Exception):
        return None
    try:
        return KeptError(error)
    except Exception:  # noqa: BLE001 - an error that allows no copy is not kept
        return None
