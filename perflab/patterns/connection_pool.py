"""`ConnectionPool`: connections of any kind, kept open and lent to one caller at a time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Generic, Self, TypeVar

from perflab.metrics.events import Event, EventKind
from perflab.patterns.connection_pool_core import PoolCore
from perflab.patterns.connection_pool_parts import (
    Leak,
    PoolClosedError,
    PoolError,
    PoolTimeoutError,
    place_of_call,
)
from perflab.settings.connection_pool import ConnectionPoolSettings

__all__ = ["ConnectionPool", "Leak", "PoolClosedError", "PoolError", "PoolTimeoutError"]

C = TypeVar("C")


class ConnectionPool(PoolCore[C]):
    """Lends connections: at once where one is idle, else it connects, else callers queue.

    Callers are served first come, first served. The number of open connections, those being made
    included, never goes beyond ``max_connections``. A connection that is dead, too old, or one too
    many after a resize is closed when it comes back, and replaced when somebody needs it.

    A checkout from idle connections takes no lock: popping from and appending to a deque are
    atomic. Who finds none queues under the lock, and who gives one back looks at the queue after
    the append, so that no caller is overlooked.

    Args:
        connect: Returns a new connection; called in the caller's thread.
        settings: Bounds and timeouts.
        check: Raises if a connection is dead; called at checkout where ``settings.check`` is on.
        reset: Called with a connection that comes back; where it raises, that is closed.
        close: Closes a connection; by default its ``close`` method.
        hook: Called with an event for all that happens.
        leak_seconds: From when on a checkout counts as a leak and is reported.
    """

    @property
    def settings(self) -> ConnectionPoolSettings:
        """The settings in force."""
        return self._settings

    def getconn(self, timeout: float | None = None) -> C:
        """Return a connection that nobody else holds; `putconn` gives it back.

        Args:
            timeout: Seconds to wait at most; none for that of the settings.

        Raises:
            PoolTimeoutError: If none became free, or none could be made, in that time.
            PoolClosedError: If the pool is closed.
        """
        slot = None
        if not self._waiting:
            try:  # noqa: SIM105  (the quicker way, and this is the hot path)
                slot = self._idle.pop()
            except IndexError:
                pass
        if slot is None:
            slot = self._wait_for_one(self._timeout if timeout is None else timeout)
        elif self._checking and not self._alive(slot):
            slot = self._make(time.monotonic() + (self._timeout if timeout is None else timeout))
        slot.since = time.monotonic()
        slot.checkouts += 1
        if self.leak_seconds is not None:
            slot.thread, slot.where = threading.current_thread().name, place_of_call()
        self._used[id(slot.connection)] = slot
        if self._hook is not None:
            self._hook(Event(EventKind.CHECKOUT, id(slot.connection)))
        return slot.connection  # type: ignore[no-any-return]

    def putconn(self, connection: C) -> None:
        """Give a connection back.

        Raises:
            ValueError: If it is not out of this pool, or was given back already.
        """
        slot = self._used.pop(id(connection), None)
        if slot is None:
            raise ValueError("this connection is not checked out of this pool")
        now = time.monotonic()
        slot.usage += now - slot.since
        if self._hook is not None:
            self._hook(Event(EventKind.CHECKIN, id(connection), now - slot.since))
        slot.since = now
        doubtful = self._reset is not None or getattr(connection, "closed", False)
        if doubtful and not self._usable(slot):
            self._drop(slot, lost=True)
            return
        if now - slot.born >= self._lifetime * slot.share or self._open > self._most:
            self._drop(slot)
            return
        # As _give_back, in place: a call would cost a tenth of the whole.
        self._idle.append(slot)
        if self._closed:
            self._drain()
        elif self._waiting:
            self._serve()

    def connection(self, timeout: float | None = None) -> _Loan[C]:
        """Return a context manager that checks a connection out and gives it back."""
        return _Loan(self, timeout)

    def apply(self, settings: ConnectionPoolSettings) -> None:
        """Change all limits in place: those who wait are served, what is too many is closed."""
        self._adopt(settings)
        # Here, not in the upkeep: else an idle one too many could still be taken.
        self._drain(self._most)
        self._serve()
        self._upkeep.wake()

    def stats(self) -> dict[str, float]:
        """Return flat statistics; totals only grow."""
        with self._lock:
            counts = dict(self._counts)
            checkouts = counts["checkouts"] + sum(slot.checkouts for slot in self._slots)
            usage = self._seconds["usage"] + sum(slot.usage for slot in self._slots)
            waiting, opened = len(self._waiting), self._open
        return {
            "requests": checkouts + counts["timeouts"],
            "checkouts": checkouts,
            "requests_waiting": waiting,
            "waits": counts["waits"],
            "wait_seconds_total": self._seconds["wait"],
            "timeouts": counts["timeouts"],
            "connections_open": opened,
            "connections_idle": len(self._idle),
            "connections_in_use": len(self._used),
            "connects": counts["connects"],
            "connect_errors": counts["connect_errors"],
            "connect_seconds_total": self._seconds["connect"],
            "connections_lost": counts["lost"],
            "discards": counts["discards"],
            "usage_seconds_total": usage,
            "leaks": self._upkeep.leaks,
        }

    def close(self) -> None:
        """Close idle connections now and those in use when they come back; callers get an error."""
        with self._lock:
            self._closed = True
            while self._waiting:
                self._waiting.popleft().give(error=PoolClosedError("the pool is closed"))
        self._upkeep.stop()
        self._drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Loan(Generic[C]):
    """A connection for the length of a ``with`` block."""

    __slots__ = ("_connection", "_pool", "_timeout")

    def __init__(self, pool: ConnectionPool[C], timeout: float | None) -> None:
        self._pool, self._timeout = pool, timeout

    def __enter__(self) -> C:
        self._connection = self._pool.getconn(self._timeout)
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.putconn(self._connection)
