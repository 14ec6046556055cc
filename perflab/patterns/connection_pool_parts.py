"""The parts of the connection pool: a connection's slot, a caller that waits, and the errors."""

from __future__ import annotations

import dataclasses
import random
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any

LIFETIME_SPREAD = 0.1
_OURS = __name__.removesuffix("_parts")


class PoolError(Exception):
    """The base of what a pool raises."""


class PoolTimeoutError(PoolError, TimeoutError):
    """No connection became free within the timeout."""


class PoolClosedError(PoolError):
    """The pool is closed."""


class Slot:
    """One open connection and what is known of it; one thread at a time holds it."""

    __slots__ = (
        "born",
        "checkouts",
        "connection",
        "share",
        "since",
        "thread",
        "usage",
        "where",
    )

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.born = self.since = time.monotonic()
        # Each lives up to a tenth shorter, so that those made together do not end together.
        self.share = random.uniform(1.0 - LIFETIME_SPREAD, 1.0)
        self.usage = 0.0
        self.checkouts = 0
        self.thread = self.where = "unknown"


class Waiter:
    """A caller in the queue; it is woken with a slot, with leave to connect, or with an error."""

    __slots__ = ("error", "gone", "grow", "lock", "slot")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.slot: Slot | None = None
        self.grow = False
        self.gone = False
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


@dataclasses.dataclass(frozen=True, slots=True)
class Leak:
    """Who has held a connection for longer than ``leak_seconds``.

    Attributes:
        connection: What is held.
        thread: The name of the thread that checked it out.
        where: File and line of that checkout.
        seconds: For how long.
    """

    connection: Any
    thread: str
    where: str
    seconds: float


def find_leaks(used: Iterable[Slot], leak_seconds: float | None) -> list[Leak]:
    """Return the slots in use that were checked out too long ago, longest first."""
    if leak_seconds is None:
        return []
    now = time.monotonic()
    held = [Leak(slot.connection, slot.thread, slot.where, now - slot.since) for slot in used]
    return sorted(
        (leak for leak in held if leak.seconds >= leak_seconds), key=lambda leak: -leak.seconds
    )


def place_of_call() -> str:
    """Return file and line of the first caller outside the pool's own files."""
    frame = sys._getframe(1)  # noqa: SLF001  (the way to see who calls)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
