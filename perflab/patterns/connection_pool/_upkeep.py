"""`Upkeep`: the thread of a pool that keeps the minimum open and closes what is old or unused."""

# ruff: noqa: SLF001  (the thread of a pool is a part of it)
from __future__ import annotations

import contextlib
import sys
import threading
import time
import weakref
from typing import TypeVar

from perflab.instrumentation.events import Event, EventKind
from perflab.patterns.connection_pool._connector import Connector
from perflab.patterns.connection_pool._parts import Bell, Leak, Slot
from perflab.patterns.connection_pool._places import AnyPool
from perflab.patterns.connection_pool._restore import cut_overdue
from perflab.primitives.loggers import pattern_logger

_LONGEST_SLEEP = 1.0
_SHORTEST_SLEEP = 0.02
_PAUSE_AFTER_FAILURE = 0.5
_GRACE = 0.05
_LONGEST_JOIN = 1.0
_FILLED_AT_ONCE = 4
T = TypeVar("T")
log = pattern_logger("connection_pool")


class Upkeep:
    """Looks after a pool a few times per second, and at once when it is woken.

    It holds the pool weakly: a pool that nobody has any longer ends its thread.
    """

    def __init__(self, pool: AnyPool, bell: Bell) -> None:
        self._pool = weakref.ref(pool, lambda _: bell.ring())
        self._bell = bell
        self._stopped = False
        self._reported: set[tuple[int, int, float]] = set()
        self._pause_until = 0.0
        self._next_look = 0.0
        self._outage_told = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self.leaks = 0

    def start(self) -> None:
        """Begin, once; the minimum is opened at once. A forked child begins when it needs one."""
        if self._thread is not None or self._stopped:
            return
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="perflab-pool-upkeep", daemon=True)
                thread.start()
                self._thread = thread

    def stop(self) -> None:
        """End the thread; it is not waited for where the user's own code keeps it."""
        self._stopped = True
        self._bell.ring()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LONGEST_JOIN)

    def look_by(self, moment: float) -> None:
        """Look after the pool at a moment of the monotonic clock, at the latest."""
        if moment < self._next_look:
            self._next_look = 0.0
            self._bell.ring()

    def pause_filling(self) -> None:
        """Wait before the minimum is filled up again, since connecting fails."""
        self._pause_until = time.monotonic() + _PAUSE_AFTER_FAILURE

    def wants_more(self, pool: AnyPool) -> bool:
        """Say whether the minimum wants another connection; called under the pool's lock."""
        making = len(pool._connectors)
        return (
            len(pool._slots) + making < pool._least
            and making < _FILLED_AT_ONCE
            and not pool._closed
            and time.monotonic() >= self._pause_until
        )

    def report_outage(self, pool: AnyPool) -> None:
        """Call ``reconnect_failed``, once per outage, when connecting has failed for long."""
        since = pool._failing_since
        if since is None:
            return
        if pool._failures == 1:
            self._outage_told = False
        if self._outage_told or time.monotonic() - since < pool._reconnect_seconds:
            return
        self._outage_told = True
        log.error("connecting has failed for %.3g s", time.monotonic() - since)
        if pool._reconnect_failed is not None:
            try:
                pool._reconnect_failed(pool)
            except Exception:
                log.exception("reconnect_failed raised")

    def _run(self) -> None:
        while not self._stopped:
            pool = self._pool()
            if pool is None:
                return
            pause = _LONGEST_SLEEP
            # Who wants to be looked after sooner rings while it is not known when that will be.
            self._next_look = float("inf")
            try:
                pause = self._look(pool)
            except Exception:
                log.exception("looking after the pool failed; it goes on")
            self._next_look = time.monotonic() + pause
            del pool
            self._bell.wait(pause)

    def _look(self, pool: AnyPool) -> float:
        """Do all that is due; return how long may pass before the next look."""
        due = cut_overdue(pool)
        self._take_back_forgotten(pool)
        self._take_back_stray(pool)
        self._fill(pool)
        pool._grow()
        self._retire(pool)
        self._find_leaks(pool)
        settings = pool._settings
        limits = (settings.max_lifetime, settings.max_idle, pool.leak_seconds)
        shortest = min((limit for limit in limits if limit is not None), default=_LONGEST_SLEEP)
        pause = min(_LONGEST_SLEEP, max(_SHORTEST_SLEEP, shortest / 4))
        if pool._forgotten:
            pause = min(pause, _GRACE)
        return max(0.0, min(pause, due - time.monotonic()))

    def _take_back_forgotten(self, pool: AnyPool) -> None:
        """Free the places of connections that their callers let go of without giving back."""
        before = time.monotonic() - _GRACE
        while pool._forgotten and pool._forgotten[0][1] <= before:
            with contextlib.suppress(IndexError):
                self._report_forgotten(pool, pool._forgotten.popleft()[0])

    def _take_back_stray(self, pool: AnyPool) -> None:
        """Free what nobody refers to any longer.

        An interruption between two steps of a checkout leaves a slot that is neither idle nor in
        use: nothing but the set of slots refers to it. So it is with a connector. A connection
        without weak references that was forgotten is referred to by its slot only.
        """
        if not _counts_references():
            return
        for count, slot in _references(pool._slots):
            if count <= _LONE:
                log.warning("took back a connection whose checkout was interrupted")
                pool._drop(slot)
        for slot in [*pool._used.values()]:
            if slot.is_forgotten and pool._used.pop(slot.key, None) is slot:
                self._report_forgotten(pool, slot)
        for count, connector in _references(pool._connectors):
            if count <= _LONE:  # its thread, which would refer to it, was never started
                with pool._lock:
                    pool._connectors.discard(connector)

    def _report_forgotten(self, pool: AnyPool, slot: Slot) -> None:
        seconds = time.monotonic() - slot.since
        by = f"thread {slot.who}" if slot.thread else "its caller"
        said = f"{by} forgot a connection without giving it back, taken at {slot.where}"
        log.error("%s", said)
        with pool._lock:
            pool._counts["forgotten"] += 1
            pool._given_up.append(slot)
        slot.usage += seconds
        if pool.leak_seconds is None:  # else it is reported with those that are held for too long
            pool._tell(Event(EventKind.LEAK, slot.key, seconds, detail=said))
        pool._drop(slot, lost=True)
        slot.connection = None

    def _fill(self, pool: AnyPool) -> None:
        """Begin connections up to the minimum, a few at once; each goes on until it is reached."""
        while True:
            with pool._lock:
                if self._stopped or not self.wants_more(pool):
                    return
                connector = Connector(pool)
                pool._connectors.add(connector)
            try:
                connector.start()
            except RuntimeError as error:  # no more threads
                with pool._lock:
                    pool._connectors.discard(connector)
                self.pause_filling()
                pool._note_failure(error)
                return

    def _retire(self, pool: AnyPool) -> None:
        """Close idle connections that are too old, too long unused, or too many."""
        now = time.monotonic()
        idle_limit = pool._settings.max_idle
        # From the left, where those lie that were used last a long time ago.
        for slot in [*pool._idle]:
            spare = len(pool._slots) > pool._least
            unused = idle_limit is not None and spare and now - slot.since >= idle_limit
            if now >= slot.expires or unused or len(pool._slots) > pool._most:
                try:
                    pool._idle.remove(slot)
                except ValueError:  # somebody has just taken it
                    continue
                pool._drop(slot)
        with pool._lock:
            if len(pool._slots) + len(pool._connectors) <= pool._most:
                pool._shrinking = False

    def _find_leaks(self, pool: AnyPool) -> None:
        """Report, once each, connections that somebody has held for too long."""
        found = {(slot.key, slot.checkouts, slot.since): slot for slot in pool._overdue()}
        for key in found.keys() - self._reported:
            self.leaks += 1
            leak = Leak.of(found[key])
            said = f"held by thread {leak.thread}, checked out at {leak.where}"
            log.warning("a connection is held for %.3g s, %s", leak.seconds, said)
            pool._tell(Event(EventKind.LEAK, key[0], leak.seconds, detail=said))
        self._reported = set(found)


def _references(slots: set[T]) -> list[tuple[int, T]]:
    """Return each of a set with the number of references to it.

    The lines that count are the same for all, so that what they add is the same.
    """
    return [(sys.getrefcount(slot), slot) for slot in [*slots]]


_LONE = _references({object()})[0][0]
"""The number that `_references` finds where only the set refers to something."""


def _counts_references() -> bool:
    """Say whether this Python counts them exactly, as all do that have a global lock."""
    has_lock = getattr(sys, "_is_gil_enabled", None)
    return has_lock is None or bool(has_lock())
