"""One load per key at a time, however many ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Any, Generic, TypeVar

from perflab.primitives.forking import renew_in_children

V = TypeVar("V")


class Flight:
    """One load under way in a thread: its owner, and how it ended.

    Attributes:
        owner: The thread that loads.
        landed: Held until the load has ended.
        ended: Whether it ended with a value or an error; an interruption is neither.
    """

    __slots__ = ("ended", "error", "landed", "owner", "traceback", "value")

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.landed = threading.Lock()
        self.landed.acquire()
        self.ended = False
        self.value: object = None
        self.error: Exception | None = None
        self.traceback: TracebackType | None = None

    def outcome(self) -> Any:
        """Return the value, or raise the error, of a flight that ended."""
        if self.error is None:
            return self.value
        error, traceback = self.error, self.traceback
        try:
            # Each raise adds to the traceback of the one error that all share.
            raise error.with_traceback(traceback)
        finally:
            # The error leads to this frame; from here nothing leads back to it.
            del error, traceback, self

    def land(self, value: object = None, error: BaseException | None = None) -> None:
        """End the load for all who wait: with a value, an error, or an interruption.

        What is called twice, as where the first call was interrupted, ends as the second says.
        """
        if error is None:
            self.value = value
            self.ended = True
        elif isinstance(error, Exception):
            self.error = error
            self.traceback = error.__traceback__
            self.ended = True
        if self.landed.locked():
            self.landed.release()


def refuse_deadlock(
    label: Callable[[], str], flight: Flight, me: int, waiting: dict[int, Flight]
) -> None:
    """Raise if waiting for a flight would never end: its owner waits, at the last, for me.

    Raises:
        RuntimeError: If so, such as when a loader asks for the very key that it loads.
    """
    owner = flight.owner
    while owner != me:
        next_flight = waiting.get(owner)
        if next_flight is None:
            return
        owner = next_flight.owner
    raise RuntimeError(deadlock_text(label()))


def deadlock_text(label: str) -> str:
    """Return what is said to a load that would wait for itself."""
    return (
        f"the load of {label} asks for {label} again, by itself or through other loads, "
        "and would wait for itself forever"
    )


class SingleFlight(Generic[V]):
    """One load per key at a time across threads: the first loads, the others get its result.

    An `Exception` of the loader reaches all who wait. When the loading thread is interrupted
    (`KeyboardInterrupt`, `SystemExit`), the interruption is its own: one who waits loads instead.
    A forked child does not wait for loads of the parent's threads.
    """

    def __init__(self) -> None:
        # A finalizer that runs inside the lock may ask for a load of its own.
        self._lock = threading.RLock()
        self._flights: dict[Hashable, Flight] = {}
        self._waiting: dict[int, Flight] = {}
        renew_in_children(self)

    def run(
        self, key: Hashable, load: Callable[[], V], on_wait: Callable[[], None] | None = None
    ) -> V:
        """Return the result of one load of the key, this caller's or one already under way.

        Args:
            key: What is loaded.
            load: Loads it; called at most once, in this thread.
            on_wait: Called once, before the first wait for another caller.

        Raises:
            RuntimeError: If the load asks for its own key, directly or through other loads.
        """
        me = threading.get_ident()
        while True:
            mine = Flight(me)
            error: BaseException | None = InterruptedError()
            value: Any = None
            try:
                with self._lock:
                    flight = self._flights.setdefault(key, mine)
                    if flight is not mine:
                        refuse_deadlock(lambda: repr(key), flight, me, self._waiting)
                        self._waiting[me] = flight
                if flight is mine:
                    value = load()
                    error = None
                    return value  # type: ignore[no-any-return]
                if on_wait is not None:
                    on_wait()
                    on_wait = None
                with flight.landed:
                    pass
            except BaseException as problem:
                error = problem
                raise
            finally:
                try:
                    self._forget(key, mine, me)
                    mine.land(value, error)
                except BaseException:  # Ctrl-C: without this, nobody would load the key again
                    self._forget(key, mine, me)
                    mine.land(value, error)
                    raise
                finally:
                    del error, value, mine
            if flight.ended:
                return flight.outcome()  # type: ignore[no-any-return]

    def _forget(self, key: Hashable, flight: Flight, me: int) -> None:
        """Let later callers load; done twice, it does nothing more."""
        with self._lock:
            self._waiting.pop(me, None)
            if self._flights.get(key) is flight:
                del self._flights[key]

    def part(self, *keys: Hashable) -> None:
        """Let later callers of keys start a load of their own; those who wait keep waiting."""
        with self._lock:
            for key in keys:
                self._flights.pop(key, None)

    def part_all(self) -> None:
        """Let later callers of any key start a load of their own."""
        with self._lock:
            self._flights.clear()

    def hold(self, seconds: float) -> bool:
        """Take the lock before a fork."""
        return self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give the lock back after a fork."""
        self._lock.release()

    def renew(self, *, whole: bool) -> None:
        """Forget, in a forked child, the loads of threads that are not there."""
        del whole  # Each change here is one step of a dict.
        self._lock = threading.RLock()
        me = threading.get_ident()
        self._flights = {key: one for key, one in self._flights.items() if one.owner == me}
        self._waiting.clear()
