"""A breaker: a server that failed often is left alone for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from perflab.instrumentation.forked_locks import renew_lock_in_children
from perflab.primitives.clock import MonotonicClock

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """Tells callers whether to try a server (Nygard, Release It!, "Circuit Breaker").

    It opens after so many failures in a row. When it has been open for long enough, one caller
    may try: where that succeeds it closes, else it stays open as long again. A caller who never
    tells how it went delays the next try by that time, no more.

    Written here because the libraries for it wrap a call and raise errors of their own: a
    caller of this one asks, calls and tells, so that threads and tasks share one breaker and a
    success costs the reading of two attributes.

    Args:
        failures: After how many failures in a row it opens.
        seconds: How long it stays open before one caller tries again.
        now: Tells the time in seconds.
    """

    def __init__(
        self, failures: int, seconds: float, now: Callable[[], float] = MonotonicClock.now
    ) -> None:
        self.failures = failures
        self.seconds = seconds
        self.is_closed = True
        self.failed = 0
        self._now = now
        self._retry_at = 0.0
        self._trying = False
        self._lock = threading.Lock()
        renew_lock_in_children(self)

    @property
    def state(self) -> BreakerState:
        """How it stands: `half-open` while a caller may try, or tries."""
        with self._lock:
            if self.is_closed:
                return "closed"
            return "half-open" if self._trying or self._now() >= self._retry_at else "open"

    def allows(self) -> bool:
        """Say whether to try; where it is open, True for one caller once the time is over."""
        if self.is_closed:
            return True
        with self._lock:
            if self.is_closed:
                return True
            if self._now() < self._retry_at:
                return False
            self._trying = True
            self._retry_at = self._now() + self.seconds
            return True

    def succeed(self) -> bool:
        """Take note of a success; True where that closes it."""
        if self.is_closed and not self.failed:
            return False
        with self._lock:
            closes = not self.is_closed
            self.is_closed = True
            self._trying = False
            self.failed = 0
            return closes

    def fail(self) -> bool:
        """Take note of a failure; True where that opens it."""
        with self._lock:
            self.failed += 1
            if self.is_closed:
                opens = self.failed >= self.failures
                self.is_closed = not opens
            else:
                opens = False
            if not self.is_closed:
                self._trying = False
                self._retry_at = self._now() + self.seconds
            return opens

    def change(self, failures: int, seconds: float) -> None:
        """Set its bounds while it is in use; they count from the next failure."""
        with self._lock:
            self.failures = failures
            self.seconds = seconds
