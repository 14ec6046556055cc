"""`Connector`: a thread that makes connections for those who wait in a pool's queue."""

# ruff: noqa: SLF001  (the threads of a pool are a part of it)
from __future__ import annotations

import contextlib
import random
import threading
import time
import weakref

from perflab.errors import BadInputError
from perflab.instrumentation.events import Event, EventKind
from perflab.patterns.connection_pool._parts import Slot
from perflab.patterns.connection_pool._places import AnyPool
from perflab.patterns.connection_pool._restore import prepare
from perflab.patterns.connection_pool._state import Connection, is_bound_to_thread
from perflab.primitives.loggers import pattern_logger

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
log = pattern_logger("connection_pool")


class Connector:
    """Holds one place of a pool while it connects, so that no caller hangs where a connect does.

    Where connecting fails it tries again, with longer and longer pauses, while callers wait. It
    holds the pool weakly: a connect that hangs keeps no pool alive.
    """

    def __init__(self, pool: AnyPool) -> None:
        self._pool = weakref.ref(pool)
        self._connect, self._close = pool._connect, pool._close_one
        self._closing = pool._closing

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: If no thread can be started.
        """
        threading.Thread(target=self._run, name="perflab-pool-connect", daemon=True).start()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        try:
            while True:
                made = self._make_one()
                if made is None or not self._goes_on(retry=not made):
                    return
                if made:
                    pause = _FIRST_PAUSE
                    continue
                self._closing.wait(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
                if not self._goes_on(retry=True):
                    return
        finally:
            self._leave()

    def _make_one(self) -> bool | None:
        """Connect and hand over; False if that failed, None if there is no pool any longer."""
        slot = Slot()
        try:
            slot.fill(self._connect)
            self._hand_over(self._pool(), slot)
        except _NotNeededError:
            self._close_quietly(slot)
            return None
        except BaseException as error:  # noqa: BLE001  (whatever the user's connect raises)
            pool = self._pool()
            if pool is None:
                return None
            pool._note_failure(error)
            return False
        return True

    def _hand_over(self, pool: AnyPool | None, slot: Slot) -> None:
        """Check a fresh connection and give it to the pool."""
        if pool is None:
            raise _NotNeededError
        _refuse_what_cannot_be_lent(pool, slot.connection)
        seconds = slot.since - slot.born
        try:
            prepare(pool, slot)
        except BaseException:
            self._close_quietly(slot)
            raise
        pool._track(slot)
        with pool._lock:
            # Its place goes over from the connector to the slot.
            pool._connectors.discard(self)
            if pool._closed or len(pool._slots) >= pool._most:
                raise _NotNeededError
            pool._date(slot)
            pool._slots.add(slot)
            pool._counts["connects"] += 1
            pool._seconds["connect"] += seconds
            failed, pool._failures = pool._failures, 0
            pool._last_error = pool._failing_since = None
        again = f" after {failed} failures" if failed else ""
        log.info("connected in %.3g s%s; %d open", seconds, again, len(pool._slots))
        pool._tell(Event(EventKind.CONNECTED, slot.key, seconds))
        slot.since = time.monotonic()
        pool._give_back(slot)

    def _goes_on(self, *, retry: bool) -> bool:
        """Say whether it makes another, and hold a place for that."""
        pool = self._pool()
        if pool is None:
            return False
        with pool._lock:
            if not retry:
                # Its place is the slot's now, or free.
                pool._connectors.discard(self)
            if retry and len(pool._connectors) > len(pool._waiting):
                pool._upkeep.pause_filling()
                pool._connectors.discard(self)
                return False
            if retry and not pool._closed:
                return True
            if pool._wants_more() or pool._upkeep.wants_more(pool):
                pool._connectors.add(self)
                return True
        return False

    def _leave(self) -> None:
        """Give the place up; the first in the queue may have a connection made there."""
        pool = self._pool()
        if pool is None:
            return
        with pool._lock:
            pool._connectors.discard(self)
        pool._serve()

    def _close_quietly(self, slot: Slot) -> None:
        if slot.connection is not None:
            with contextlib.suppress(Exception):
                self._close(slot.connection)


class _NotNeededError(Exception):
    """The pool was closed, made smaller or let go of while a connection was made."""


def _refuse_what_cannot_be_lent(pool: AnyPool, connection: Connection) -> None:
    """Raise if a connect returned what the pool cannot lend to one caller at a time.

    Raises:
        BadInputError: If so; trying again would not help, so those who wait get it at once.
    """
    if connection is None:
        raise BadInputError("returned None in place of a connection", "connect")
    if hasattr(connection, "__await__"):
        if hasattr(connection, "close"):
            connection.close()
        raise BadInputError(
            "returned an awaitable; the pool is synchronous and needs a synchronous driver",
            "connect",
        )
    with pool._lock:
        twice = any(slot.held is connection for slot in pool._slots)
    if twice:
        raise BadInputError(
            "returned a connection that the pool has already; return a new one each time", "connect"
        )
    if is_bound_to_thread(connection):
        raise BadInputError(
            "SQLite connections need check_same_thread=False, since a pool passes them from thread "
            "to thread",
            "connect",
        )
