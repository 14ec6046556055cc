"""The parts of the connection pool: a connection's slot, a caller that waits, and the errors."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

_OURS = __name__.removesuffix("_parts")


class PoolError(Exception):
    """The base of what a pool raises."""


class PoolTimeoutError(PoolError, TimeoutError):
    """No connection became free within the timeout."""


class PoolClosedError(PoolError):
    """The pool is closed."""


class Slot:
    """One open connection and what is known of it; one thread at a time holds it."""

    __slots__ = ("checkouts", "connection", "expires", "holder", "since", "usage", "where")

    def __init__(self, connection: Any, expires: float) -> None:
        self.connection = connection
        self.expires = expires
        self.since = time.monotonic()
        self.usage = 0.0
        self.checkouts = 0
        self.holder: threading.Thread | None = None
        self.where = ""


class Waiter:
    """A caller in the queue; it is woken with a slot, with leave to connect, or with an error."""

    __slots__ = ("error", "grow", "lock", "slot")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.slot: Slot | None = None
        self.grow = False
        self.error: PoolError | None = None

    @property
    def served(self) -> bool:
        """Whether it has been given something."""
        return self.slot is not None or self.grow or self.error is not None

    def give(
        self, slot: Slot | None = None, *, grow: bool = False, error: PoolError | None = None
    ) -> None:
        """Wake the caller; called once, under the pool's lock."""
        self.slot, self.grow, self.error = slot, grow, error
        self.lock.release()


def place_of_call() -> str:
    """Return file and line of the first caller outside the pool's own files."""
    frame = sys._getframe(1)  # noqa: SLF001  (the way to see who calls)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
