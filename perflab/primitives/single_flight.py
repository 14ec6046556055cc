"""One load a key at a time, however many ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Flight:
    """One load under way: who does it, and how it ended."""

    __slots__ = ("ended", "error", "landed", "owner", "traceback", "value")

    def __init__(self, owner: Hashable, landed: Any) -> None:
        self.owner = owner
        self.landed = landed
        self.ended = False
        self.value: Any = None
        self.error: Exception | None = None
        self.traceback: TracebackType | None = None

    def outcome(self) -> Any:
        """Return the value, or raise the error, of a flight that ended."""
        if self.error is not None:
            # Each raise adds to the traceback of the one error that all share.
            raise self.error.with_traceback(self.traceback)
        return self.value

    def succeed(self, value: Any) -> None:
        """End with a value."""
        self.value = value
        self.ended = True

    def fail(self, error: Exception) -> None:
        """End with an error for all who wait."""
        self.error = error
        self.traceback = error.__traceback__
        self.ended = True


def refuse_deadlock(
    key: Hashable, flight: Flight, me: Hashable, waiting: dict[Any, Flight]
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
    raise RuntimeError(
        f"the load of {key!r} asks for {key!r} again, by itself or through other loads, "
        "and would wait for itself forever"
    )


class SingleFlight(Generic[V]):
    """One load a key at a time across threads: the first loads, the others get what it got.

    An `Exception` of the loader reaches all who wait. When the loading thread is interrupted
    (`KeyboardInterrupt`, `SystemExit`), the interruption is its own: one who waits loads instead.
    """

    def __init__(self) -> None:
        # A finalizer that runs inside the lock may ask for a load of its own.
        self._lock = threading.RLock()
        self._flights: dict[Hashable, Flight] = {}
        self._waiting: dict[int, Flight] = {}

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
            mine = Flight(me, threading.Lock())
            mine.landed.acquire()
            try:
                with self._lock:
                    flight = self._flights.setdefault(key, mine)
                    if flight is not mine:
                        refuse_deadlock(key, flight, me, self._waiting)
                        self._waiting[me] = flight
                if flight is mine:
                    return self._lead(mine, load)
                if on_wait is not None:
                    on_wait()
                    on_wait = None
                with flight.landed:
                    pass
            finally:
                with self._lock:
                    self._waiting.pop(me, None)
                    if self._flights.get(key) is mine:
                        del self._flights[key]
                mine.landed.release()
            if flight.ended:
                return flight.outcome()  # type: ignore[no-any-return]

    @staticmethod
    def _lead(flight: Flight, load: Callable[[], V]) -> V:
        try:
            value = load()
        except Exception as error:
            flight.fail(error)
            raise
        flight.succeed(value)
        return value
