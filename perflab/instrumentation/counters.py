"""Flat counters that only grow, made from events."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.forked_locks import renew_lock_in_children

if TYPE_CHECKING:
    _Count = itertools.count[int]
else:
    _Count = itertools.count

COUNTED = {
    EventKind.HIT: ("hits",),
    EventKind.MISS: ("misses",),
    EventKind.EVICTION: ("evictions",),
    EventKind.EXPIRATION: ("expirations",),
    EventKind.REJECTION: ("rejected",),
    EventKind.LOAD_FINISHED: ("loads",),
    EventKind.LOAD_FAILED: ("loads", "load_errors"),
    EventKind.WAIT_STARTED: ("waits",),
    EventKind.STALE: ("stale_hits",),
    EventKind.REFUSED: ("refused",),
    EventKind.CORRUPT: ("corrupt",),
    EventKind.VALUE_REFUSED: ("values_refused",),
    EventKind.RETRY: ("retries",),
    EventKind.FALLBACK: ("fallbacks",),
    EventKind.BREAKER_OPENED: ("breaker_openings",),
    EventKind.CHECKOUT: ("checkouts",),
    EventKind.TIMEOUT: ("timeouts",),
    EventKind.CONNECTED: ("connects",),
    EventKind.CONNECT_FAILED: ("connect_errors",),
    EventKind.DISCARDED: ("discards",),
    EventKind.LEAK: ("leaks",),
    EventKind.STALL_STARTED: ("stalls",),
    EventKind.BATCH_FETCHED: ("batches",),
}
"""The counters that an event of a kind raises by one."""

TIMED = {
    EventKind.LOAD_FINISHED: "load_seconds_total",
    EventKind.LOAD_FAILED: "load_seconds_total",
    EventKind.WAIT_FINISHED: "wait_seconds_total",
    EventKind.CONNECTED: "connect_seconds_total",
    EventKind.CHECKIN: "usage_seconds_total",
    EventKind.STALL_FINISHED: "stall_seconds_total",
    EventKind.BATCH_FETCHED: "fetch_seconds_total",
}
"""The counter that an event of a kind raises by its seconds."""


class Counters:
    """A hook that counts events by name, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        renew_lock_in_children(self)
        self._values: dict[str, int | float] = {
            **dict.fromkeys((name for names in COUNTED.values() for name in names), 0),
            **dict.fromkeys(TIMED.values(), 0.0),
        }

    def __call__(self, event: Event, /) -> None:
        """Count an event."""
        with self._lock:
            for name in COUNTED.get(event.kind, ()):
                self._values[name] += 1
            if event.kind in TIMED:
                self._values[TIMED[event.kind]] += event.seconds

    def snapshot(self) -> dict[str, int | float]:
        """Return all counters as they stand."""
        with self._lock:
            return dict(self._values)


def difference(
    later: Mapping[str, int | float], earlier: Mapping[str, int | float]
) -> dict[str, int | float]:
    """Return what was counted between two snapshots; a name the earlier lacks counts from 0."""
    return {name: value - earlier.get(name, 0) for name, value in later.items()}


class AtomicCounter(_Count):
    """Counts calls of ``next(counter)``, one C call that the interpreter lock makes atomic.

    Costs about 13 ns, a fifth of a counter under a lock. Meant for builds with the interpreter
    lock. There is no lock in it that a forked child could find held.
    """

    def read(self) -> int:
        """Return how often it was counted up."""
        # Its text, made by one C call too, is the one way to look without a step.
        return int(repr(self).partition("(")[2][:-1])
