"""`Upkeep`: the thread of a pool that keeps the minimum open and closes what is old or unused."""

# ruff: noqa: SLF001  (the thread of a pool is a part of it)
from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from perflab.metrics.events import Event, EventKind

if TYPE_CHECKING:
    from perflab.patterns.connection_pool_core import PoolCore

_LONGEST_SLEEP = 1.0
_SHORTEST_SLEEP = 0.02
_PAUSE_AFTER_FAILURE = 0.5
_LONGEST_JOIN = 5.0


class Upkeep:
    """Looks after a pool a few times a second, and at once when it is woken.

    It holds the pool weakly: a pool that nobody has any longer ends its thread.
    """

    def __init__(self, pool: PoolCore[Any]) -> None:
        self._pool = weakref.ref(pool)
        self._wake = threading.Event()
        self._stopped = False
        self._reported: set[tuple[int, str]] = set()
        self._pause_until = 0.0
        self.leaks = 0
        self._thread = threading.Thread(target=self._run, name="perflab-pool-upkeep", daemon=True)

    def start(self) -> None:
        """Begin; the minimum is opened at once."""
        self._thread.start()

    def wake(self) -> None:
        """Look after the pool now."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_LONGEST_JOIN)

    def _run(self) -> None:
        while not self._stopped:
            pool = self._pool()
            if pool is None:
                return
            self._wake.clear()
            self._fill(pool)
            self._retire(pool)
            self._find_leaks(pool)
            pause = _pause(pool)
            del pool
            self._wake.wait(pause)

    def _fill(self, pool: PoolCore[Any]) -> None:
        """Connect until the minimum is open; after a failure wait before the next attempt."""
        while not self._stopped and time.monotonic() >= self._pause_until:
            with pool._lock:
                if pool._closed or pool._open >= pool._least:
                    return
                pool._open += 1
            try:
                slot = pool._connected()
            except Exception as error:  # noqa: BLE001  (whatever the user's connect raises)
                self._pause_until = time.monotonic() + _PAUSE_AFTER_FAILURE
                pool._note_failure(error)
                pool._forgo()
                return
            pool._give_back(slot)

    def _retire(self, pool: PoolCore[Any]) -> None:
        """Close idle connections that are too old, too long unused, or too many."""
        now = time.monotonic()
        idle_limit = pool._settings.max_idle
        # From the left, where those lie that were used last a long time ago.
        for slot in [*pool._idle]:
            spare = pool._open > pool._least
            unused = idle_limit is not None and spare and now - slot.since >= idle_limit
            old = now - slot.born >= pool._lifetime * slot.share
            if old or unused or pool._open > pool._most:
                try:
                    pool._idle.remove(slot)
                except ValueError:  # somebody has just taken it
                    continue
                pool._drop(slot)

    def _find_leaks(self, pool: PoolCore[Any]) -> None:
        """Report, once each, connections that somebody has held for too long."""
        found = {(id(leak.connection), leak.where): leak for leak in pool.leaks()}
        for key in found.keys() - self._reported:
            self.leaks += 1
            if pool._hook is not None:
                leak = found[key]
                said = f"held by thread {leak.thread}, checked out at {leak.where}"
                pool._hook(Event(EventKind.LEAK, key[0], leak.seconds, detail=said))
        self._reported = set(found)


def _pause(pool: PoolCore[Any]) -> float:
    """Return how long may pass before the pool is looked after again."""
    settings = pool._settings
    limits = (settings.max_lifetime, settings.max_idle, pool.leak_seconds)
    shortest = min((limit for limit in limits if limit is not None), default=_LONGEST_SLEEP)
    return min(_LONGEST_SLEEP, max(_SHORTEST_SLEEP, shortest / 4))
