"""`Chunks`: the chunks of a store that are held in memory, under their bounds, true LRU."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import final

from perflab.patterns.lazy_loading._store import Rows

_LOOKED_AT = 8

Loaded = tuple[Rows, int]
"""A chunk's rows and their bytes in memory."""


@final
class Ahead:
    """In place of a chunk that was requested by nobody yet: being loaded, or loaded, ahead."""

    __slots__ = ("rows", "size")

    def __init__(self) -> None:
        self.rows: Rows | None = None
        self.size = 0


class Chunks:
    """One cutting of a store into chunks of a size, and which of them are held.

    `held` is read without the lock: each step on it is a single call that the interpreter makes
    whole, and whoever finds a chunk gone loads it again.

    Args:
        rows: How many rows the store has.
        size: Rows a chunk; the last one may have fewer.
        max_chunks: The most chunks held, those being loaded ahead included.
        max_bytes: The most bytes held; none for no such bound.
        evicted: Called with number and bytes of each chunk that leaves, outside the lock; none
            where nobody listens.
    """

    def __init__(
        self,
        rows: int,
        size: int,
        max_chunks: int,
        max_bytes: int | None,
        evicted: Callable[[int, int], None] | None = None,
    ) -> None:
        self.rows = rows
        self.size = size
        self.count = -(-rows // size)
        self.held: OrderedDict[int, Rows | Ahead] = OrderedDict()
        self.bytes = 0
        self.evictions = 0
        self.rejected = 0
        self._bytes: dict[int, int] = {}
        self._max_chunks = max_chunks
        self._max_bytes = max_bytes
        self._evicted = evicted
        # Reentrant, since `touch` holds it and calls `put`.
        self._lock = threading.RLock()

    def span(self, number: int) -> tuple[int, int]:
        """Return the first row of a chunk, and the first after it."""
        start = number * self.size
        return start, min(start + self.size, self.rows)

    def fits(self, size: int) -> bool:
        """Say whether a chunk of so many bytes may be held at all."""
        return self._max_bytes is None or size <= self._max_bytes

    def found(self, number: int) -> Loaded | None:
        """Return a chunk that is in memory, without touching it; none where it is not."""
        # No lock: a look into a dict is one step, and a chunk that leaves meanwhile stays whole.
        rows = self.held.get(number)
        if isinstance(rows, Ahead):
            return None if rows.rows is None else (rows.rows, rows.size)
        return None if rows is None else (rows, self._bytes.get(number, 0))

    def put(self, number: int, rows: Rows, size: int) -> None:
        """Hold a chunk that was loaded, as the most recent; one above the bytes' bound is not.

        Room is made before it is taken, so that whoever looks finds the bounds kept.
        """
        with self._lock:
            if not self.fits(size):
                self._reject(number)
                return
            more = 1
            if number in self.held:
                self.held.move_to_end(number)
                more = 0
            gone = self._evict(more, size - self._bytes.get(number, 0))
            self.held[number] = rows
            self._account(number, size)
        self._tell(gone)

    def put_ahead(self, number: int, place: Ahead, rows: Rows, size: int) -> None:
        """Fill a reserved place, or another one that the chunk has got since; if it has any."""
        with self._lock:
            place.rows, place.size = rows, size
            held = self.held.get(number)
            if not isinstance(held, Ahead) or number in self._bytes:
                return
            held.rows, held.size = rows, size
            if not self.fits(size):
                self._reject(number)
                return
            gone = self._evict(0, size)
            if number in self.held:
                self._account(number, size)
        self._tell(gone)

    def touch(self, number: int, place: Ahead) -> None:
        """Make a chunk that was loaded ahead a plain one, and the most recent."""
        with self._lock:
            if place.rows is not None and self.held.get(number) is place:
                self.put(number, place.rows, place.size)

    def reserve(self, number: int, ahead: int) -> list[tuple[int, Ahead]]:
        """Make places for the next chunks after one, nearest last, and keep that one above them.

        Returns:
            The places to fill, the nearest chunk first.
        """
        made: list[tuple[int, Ahead]] = []
        with self._lock:
            # No more than fit beside the chunk itself.
            last = min(number + min(ahead, self._max_chunks - 1), self.count - 1)
            gone = []
            for following in range(last, number, -1):
                if following not in self.held:
                    gone += self._evict(1, 0)
                    place = self.held[following] = Ahead()
                    made.append((following, place))
            if number in self.held:
                self.held.move_to_end(number)
        self._tell(gone)
        return made[::-1]

    def drop(self, number: int, place: Ahead) -> None:
        """Give a reserved place up, since its load failed."""
        with self._lock:
            if self.held.get(number) is place:
                self._forget(number)

    def is_wanted(self, number: int, place: Ahead) -> bool:
        """Say whether a reserved place is still to be filled."""
        return self.held.get(number) is place and place.rows is None

    def bound(self, max_chunks: int, max_bytes: int | None) -> None:
        """Change the bounds; what is above them leaves."""
        with self._lock:
            self._max_chunks, self._max_bytes = max_chunks, max_bytes
            gone = self._evict(0, 0)
        self._tell(gone)

    def rows_held(self) -> int:
        """Return how many rows are in memory."""
        numbers = list(self._bytes)
        return sum(stop - start for start, stop in map(self.span, numbers))

    def _account(self, number: int, size: int) -> None:
        self.bytes += size - self._bytes.get(number, 0)
        self._bytes[number] = size

    def _reject(self, number: int) -> None:
        self.rejected += 1
        self._forget(number)

    def _evict(self, more: int, more_bytes: int) -> list[tuple[int, int]]:
        """Evict until so many more chunks and bytes fit; return number and bytes of each."""
        gone: list[tuple[int, int]] = []
        held = self.held
        most = sys.maxsize if self._max_bytes is None else self._max_bytes
        while held and (len(held) + more > self._max_chunks or self.bytes + more_bytes > most):
            oldest, _ = held.popitem(last=False)
            size = self._bytes.pop(oldest, 0)
            self.bytes -= size
            self.evictions += 1
            gone.append((oldest, size))
        return gone

    def _forget(self, number: int) -> None:
        self.held.pop(number, None)
        self.bytes -= self._bytes.pop(number, 0)

    def _tell(self, gone: list[tuple[int, int]]) -> None:
        if self._evicted is not None:
            for number, size in gone:
                self._evicted(number, size)


def size_of(rows: Rows) -> int:
    """Return the bytes of rows in memory: of an array exactly, else from some of them.

    Rows of a list are looked at one level deep, 8 of them, evenly spread: looking at all would
    cost more than to load them.
    """
    exact = getattr(rows, "nbytes", None)
    if isinstance(exact, int):
        return exact
    looked_at = list(rows[:: max(1, len(rows) // _LOOKED_AT)])
    if not looked_at:
        return sys.getsizeof(rows)
    total = sum(map(sys.getsizeof, looked_at))
    if set(map(type, looked_at)) <= {tuple, list}:
        total += sum(map(sys.getsizeof, itertools.chain.from_iterable(looked_at)))
    else:
        total += sum(map(_inside, looked_at))
    return sys.getsizeof(rows) + round(total / len(looked_at) * len(rows))


def _inside(row: object) -> int:
    if isinstance(row, (tuple, list)):
        return sum(map(sys.getsizeof, row))
    return sum(map(sys.getsizeof, row.values())) if isinstance(row, dict) else 0
