"""How long entries live: a caller's own seconds, and which entry expires next."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator
from datetime import timedelta
from heapq import heapify, heappop, heappush
from itertools import count

from perflab.errors import BadInputError
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._failures import KeptError


class Deadlines:
    """Entries by when they expire, for a cache in which they leave at once.

    A heap, from which an entry that has left is dropped when its turn comes, or when half of the
    heap is such. Used under the cache's lock.
    """

    def __init__(self, dues: Iterable[tuple[Entry, float | None]]) -> None:
        self._number = count()
        self._due = {entry: due for entry, due in dues if due is not None}
        self._heap = self._ranked()

    def add(self, entry: Entry, due: float | None) -> None:
        """Wait for the end of an entry, if it has one; one that it had before counts no more."""
        if due is not None:
            self._due[entry] = due
            heappush(self._heap, (due, next(self._number), entry))

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        self._due.pop(entry, None)
        if len(self._heap) > 2 * len(self._due) + 16:
            self._heap = self._ranked()

    def expired(self, now: float) -> Iterator[Entry]:
        """Go through the entries that have expired, first those that did first; forget them."""
        while self._heap and self._heap[0][0] <= now:
            due, _, entry = heappop(self._heap)
            # One that was given a new lifetime is there by its old end too.
            if self._due.get(entry) == due:
                del self._due[entry]
                yield entry

    def _ranked(self) -> list[tuple[float, int, Entry]]:
        ranked = [(due, next(self._number), entry) for entry, due in self._due.items()]
        heapify(ranked)
        return ranked


def end_of(written: float, lifetime: float | None) -> float | None:
    """Return when what was written then expires; None for never."""
    return None if lifetime is None or lifetime == math.inf else written + lifetime


def due_of(entry: Entry) -> float | None:
    """Return the clock's seconds when a value or a kept error expires; None for never."""
    kept = entry.value
    return kept.due if kept.__class__ is KeptError else entry.deadline


def read_lifetime(ttl: object, key: Hashable, value: object) -> float | None:
    """Return an entry's own seconds to live, from a number, a `timedelta`, a function, or None.

    Args:
        ttl: object of these; a function is called with key and value.
        key: The entry's key.
        value: The entry's value.

    Raises:
        BadInputError: If it is not a number of 0 or more; infinite is for ever.
    """
    seconds = ttl(key, value) if callable(ttl) else ttl
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise BadInputError(f"{seconds!r} is not a number of seconds, 0 or more", "ttl")
    return float(seconds)
