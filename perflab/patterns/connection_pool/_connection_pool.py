"""`ConnectionPool`: connections of any kind, kept open and lent to one caller at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import get_ident
from time import monotonic
from typing import Self, TypeVar

from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.hooks import Hook
from perflab.patterns.connection_pool._core import PoolCore, is_inherited
from perflab.patterns.connection_pool._loan import Loan
from perflab.patterns.connection_pool._parts import (
    Leak,
    PoolClosedError,
    PoolError,
    PoolTimeoutError,
    Slot,
    TooManyWaitingError,
)
from perflab.patterns.connection_pool._restore import checked, is_alive, is_restored
from perflab.patterns.connection_pool._state import State
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

__all__ = [
    "ConnectionPool",
    "Leak",
    "PoolClosedError",
    "PoolError",
    "PoolTimeoutError",
    "TooManyWaitingError",
]

C = TypeVar("C")
_frame = sys._getframe  # noqa: SLF001  (the way to see who calls)
_RECONNECT_SECONDS = 300.0


class ConnectionPool(PoolCore[C]):
    """Lends connections: at once where one is idle; else callers queue, and the pool grows.

    Callers are served first come, first served, by whichever is there first: a connection that
    comes back, or one that is made for them. The number of open connections, those being made
    included, never exceeds ``max_connections``. Connections are made in threads of the pool, so
    a caller's timeout holds even where connecting hangs. A connection that is dead, too old, or
    one too many after a resize is closed when it comes back, and replaced when somebody needs it.

    **Transactions.** `connection` commits at the end of a block and rolls back after an error;
    `putconn` rolls back what is open. So the next caller gets a connection that is in no
    transaction. The setting ``transactions`` changes that: ``rollback`` rolls back in both cases,
    ``leave`` does nothing. psycopg, psycopg2 and sqlite3 connections know their state, so that in
    autocommit nothing is sent; other drivers get a ``rollback()`` per checkout. A driver whose
    ``commit`` raises where nothing is open (DuckDB's) needs ``leave``.

    **Forks.** A forked child starts with an empty pool and makes connections of its own. It
    neither uses nor closes those of its parent.

    A checkout from idle connections takes no lock: popping from and appending to a deque are
    atomic. Who finds none queues under the lock, and who gives one back looks at the queue after
    the append, so that no caller is overlooked.

    Differences from psycopg_pool: it grows for every caller that waits, not by one connection at
    a time; callers for whom a connection is being made do not count against ``max_waiting``; what
    ``reset`` leaves open is committed, not discarded. From SQLAlchemy's ``QueuePool``: there is no
    overflow (``min_connections`` and ``max_connections`` say the same), and `putconn` of a
    connection given back already is an error.

    Args:
        connect: Returns a new connection. It is called in a thread of the pool, several at a
            time; SQLite needs ``check_same_thread=False``.
        settings: Bounds and timeouts.
        check: Raises if a connection is dead; called with fresh connections, and at checkout,
            where ``settings.check`` is on. One that hangs is cut off at the caller's timeout,
            but not before 0.1 s, where the connection has a ``fileno``.
        reset: Called with a connection that comes back, after its transaction has ended; where it
            raises, the connection is closed.
        close: Closes a connection; by default its ``close`` method.
        hook: Called with an event for all that happens. What it raises reaches the caller at
            checkout and return; elsewhere it is logged.
        leak_seconds: Checkouts longer than this are reported as leaks.
        transactions: Overrides ``settings.transactions``: ``commit``, ``rollback`` or ``leave``.
        order: Overrides ``settings.order``: ``lifo`` or ``fifo``.
        max_waiting: Overrides ``settings.max_waiting``.
        reconnect_failed: Called with the pool, in one of its threads and once per outage, when
            connecting has failed for ``reconnect_seconds``.
        reconnect_seconds: See ``reconnect_failed``.

    Raises:
        BadInputError: If a setting is not valid.
    """

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
        transactions: str | None = None,
        order: str | None = None,
        max_waiting: int | None = None,
        reconnect_failed: Callable[[ConnectionPool[C]], object] | None = None,
        reconnect_seconds: float = _RECONNECT_SECONDS,
    ) -> None:
        said = {"transactions": transactions, "order": order, "max_waiting": max_waiting}
        super().__init__(
            connect,
            ConnectionPoolSettings.given(settings).change(
                **{key: value for key, value in said.items() if value is not None}
            ),
            check=check,
            reset=reset,
            close=close,
            hook=hook,
            leak_seconds=leak_seconds,
            reconnect_failed=reconnect_failed,
            reconnect_seconds=reconnect_seconds,
        )
        self._start()

    @property
    def settings(self) -> ConnectionPoolSettings:
        """The settings in force."""
        return self._settings

    def getconn(self, timeout: float | None = None) -> C:
        """Return a connection that nobody else holds; `putconn` gives it back.

        One that is forgotten, so that nothing refers to it any longer, is closed; the place where
        it was taken is logged and reported as a leak.

        Args:
            timeout: Longest wait in seconds; None for that of the settings.

        Raises:
            PoolTimeoutError: If none became free, or none could be made, in that time.
            TooManyWaitingError: If ``max_waiting`` callers wait already.
            PoolClosedError: If the pool is closed.
            BadInputError: If ``connect`` returns what cannot be lent, such as None.
        """
        now = monotonic()
        slot = None
        if not self._waiting:
            try:  # noqa: SIM105  (the quicker way, and this is the hot path)
                slot = self._take()
            except IndexError:
                pass
        if slot is None:
            slot = self._wait_for_one(now + (self._timeout if timeout is None else timeout), now)
            now = monotonic()
        elif self._checking:
            until = now + (self._timeout if timeout is None else timeout)
            slot = checked(self, slot, until, now)
            now = monotonic()
        # A variable, so that the connection is never referred to by its slot alone.
        connection = slot.connection
        slot.since = now
        slot.checkouts += 1
        frame = _frame(1)
        slot.code, slot.instruction = frame.f_code, frame.f_lasti
        if self.leak_seconds is not None:
            slot.thread = get_ident()
        self._used[slot.key] = slot
        slot.connection = slot.kept
        if self._hook is not None:
            self._tell_caller(slot, connection, Event(EventKind.CHECKOUT, slot.key))
        return connection  # type: ignore[no-any-return]

    def putconn(self, connection: C) -> None:
        """Give a connection back; what it has open is rolled back.

        Raises:
            ValueError: If it is not out of this pool, or was given back already.
        """
        slot = self._used.pop(id(connection), None)
        if slot is None:
            slot = self._remembered(connection)
            if slot is None:
                _refuse(connection)
                return
        now = monotonic()
        slot.connection = connection
        slot.usage += now - slot.since
        if self._hook is not None:
            self._tell_caller(
                slot, connection, Event(EventKind.CHECKIN, slot.key, now - slot.since)
            )
        slot.since = now
        if (slot.state(connection) or self._reset is not None) and not is_restored(self, slot):
            self._drop(slot, lost=True)
            return
        if now >= slot.expires or (self._shrinking and len(self._slots) > self._most):
            self._drop(slot)
            return
        # As _give_back, in place: a call would cost a tenth of the whole.
        self._idle.append(slot)
        if self._closed:
            self._trim(0)
        elif self._waiting:
            self._serve()

    def discard(self, connection: C) -> None:
        """Close a checked-out connection in place of giving it back; another takes its place.

        Inside a `connection` block, the end of the block then has nothing to do.

        Raises:
            ValueError: If it is not out of this pool, or was given back already.
        """
        slot = self._used.pop(id(connection), None)
        if slot is None:
            slot = self._remembered(connection)
            if slot is None:
                _refuse(connection)
                return
        slot.connection = connection
        slot.usage += monotonic() - slot.since
        self._drop(slot)

    def connection(self, timeout: float | None = None) -> Loan[C]:
        """Return a context manager that checks a connection out and gives it back.

        At the end of the block it commits what is open, or rolls it back after an error (see the
        setting ``transactions``). What the commit raises reaches the caller. It may be entered
        again once it was left, but not inside itself (`PoolError`).

        Args:
            timeout: Longest wait in seconds; None for that of the settings.
        """
        return Loan(self, timeout)

    def apply(self, settings: ConnectionPoolSettings) -> None:
        """Change all settings in place: waiting callers are served, excess connections closed."""
        self._adopt(ConnectionPoolSettings.given(settings))
        # Here, not in the upkeep: else an idle one too many could still be taken.
        self._trim(self._most)
        self._serve()
        self._bell.ring()

    def drain(self) -> None:
        """Replace all connections: idle ones are closed now, others when they come back.

        Use it after a failover, or when new connections are to be set up in another way.
        """
        with self._lock:
            self._drained = monotonic()
            for slot in self._slots:
                slot.expires = 0.0
        self._trim(0)
        self._bell.ring()

    def check(self) -> int:
        """Check all idle connections, close the dead ones and return their number.

        A check that hangs is cut off after the timeout of the settings, see ``check`` above.
        """
        dead = 0
        for slot in [*self._idle]:
            try:
                self._idle.remove(slot)
            except ValueError:  # somebody has just taken it
                continue
            if self._check is not None:
                alive = is_alive(self, slot, monotonic() + self._timeout)
            else:
                alive = slot.state(slot.connection) != State.CLOSED
            if alive:
                self._give_back(slot)
            else:
                self._drop(slot, lost=True)
                dead += 1
        return dead

    def leaks(self) -> list[Leak]:
        """Return who has held a connection for longer than ``leak_seconds``, longest first.

        Those who forgot one are among them, up to the last hundred.
        """
        return [Leak.of(slot) for slot in self._overdue()]

    def stats(self) -> dict[str, float]:
        """Return flat statistics; totals only grow, and begin at 0 in a forked child."""
        with self._lock:
            counts = dict(self._counts)
            checkouts = counts["checkouts"] + sum(slot.checkouts for slot in self._slots)
            usage = self._seconds["usage"] + sum(slot.usage for slot in self._slots)
            waiting, opened = len(self._waiting), len(self._slots)
        return {
            "requests": checkouts + counts["timeouts"] + counts["refused"],
            "checkouts": checkouts,
            "requests_waiting": waiting,
            "waits": counts["waits"],
            "wait_seconds_total": self._seconds["wait"],
            "timeouts": counts["timeouts"],
            "callers_refused": counts["refused"],
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
            "forgotten": counts["forgotten"],
        }

    def close(self) -> None:
        """Close idle connections now and those in use when they come back; callers get an error.

        It does not wait for connections that are being made: those are closed once they are.
        """
        with self._lock:
            self._closed = True
            self._closing.set()
            while self._waiting:
                self._waiting.popleft().give(error=PoolClosedError("the pool is closed"))
        self._upkeep.stop()
        self._trim(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell_caller(self, slot: Slot, connection: object, event: Event) -> None:
        """Call the hook; where it raises, the connection goes back and the caller gets that."""
        assert self._hook is not None  # noqa: S101  (asked only then)
        try:
            self._hook(event)
        except BaseException:
            self._used.pop(slot.key, None)
            slot.connection = connection
            if is_restored(self, slot):
                self._give_back(slot)
            else:
                self._drop(slot, lost=True)
            raise


def _refuse(connection: object) -> None:
    """Raise for what is not checked out; a child's own copy of its parent's is left alone."""
    if not is_inherited(connection):
        raise ValueError("this connection is not checked out of this pool")
