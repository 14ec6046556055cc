"""Time as an object, so that a trace's own time can take the place of the wall's."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time in seconds since some moment; it never goes backwards."""

    def now(self) -> float:
        """Return the time in seconds."""


class MonotonicClock:
    """The computer's monotonic clock."""

    __slots__ = ()

    now = staticmethod(time.monotonic)


class VirtualClock:
    """A clock that stands still until it is told the time; from any thread.

    Args:
        start: The time in seconds that it shows first.
    """

    __slots__ = ("_lock", "_time")

    def __init__(self, start: float = 0.0) -> None:
        self._time = float(start)
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time in seconds."""
        return self._time

    def set(self, seconds: float) -> None:
        """Show a time; one before the time shown is passed over."""
        with self._lock:
            self._time = max(self._time, seconds)

    def advance(self, seconds: float) -> None:
        """Let an amount of time pass; a negative one is passed over."""
        with self._lock:
            if seconds > 0:
                self._time += seconds
