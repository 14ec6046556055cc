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
    Leak,
    PoolClosedError,
    PoolTimeoutError,
    Slot,
    Waiter,
    find_leaks,
)
from perflab.patterns.connection_pool_upkeep import Upkeep
from perflab.settings.connection_pool import ConnectionPoolSettings

C = TypeVar("C")
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


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
        self._slots: set[Slot] = set()
        self._open = 0
        self._closed = False
        self._counts = dict.fromkeys(
            ("checkouts", "waits", "timeouts", "connects", "connect_errors", "lost", "discards"), 0
        )
        self._seconds = {"wait": 0.0, "connect": 0.0, "usage": 0.0}
        self._adopt(settings or ConnectionPoolSettings())
        self._upkeep = Upkeep(self)
        self._upkeep.start()

    def _adopt(self, settings: ConnectionPoolSettings) -> None:
        self._settings = settings
        self._most = settings.max_connections
        self._least = min(settings.min_connections, settings.max_connections)
        self._timeout = settings.timeout
        self._lifetime = float("inf") if settings.max_lifetime is None else settings.max_lifetime
        self._checking = settings.check and self._check is not None

    def leaks(self) -> list[Leak]:
        """Return who has held a connection for longer than ``leak_seconds``, longest first."""
        return find_leaks(self._used.copy().values(), self.leak_seconds)

    def _wait_for_one(self, timeout: float) -> Slot:
        """Return a slot for which a caller may have to queue or to connect."""
        until = time.monotonic() + timeout
        slot = self._queue(until)
        if slot is None or (self._checking and not self._alive(slot)):
            return self._make(until)
        return slot

    def _queue(self, until: float) -> Slot | None:
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
        try:
            # One may have come back between the look at the idle ones and the entry in the queue.
            self._serve()
            self._wait(waiter, until)
        except BaseException:
            if not self._left(waiter):
                self._pass_on(waiter)
            raise
        return waiter.slot

    def _wait(self, waiter: Waiter, until: float) -> None:
        """Wait until a caller is served; raises what it was given where that is an error."""
        began = time.monotonic()
        if self._hook is not None:
            self._hook(Event(EventKind.WAIT_STARTED, None))
        in_time = waiter.lock.acquire(timeout=max(0.0, until - began))
        waited = time.monotonic() - began
        with self._lock:
            self._seconds["wait"] += waited
        if self._hook is not None:
            self._hook(Event(EventKind.WAIT_FINISHED, None, waited))
        if not in_time and self._left(waiter):
            self._time_out(waited)
        if waiter.error is not None:
            raise waiter.error

    def _left(self, waiter: Waiter) -> bool:
        """Take a caller out of the queue; say whether it leaves with nothing given."""
        with self._lock:
            if waiter.served:
                return False
            if not waiter.gone:
                waiter.gone = True
                self._waiting.remove(waiter)
            return True

    def _pass_on(self, waiter: Waiter) -> None:
        """Give what a caller was given in its last moment to the next."""
        if waiter.slot is not None:
            self._give_back(waiter.slot)
            return
        if waiter.grow:
            with self._lock:
                self._open -= 1
        self._serve()

    def _give_back(self, slot: Slot) -> None:
        """Make a slot idle, then look whether somebody waits or closes the pool.

        They look at the idle ones after they have made themselves known: one sees the other.
        """
        self._idle.append(slot)
        if self._closed:
            self._drain()
        elif self._waiting:
            self._serve()

    def _drain(self, down_to: int = 0) -> None:
        """Close idle connections, longest unused first, until no more are open or none is idle."""
        while self._open > down_to:
            try:
                slot = self._idle.popleft()
            except IndexError:
                return
            self._drop(slot)

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

    def _make(self, until: float) -> Slot:
        """Connect; where that fails, try again with longer and longer pauses until the timeout.

        The caller has leave to: what it makes is counted as open already.
        """
        pause, began = _FIRST_PAUSE, time.monotonic()
        try:
            while True:
                try:
                    return self._connected()
                except Exception as error:
                    self._note_failure(error)
                    if self._closed:
                        raise PoolClosedError("the pool is closed") from error
                    if time.monotonic() + pause >= until:
                        self._time_out(time.monotonic() - began, error)
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
                slot = self._spare()
                if slot is not None:
                    break
        except BaseException:
            self._forgo()
            raise
        self._forgo()
        return slot

    def _spare(self) -> Slot | None:
        """Return a live connection that came back while a caller failed to make one."""
        try:
            slot = None if self._waiting else self._idle.pop()
        except IndexError:
            return None
        if slot is not None and self._checking and not self._alive(slot):
            self._forgo()
            return None
        return slot

    def _forgo(self) -> None:
        """Give up leave to connect; the first in the queue has it then."""
        with self._lock:
            self._open -= 1
        self._serve()

    def _connected(self) -> Slot:
        began = time.monotonic()
        connection = self._connect()
        slot = Slot(connection)
        with self._lock:
            self._slots.add(slot)
            self._counts["connects"] += 1
            self._seconds["connect"] += slot.born - began
        if self._hook is not None:
            self._hook(Event(EventKind.CONNECTED, id(connection), slot.born - began))
        return slot

    def _note_failure(self, error: Exception) -> None:
        with self._lock:
            self._counts["connect_errors"] += 1
        if self._hook is not None:
            self._hook(Event(EventKind.CONNECT_FAILED, None, detail=error))

    def _alive(self, slot: Slot) -> bool:
        """Check a connection before it is handed out; a dead one is closed, its place kept."""
        assert self._check is not None  # noqa: S101  (asked only then)
        try:
            self._check(slot.connection)
        except Exception:  # noqa: BLE001  (whatever a dead connection raises)
            self._discard(slot, lost=True)
            return False
        except BaseException:
            self._drop(slot)
            raise
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
        """Close a connection that nobody holds; the first in the queue may make another."""
        self._discard(slot, lost=lost)
        self._forgo()
        if self._open < self._least:
            self._upkeep.wake()

    def _discard(self, slot: Slot, *, lost: bool) -> None:
        """Close a connection that nobody holds; its place still counts as open."""
        with contextlib.suppress(Exception):
            self._close_one(slot.connection)
        with self._lock:
            self._slots.discard(slot)
            self._counts["lost" if lost else "discards"] += 1
            self._seconds["usage"] += slot.usage
            self._counts["checkouts"] += slot.checkouts
        if self._hook is not None:
            reason = "lost" if lost else "retired"
            self._hook(Event(EventKind.DISCARDED, id(slot.connection), detail=reason))

    def _time_out(self, waited: float, cause: BaseException | None = None) -> NoReturn:
        with self._lock:
            self._counts["timeouts"] += 1
        if self._hook is not None:
            self._hook(Event(EventKind.TIMEOUT, None, waited))
        said = f"; the last attempt to connect said: {cause}" if cause is not None else ""
        raise PoolTimeoutError(
            f"no connection within {waited:.3g} s; {self._open} of at most {self._most} are "
            f"open{said}"
        ) from cause
