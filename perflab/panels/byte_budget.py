"""`ByteBudget`: how many bytes of pictures a panel may send, so that its messages get through.

A notebook server drops messages of a kernel that sends more than a megabyte per second over three
seconds. Two panels stay below that, the one being moved and the other showing a run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BYTES_PER_SECOND = 340_000.0
MOST_AT_ONCE = 500_000.0
MAY_OWE = 300_000.0
LONGEST_WAIT = 0.5


class ByteBudget:
    """Fills up with time, and is spent by what is sent. Safe to use from several threads.

    Args:
        per_second: How fast it fills up, in bytes.
        most: How many bytes it holds.
        clock: Returns the time in seconds.
    """

    def __init__(
        self,
        per_second: float = BYTES_PER_SECOND,
        most: float = MOST_AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second, self._most, self._clock = per_second, most, clock
        self._lock = threading.Lock()
        self._left, self._at = most, clock()

    @property
    def seconds_left(self) -> float:
        """How long it takes until the next picture may be sent; 0 where it may be now."""
        with self._lock:
            self._fill()
            return max(0.0, -self._left / self._per_second)

    def spend(self, count: int) -> None:
        """Take off so many bytes, which have been sent; what is owed delays the next."""
        with self._lock:
            self._fill()
            self._left -= count

    def wait(self, longest: float = LONGEST_WAIT) -> None:
        """Wait until the answer to a user may be sent, but not too long: the last one always is.

        It may owe some bytes, for which the pictures of a run then wait.
        """
        time.sleep(min(max(0.0, self.seconds_left - MAY_OWE / self._per_second), longest))

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
