"""`OneBehind`: work that is done in a thread while its caller goes on, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class OneBehind:
    """Does pieces of work in order, at most one of them while the caller makes the next.

    What a piece raises reaches the caller with the next piece, or when it waits.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._going: Future[Any] | None = None

    def do(self, work: Callable[..., object], *given: Any) -> None:
        """Begin a piece once the one before is done."""
        self.wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="perflab-write")
        self._going = self._thread.submit(work, *given)

    def wait(self) -> None:
        """Wait until nothing is being done."""
        going, self._going = self._going, None
        if going is not None:
            going.result()

    def close(self) -> None:
        """Wait, and end the thread.

        Raises:
            Exception: What the last piece raised; the thread has ended all the same.
        """
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()
