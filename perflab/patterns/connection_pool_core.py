"""What stands behind the connection pool: its queue, and how connections are made and closed."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar

from perflab.metrics.events import Event, EventKind
from perflab.metrics.hooks import Hook
from perflab.patterns.connection_pool_parts import (
    PoolClosedError,
    PoolTimeoutError,
    Slot,
    Waiter,
)
from perflab.patterns.connection_pool_upkeep import Upkeep
from perflab.settings.connection_pool import ConnectionPoolSettings

C = TypeVar("C")
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_LIFETIME_SPREAD = 0.1


class PoolCore(Generic[C]):
    """The state of a pool. `open` counts connections that are open or being made."""

    def __init__(
        self,
        connect: Callable[[], C],
        settings: ConnectionPoolSettings | None = None,
        *,
        check: Callable[[C], object] | None = None,
        reset: Callable[[C], object] | None = None,
        close: Callable[[C], object] | None = None,
        hook: Hook | None = None,
        leak_seconds: float | None = None,
    ) -> None:
        self._connect = connect
        self._check, self._reset = check, reset
        self._close_one: Callable[[Any], object] = close or (lambda connection: connection.close())
        self._hook = hook
        self.leak_seconds = leak_seconds
        self._lock = threading.Lock()
        self._idle: deque[Slot] = deque()
        self._waiting: deque[Waiter] = deque()
        self._used: dict[int, Slot] = {}
        self._open = 0
        self._closed = False
        self._counts = dict.fromkeys(
            ("waits", "timeouts", "connects", "connect_errors", "lost", "discards"), 0
        )
        self._seconds = {"wait": 0.0, "connect": 0.0, "usage": 0.0}
        self._retired_checkouts = 0
        self._adopt(settings or ConnectionPoolSettings())
        self._upkeep = Upkeep(self)
        self._upkeep.start()

    def _adopt(self, settings: ConnectionPoolSettings) -> None:
        self._settings = settings
        self._most = settings.max_connections
        self._least = min(settings.min_connections, settings.max_connections)
        self._timeout = settings.timeout
        self._checking = settings.check and self._check is not None

    def _wait_for_one(self, timeout: float) -> Slot:
        """Return a slot for which a caller may have to queue or to connect."""
        started = time.monotonic()
        while True:
            slot = self._queue(started, started + timeout)
            if slot is None:
                return self._make(started, started + timeout)
            if not self._checking or self._alive(slot):
                return slot

    def _queue(self, started: float, until: float) -> Slot | None:
        """Return a slot; or None with leave to make one, which then counts as open."""
        with self._lock:
            if self._closed:
                raise PoolClosedError("the pool is closed")
            if not self._waiting:
                with contextlib.suppress(IndexError):
                    return self._idle.pop()
                if self._open < self._most:
                    self._open += 1
                    return None
            waiter = Waiter()
            self._waiting.append(waiter)
            self._counts["waits"] += 1
        # One may have come back between the look at the idle ones and the entry in the queue.
        self._serve()
        if self._hook is not None:
            self._hook(Event(EventKind.WAIT_STARTED, None))
        try:
            in_time = waiter.lock.acquire(timeout=max(0.0, until - time.monotonic()))
        except BaseException:
            if not self._left(waiter):
                self._pass_on(waiter)
            raise
        if not in_time and self._left(waiter):
            self._time_out(started)
        waited = time.monotonic() - started
        with self._lock:
            self._seconds["wait"] += waited
        if self._hook is not None:
            self._hook(Event(EventKind.WAIT_FINISHED, None, waited))
        if waiter.error is not None:
            raise waiter.error
        return waiter.slot

    def _left(self, waiter: Waiter) -> bool:
        """Take a caller out of the queue; say whether it was there still, with nothing given."""
        with self._lock:
            if waiter.served:
                return False
            self._waiting.remove(waiter)
            return True

    def _pass_on(self, waiter: Waiter) -> None:
        """Give what a caller was given in its last moment to the next."""
        if waiter.slot is not None:
            self._idle.append(waiter.slot)
        elif waiter.grow:
            with self._lock:
                self._open -= 1
        self._serve()

    def _serve(self) -> None:
        """Give idle connections, and leave to make more, to those who wait, first come first."""
        with self._lock:
            while self._waiting:
                try:
                    slot = self._idle.pop()
                except IndexError:
                    if self._open >= self._most:
                        return
                    self._open += 1
                    self._waiting.popleft().give(grow=True)
                else:
                    self._waiting.popleft().give(slot)

    def _make(self, started: float, until: float) -> Slot:
        """Connect; where that fails, try again with longer and longer pauses until the timeout."""
        pause = _FIRST_PAUSE
        try:
            while True:
                try:
                    return self._connected()
                except Exception as error:  # noqa: BLE001  (whatever the user's connect raises)
                    with self._lock:
                        self._counts["connect_errors"] += 1
                    if self._hook is not None:
                        self._hook(Event(EventKind.CONNECT_FAILED, None, detail=error))
                    if time.monotonic() + pause >= until or self._closed:
                        self._time_out(started, error)
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
        except BaseException:
            with self._lock:
                self._open -= 1
            self._serve()
            raise

    def _connected(self) -> Slot:
        began = time.monotonic()
        connection = self._connect()
        now = time.monotonic()
        with self._lock:
            self._counts["connects"] += 1
            self._seconds["connect"] += now - began
        if self._hook is not None:
            self._hook(Event(EventKind.CONNECTED, id(connection), now - began))
        lifetime = self._settings.max_lifetime
        spread = random.uniform(1.0 - _LIFETIME_SPREAD, 1.0)
        return Slot(connection, float("inf") if lifetime is None else now + lifetime * spread)

    def _alive(self, slot: Slot) -> bool:
        """Check a connection before it is handed out; a dead one is closed."""
        assert self._check is not None  # noqa: S101  (asked only then)
        try:
            self._check(slot.connection)
        except Exception:  # noqa: BLE001  (whatever a dead connection raises)
            self._drop(slot, lost=True)
            return False
        return True

    def _usable(self, slot: Slot) -> bool:
        """Say whether a connection that came back can be lent again."""
        if getattr(slot.connection, "closed", False):
            return False
        if self._reset is not None:
            try:
                self._reset(slot.connection)
            except Exception:  # noqa: BLE001  (whatever a dead connection raises)
                return False
        return True

    def _drop(self, slot: Slot, *, lost: bool = False) -> None:
        """Close a connection that nobody holds, then let the first in the queue make another."""
        with contextlib.suppress(Exception):
            self._close_one(slot.connection)
        with self._lock:
            self._open -= 1
            self._counts["lost" if lost else "discards"] += 1
            self._seconds["usage"] += slot.usage
            self._retired_checkouts += slot.checkouts
        if self._hook is not None:
            reason = "lost" if lost else "retired"
            self._hook(Event(EventKind.DISCARDED, id(slot.connection), detail=reason))
        if self._waiting:
            self._serve()

    def _time_out(self, started: float, cause: BaseException | None = None) -> NoReturn:
        waited = time.monotonic() - started
        with self._lock:
            self._counts["timeouts"] += 1
            self._seconds["wait"] += waited
        if self._hook is not None:
            self._hook(Event(EventKind.TIMEOUT, None, waited))
        said = f"; the last attempt to connect said: {cause}" if cause is not None else ""
        raise PoolTimeoutError(
            f"no connection within {waited:.3g} s; {self._open} of at most {self._most} are "
            f"open{said}"
        ) from cause
