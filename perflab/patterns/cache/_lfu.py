"""LFU: the entry with the fewest uses goes next."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from itertools import count

from perflab.patterns.cache._entry import Entry, Queue, Region

Rank = tuple[int, int, Entry]


class LfuQueue(Queue):
    """Least frequently used, and of those with as few uses, least recently used.

    Uses are counted from 1 when an entry is let in and forgotten when it leaves. A hit changes
    the entry alone. The heap holds entries by what they were when they were last looked at: as
    uses only grow, the first whose rank still holds is the victim, and others are put back.
    """

    expect: Callable[[Region, Hashable], None] | None = None

    def __init__(self) -> None:
        self._tick = count(1)
        self._heap: list[Rank] = []
        self._held: set[Entry] = set()

    def touch(self, entry: Entry) -> None:
        """Count a use; two at the same moment may count as one."""
        entry.uses += 1
        entry.last_use = next(self._tick)

    def add(self, entry: Entry) -> None:
        """Let an entry in with its first use."""
        entry.uses = 1
        entry.last_use = next(self._tick)
        self._held.add(entry)
        heappush(self._heap, (1, entry.last_use, entry))

    def remove(self, entry: Entry) -> None:
        """Take out an entry; its rank is dropped when its turn comes, or half of them are such."""
        self._held.remove(entry)
        if len(self._heap) > 2 * len(self._held) + 16:
            self._heap = [_rank(held) for held in self._held]
            heapify(self._heap)

    def pop_victim(self) -> Entry:
        """Take out the entry with the fewest uses."""
        while True:
            uses, last_use, entry = heappop(self._heap)
            if entry not in self._held:
                continue
            if entry.uses == uses and entry.last_use == last_use:
                self._held.remove(entry)
                return entry
            heappush(self._heap, _rank(entry))

    def entries(self) -> list[Entry]:
        """Return all entries, those that go next first."""
        return sorted(self._held, key=lambda entry: (entry.uses, entry.last_use))

    def __len__(self) -> int:
        return len(self._held)


def _rank(entry: Entry) -> Rank:
    return entry.uses, entry.last_use, entry


QUEUE = LfuQueue
