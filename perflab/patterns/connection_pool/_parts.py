"""The parts of the connection pool: a connection's slot, a caller that waits, and the errors."""

from __future__ import annotations

import dataclasses
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from types import CodeType

from perflab.patterns.connection_pool._state import (
    Connection,
    Reader,
    ends_transactions,
    reader_for,
)

LIFETIME_SPREAD = 0.1


class PoolError(Exception):
    """The base of what a pool raises."""


class PoolTimeoutError(PoolError, TimeoutError):
    """No connection became free within the timeout."""


class PoolClosedError(PoolError):
    """The pool is closed."""


class TooManyWaitingError(PoolError):
    """As many callers as ``max_waiting`` allows are in the queue already."""


class Slot:
    """One open connection and what is known of it; one thread at a time holds it.

    While a caller has the connection, the slot refers to it only weakly, where its type allows
    that: so it is noticed when the caller forgets it.
    """

    __slots__ = (
        "born",
        "checkouts",
        "code",
        "connection",
        "expires",
        "has_transactions",
        "instruction",
        "kept",
        "key",
        "lone",
        "reference",
        "settled",
        "share",
        "since",
        "state",
        "thread",
        "usage",
    )
    state: Reader
    has_transactions: bool

    def __init__(self) -> None:
        self.connection: Connection = None
        self.key = 0
        self.lone = 0
        # What the slot still refers to while a caller has the connection: that, or nothing.
        self.kept: Connection = None
        self.reference: weakref.ref[Connection] | None = None
        self.born = self.since = time.monotonic()
        # Each lives up to a tenth shorter, so that those made together do not end together.
        self.share = random.uniform(1.0 - LIFETIME_SPREAD, 1.0)
        self.expires = float("inf")
        self.usage = 0.0
        self.checkouts = 0
        self.settled = False
        self.thread = 0
        self.code: CodeType | None = None
        self.instruction = 0

    def fill(self, connect: Callable[[], Connection]) -> None:
        """Connect, and count how often the result is referred to where nobody has it.

        Nothing but the slot keeps it here, not even a variable.
        """
        self.connection = connect()
        # One more for `kept`, where the connection's type has no weak references.
        self.lone = sys.getrefcount(self.connection) + 1
        self.key = id(self.connection)
        self.state = reader_for(self.connection)
        self.has_transactions = ends_transactions(self.connection)
        self.since = time.monotonic()

    @property
    def is_forgotten(self) -> bool:
        """Whether nobody else refers to a connection that a caller should have."""
        return self.kept is not None and sys.getrefcount(self.kept) <= self.lone

    @property
    def held(self) -> Connection:
        """The connection, also while a caller has it; None if that has forgotten it."""
        if self.connection is None and self.reference is not None:
            return self.reference()
        return self.connection

    @property
    def where(self) -> str:
        """File and line of the last checkout."""
        if self.code is None:
            return "unknown"
        return f"{self.code.co_filename}:{_line(self.code, self.instruction)}"

    @property
    def who(self) -> str:
        """The name of the thread of the last checkout; known where ``leak_seconds`` is set."""
        if self.thread == 0:
            return "unknown"
        for thread in threading.enumerate():
            if thread.ident == self.thread:
                return thread.name
        return f"{self.thread} (ended)"


class Waiter:
    """A caller in the queue; it is woken with a slot or with an error."""

    __slots__ = ("error", "gone", "lock", "slot")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.slot: Slot | None = None
        self.gone = False
        self.error: Exception | None = None

    @property
    def served(self) -> bool:
        """Whether it has been given something."""
        return self.slot is not None or self.error is not None

    def give(self, slot: Slot | None = None, *, error: Exception | None = None) -> None:
        """Wake the caller; called once, under the pool's lock."""
        self.slot, self.error = slot, error
        self.lock.release()


class Bell:
    """Wakes one thread that waits; ringing it takes no lock.

    A weak reference's callback may ring it: that runs wherever the last reference is dropped, in
    a thread that may hold any lock. An `Event` has a lock inside, and could wait for itself.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake who waits, or the next that will."""
        try:
            self._lock.release()
        except RuntimeError:  # it has been rung already
            return

    def wait(self, seconds: float) -> None:
        """Return when it is rung, or after so many seconds."""
        self._lock.acquire(timeout=seconds)


@dataclasses.dataclass(frozen=True, slots=True)
class Leak:
    """Who has held a connection for longer than ``leak_seconds``, or has forgotten it.

    Attributes:
        connection: What is held; None if it was forgotten, and its place is free again.
        thread: The name of the thread that checked it out.
        where: File and line of that checkout.
        seconds: For how long.
    """

    connection: Connection
    thread: str
    where: str
    seconds: float

    @classmethod
    def of(cls, slot: Slot) -> Leak:
        """Return the leak of a connection that is in use or forgotten."""
        return cls(slot.held, slot.who, slot.where, time.monotonic() - slot.since)


def held_too_long(used: Iterable[Slot], leak_seconds: float | None) -> list[Slot]:
    """Return the slots that were checked out too long ago, longest first."""
    if leak_seconds is None:
        return []
    now = time.monotonic()
    held = [slot for slot in used if now - slot.since >= leak_seconds]
    return sorted(held, key=lambda slot: slot.since)


def _line(code: CodeType, instruction: int) -> int:
    """Return the line of an instruction, by its offset in bytes."""
    for first, after, line in code.co_lines():
        if first <= instruction < after and line is not None:
            return line
    return code.co_firstlineno
