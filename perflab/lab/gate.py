"""`Gate`: where the threads of a load stop between two requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK_SECONDS = 0.02


class Gate:
    """Holds threads between two requests while it is closed; it opens for all at once.

    A thread that goes through looks at `closed` alone, without a lock, and calls `stand` only
    where that is set.

    Attributes:
        closed: Whether threads stop at their next request.
    """

    def __init__(self) -> None:
        self.closed = False
        self._ended = False
        self._moved = threading.Condition()
        # By thread that stands: the request that it has taken but not begun, if any.
        self._standing: dict[int, int | None] = {}

    def close(self) -> None:
        """Stop each thread before its next request."""
        with self._moved:
            self.closed = True

    def open(self) -> None:
        """Let all go on."""
        with self._moved:
            self.closed = self._ended
            self._moved.notify_all()

    def end(self) -> None:
        """Have each thread come by at its next request, and hold none from now on."""
        with self._moved:
            self.closed = self._ended = True
            self._moved.notify_all()

    def stand(self, request: int | None) -> None:
        """Wait until the gate is open.

        Args:
            request: What the calling thread has taken and not begun; None where it has nothing.
        """
        thread = threading.get_ident()
        with self._moved:
            self._standing[thread] = request
            self._moved.notify_all()
            # Looked at under the lock: where it is closed again at once, the thread stays.
            self._moved.wait_for(lambda: self._ended or not self.closed)
            del self._standing[thread]

    def wait(self, under_way: Callable[[], int], seconds: float) -> bool:
        """Wait until every thread stands; return whether they do.

        Args:
            under_way: Returns how many threads there are now; one may end instead of standing.
            seconds: How long at most, since a request may hang in a backend.
        """
        end = time.perf_counter() + seconds
        with self._moved:
            while len(self._standing) < under_way():
                left = end - time.perf_counter()
                if left <= 0:
                    return False
                self._moved.wait(min(left, _LOOK_SECONDS))
            return True

    def is_standing(self, thread: int | None) -> bool:
        """Say whether a thread, by its identifier, stands here now."""
        with self._moved:
            return thread in self._standing

    def first_taken(self) -> int | None:
        """Return the first request that a standing thread has taken, if any has."""
        with self._moved:
            taken = [request for request in self._standing.values() if request is not None]
        return min(taken, default=None)
