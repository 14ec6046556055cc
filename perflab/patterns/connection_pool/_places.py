"""`Places`: the state that the parts of a pool share: who waits, and which connections are open."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from perflab.errors import BadInputError
from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.hooks import Hook
from perflab.patterns.connection_pool._parts import (
    Bell,
    PoolTimeoutError,
    Slot,
    Waiter,
    held_too_long,
)
from perflab.patterns.connection_pool._state import Connection
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.primitives.loggers import pattern_logger
from perflab.units import in_words

C = TypeVar("C")
_COUNTS = (
    "checkouts",
    "waits",
    "timeouts",
    "refused",
    "connects",
    "connect_errors",
    "lost",
    "discards",
    "forgotten",
)
_MOST_FORGOTTEN = 100
log = pattern_logger("connection_pool")


class Maintainer(Protocol):
    """What keeps a pool as it is wanted: enough connections, none too old, none forgotten."""

    leaks: int

    def start(self) -> None:
        """Begin, if it has not begun."""

    def stop(self) -> None:
        """End."""

    def look_by(self, when: float) -> None:
        """Look at the pool at that time on the monotonic clock, if not before."""

    def pause_filling(self) -> None:
        """Make no further connection in advance for a while."""

    def wants_more(self, pool: AnyPool, /) -> bool:
        """Say whether the pool has fewer connections than it always keeps."""

    def report_outage(self, pool: AnyPool, /) -> None:
        """Tell the user once that connecting has failed for long."""


class Places(ABC, Generic[C]):
    """The state of a pool. A place is a connection that is open, or one that is being made.

    The number of places is never stored: it is that of `_slots` and `_connectors`, so that no
    interruption between two steps can lose one.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        settings: ConnectionPoolSettings,
        *,
        check: Callable[[C], object] | None,
        reset: Callable[[C], object] | None,
        close: Callable[[C], object] | None,
        hook: Hook | None,
        leak_seconds: float | None,
        reconnect_failed: Callable[[Any], object] | None,
        reconnect_seconds: float,
    ) -> None:
        self._connect = connect
        self._check, self._reset = check, reset
        self._close_one: Callable[[Connection], object] = close or (
            lambda connection: connection.close()
        )
        self._hook = hook
        self.leak_seconds = leak_seconds
        self._reconnect_failed, self._reconnect_seconds = reconnect_failed, reconnect_seconds
        self._closed = False
        self._settings = settings
        self._begin()

    def _begin(self) -> None:
        """Make all that changes while the pool is used; again in a forked child."""
        # Reentrant, since a finalizer that runs inside may give a connection back.
        self._lock = threading.RLock()
        self._closing = threading.Event()
        if self._closed:
            self._closing.set()
        self._idle: deque[Slot] = deque()
        self._waiting: deque[Waiter] = deque()
        self._used: dict[int, Slot] = {}
        self._slots: set[Slot] = set()
        self._connectors: set[object] = set()
        self._checks: dict[Slot, float] = {}
        self._forgotten: deque[tuple[Slot, float]] = deque()
        self._given_up: deque[Slot] = deque(maxlen=_MOST_FORGOTTEN)
        self._drained = 0.0
        self._failing_since: float | None = None
        self._failures = 0
        self._last_error: BaseException | None = None
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._seconds = {"wait": 0.0, "connect": 0.0, "usage": 0.0}
        self._adopt(self._settings)
        self._bell = Bell()
        self._upkeep = self._new_upkeep()
        # It knows the connections and not the pool, which it would keep alive.
        self._finalizer = weakref.finalize(self, _close_idle, self._idle, self._close_one)
        self._finalizer.atexit = False

    @abstractmethod
    def getconn(self, timeout: float | None = None) -> C:
        """Check a connection out."""

    @abstractmethod
    def putconn(self, connection: C) -> None:
        """Give a connection back."""

    @abstractmethod
    def _new_upkeep(self) -> Maintainer:
        """Return what keeps the pool as it is wanted, in a thread of its own."""

    @abstractmethod
    def _grow(self) -> None:
        """Begin as many connections as are wanted and allowed."""

    def _adopt(self, settings: ConnectionPoolSettings) -> None:
        self._settings = settings
        with self._lock:
            self._most = settings.max_connections
            self._shrinking = len(self._slots) + len(self._connectors) > self._most
        self._least = min(settings.min_connections, settings.max_connections)
        self._timeout = settings.timeout
        self._lifetime = float("inf") if settings.max_lifetime is None else settings.max_lifetime
        self._checking = settings.check and self._check is not None
        self._transactions = settings.transactions
        self._take = self._idle.pop if settings.order == "lifo" else self._idle.popleft
        for slot in [*self._slots]:
            self._date(slot)

    def _date(self, slot: Slot) -> None:
        """Set when a connection is too old; what was there before `drain` is so already."""
        drained = slot.born <= self._drained
        slot.expires = 0.0 if drained else slot.born + self._lifetime * slot.share

    def _track(self, slot: Slot) -> None:
        """Refer to a connection weakly while it is out, so that a forgotten one is noticed."""
        used, forgotten, bell, key = self._used, self._forgotten, self._bell, slot.key
        now = time.monotonic  # a local, since it may be called while the interpreter ends

        def forget(_: object) -> None:
            # Any thread, at any point, under any lock: nothing here waits.
            lost = used.pop(key, None)
            if lost is not None:
                forgotten.append((lost, now()))
                bell.ring()

        # Some types, such as sqlite3's, have no weak references; upkeep counts theirs.
        try:
            slot.reference = weakref.ref(slot.connection, forget)
        except TypeError:
            slot.kept = slot.connection

    def _remembered(self, connection: object) -> Slot | None:
        """Return the slot of a connection that a finalizer gives back in its last moment.

        The garbage collector clears weak references before it calls ``__del__``, which may give
        the connection back all the same; upkeep waits a little before it takes the place.
        """
        for entry in [*self._forgotten]:
            if entry[0].key == id(connection):
                with contextlib.suppress(ValueError):
                    self._forgotten.remove(entry)
                    entry[0].connection = connection
                    self._track(entry[0])
                    return entry[0]
        return None

    def _overdue(self) -> list[Slot]:
        """Return what is held for too long, and what was forgotten that long ago."""
        slots = [*self._given_up, *self._used.copy().values()]
        return held_too_long(slots, self.leak_seconds)

    def _wait(self, waiter: Waiter, until: float, began: float) -> None:
        """Wait until a caller is served; raises what it was given where that is an error."""
        queued = len(self._waiting) > len(self._connectors) and not waiter.served
        entered = time.monotonic()
        if queued:
            with self._lock:
                self._counts["waits"] += 1
            if self._hook is not None:
                self._hook(Event(EventKind.WAIT_STARTED, None))
        patience = min(max(0.0, until - entered), threading.TIMEOUT_MAX)
        in_time = waiter.lock.acquire(timeout=patience)
        if queued:
            waited = time.monotonic() - entered
            with self._lock:
                self._seconds["wait"] += waited
            if self._hook is not None:
                self._hook(Event(EventKind.WAIT_FINISHED, None, waited))
        if not in_time and self._left(waiter):
            self._time_out(began)
        if waiter.error is not None:
            raise waiter.error

    def _left(self, waiter: Waiter) -> bool:
        """Take a caller out of the queue; say whether it leaves with nothing given."""
        with self._lock:
            if waiter.served:
                return False
            if not waiter.gone:
                waiter.gone = True
                with contextlib.suppress(ValueError):  # it may not have come so far
                    self._waiting.remove(waiter)
            return True

    def _give_back(self, slot: Slot) -> None:
        """Make a slot idle, then look whether somebody waits or closes the pool.

        They look at the idle ones after they have made themselves known: one sees the other.
        """
        self._idle.append(slot)
        if self._closed:
            self._trim(0)
        elif self._waiting:
            self._serve()

    def _trim(self, down_to: int) -> None:
        """Close idle connections, longest unused first, until no more are open or none is idle."""
        while len(self._slots) > down_to:
            try:
                slot = self._idle.popleft()
            except IndexError:
                return
            self._drop(slot)

    def _serve(self) -> None:
        """Give idle connections to those who wait, first come first, and begin to make more."""
        with self._lock:
            while self._waiting:
                waiter = self._waiting.popleft()
                try:
                    slot = self._take()
                except IndexError:
                    self._waiting.appendleft(waiter)
                    break
                waiter.give(slot)
            at_most = len(self._slots) + len(self._connectors) >= self._most
        if not at_most:
            self._grow()

    def _wants_more(self) -> bool:
        """Say whether a caller waits for whom no connection is being made, though one may be."""
        making = len(self._connectors)
        return (
            making < len(self._waiting)
            and len(self._slots) + making < self._most
            and not self._closed
        )

    def _note_failure(self, error: BaseException) -> None:
        """Take note that connecting failed, and tell the user when it has for long."""
        now = time.monotonic()
        # Its frames would keep alive what they refer to.
        error.__traceback__ = None
        with self._lock:
            self._counts["connect_errors"] += 1
            self._failures += 1
            self._last_error = error
            if self._failing_since is None:
                self._failing_since = now
            first = self._failures == 1
            if isinstance(error, BadInputError):  # it will not get better with time
                while self._waiting:
                    self._waiting.popleft().give(error=error)
        (log.warning if first else log.debug)("connecting failed: %s", error)
        self._tell(Event(EventKind.CONNECT_FAILED, None, detail=error))
        self._upkeep.report_outage(self)

    def _drop(self, slot: Slot, *, lost: bool = False) -> None:
        """Close a connection that nobody holds, and free its place."""
        try:
            if slot.connection is not None:
                self._close_one(slot.connection)
        except Exception as error:  # noqa: BLE001  (whatever a dead connection raises)
            log.debug("closing a connection failed: %s", error)
        finally:  # its place is free also where Ctrl-C interrupts the closing
            self._free_place(slot, lost=lost)

    def _free_place(self, slot: Slot, *, lost: bool) -> None:
        """Forget a connection that was closed; the first in the queue may have another made."""
        with self._lock:
            if slot not in self._slots:
                return
            # Only now is its place free: it was open until here.
            self._slots.discard(slot)
            slot.reference = slot.kept = None
            self._counts["lost" if lost else "discards"] += 1
            self._seconds["usage"] += slot.usage
            self._counts["checkouts"] += slot.checkouts
        if lost:
            log.warning(
                "closed a lost connection; %d of at most %d are open", len(self._slots), self._most
            )
        self._tell(
            Event(EventKind.DISCARDED, slot.key, detail="lost" if lost else "retired"),
        )
        self._serve()
        if len(self._slots) < self._least:
            self._bell.ring()

    def _tell(self, event: Event) -> None:
        """Call the hook for what no caller requested: what it raises is logged."""
        if self._hook is None:
            return
        try:
            self._hook(event)
        except Exception:
            log.exception("the hook raised at %s", event.kind)

    def _time_out(self, began: float) -> NoReturn:
        waited = time.monotonic() - began
        with self._lock:
            self._counts["timeouts"] += 1
            opened, cause = len(self._slots), self._last_error
        said = f"no connection within {in_words(waited, 'seconds')}"
        said += f"; {opened} of at most {self._most} are open"
        held = min(self._used.copy().values(), key=lambda slot: slot.since, default=None)
        if held is not None:
            seconds = time.monotonic() - held.since
            said += f"; one has been held for {in_words(seconds, 'seconds')}, taken at {held.where}"
        if cause is not None:
            said += f"; the last attempt to connect said: {str(cause) or type(cause).__name__}"
        log.warning("%s", said)
        if self._hook is not None:
            self._hook(Event(EventKind.TIMEOUT, None, waited))
        raise PoolTimeoutError(said) from cause


def _close(connection: Connection) -> None:
    connection.close()


AnyPool = Places[Any]
"""A pool of connections of any kind, as its parts have it."""


def _close_idle(idle: deque[Slot], close: Callable[[Connection], object]) -> None:
    """Close the idle connections of a pool that nobody has any longer."""
    while idle:
        with contextlib.suppress(Exception):
            close(idle.popleft().connection)
