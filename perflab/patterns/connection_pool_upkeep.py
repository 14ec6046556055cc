"""`Upkeep`: the thread of a pool that keeps the minimum open and closes what is old or unused."""

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


class Upkeep:
    """Looks after a pool a few times a second, and at once when it is woken.

    It holds the pool weakly: a pool that nobody has any longer ends its thread.
    """

    def __init__(self, pool: PoolCore[Any]) -> None:
        self._pool = weakref.ref(pool)
        self._wake = threading.Event()
        self._stopped = False
        self._reported: set[tuple[int, float]] = set()
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
            self._thread.join()

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
            with pool._lock:  # noqa: SLF001  (the pool's own thread)
                if pool._closed or pool._open >= pool._least:  # noqa: SLF001
                    return
                pool._open += 1  # noqa: SLF001
            try:
                slot = pool._connected()  # noqa: SLF001
            except Exception as error:  # noqa: BLE001  (whatever the user's connect raises)
                with pool._lock:  # noqa: SLF001
                    pool._open -= 1  # noqa: SLF001
                    pool._counts["connect_errors"] += 1  # noqa: SLF001
                if pool._hook is not None:  # noqa: SLF001
                    pool._hook(Event(EventKind.CONNECT_FAILED, None, detail=error))  # noqa: SLF001
                self._pause_until = time.monotonic() + _PAUSE_AFTER_FAILURE
                return
            pool._idle.append(slot)  # noqa: SLF001
            pool._serve()  # noqa: SLF001

    def _retire(self, pool: PoolCore[Any]) -> None:
        """Close idle connections that are too old, too long unused, or too many."""
        now = time.monotonic()
        idle_limit = pool._settings.max_idle  # noqa: SLF001
        for _ in range(len(pool._idle)):  # noqa: SLF001
            try:
                slot = pool._idle.popleft()  # noqa: SLF001
            except IndexError:
                return
            spare = pool._open > pool._least  # noqa: SLF001
            unused = idle_limit is not None and spare and now - slot.since >= idle_limit
            if now >= slot.expires or unused or pool._open > pool._most:  # noqa: SLF001
                pool._drop(slot)  # noqa: SLF001
            else:
                pool._idle.append(slot)  # noqa: SLF001
                if pool._waiting:  # noqa: SLF001
                    pool._serve()  # noqa: SLF001

    def _find_leaks(self, pool: PoolCore[Any]) -> None:
        """Report, once each, connections that somebody has held for too long."""
        if pool.leak_seconds is None:
            return
        now = time.monotonic()
        for key, slot in pool._used.copy().items():  # noqa: SLF001
            if now - slot.since < pool.leak_seconds or (key, slot.since) in self._reported:
                continue
            self._reported.add((key, slot.since))
            self.leaks += 1
            if pool._hook is not None:  # noqa: SLF001
                holder = slot.holder.name if slot.holder is not None else "?"
                said = f"held by thread {holder}, checked out at {slot.where}"
                pool._hook(Event(EventKind.LEAK, key, now - slot.since, detail=said))  # noqa: SLF001


def _pause(pool: PoolCore[Any]) -> float:
    """Return how long may pass before the pool is looked after again."""
    settings = pool._settings  # noqa: SLF001
    limits = (settings.max_lifetime, settings.max_idle, pool.leak_seconds)
    shortest = min((limit for limit in limits if limit is not None), default=_LONGEST_SLEEP)
    return min(_LONGEST_SLEEP, max(_SHORTEST_SLEEP, shortest / 4))
