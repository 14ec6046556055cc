"""Which entry of a cache goes next: one queue per policy, victims first.

The short ones are here. Each other has a file of its own, with the policy's name, which says which
class is its `QUEUE`; it loads when a cache first has the policy.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache

from perflab.errors import BadInputError
from perflab.patterns.cache._entry import Entry, Queue, Region
from perflab.patterns.cache.policies import LIVE_POLICIES, why_not_live
from perflab.patterns.cache.settings import CacheSettings


class FifoQueue(Queue):
    """First in, first out: the tail is what was written first.

    Entries hash by identity, so that no code of a key runs while the order changes.
    """

    touch: Callable[[Entry], None] | None = None
    expect: Callable[[Region, Hashable], None] | None = None

    def __init__(self) -> None:
        self._order: OrderedDict[Entry, None] = OrderedDict()

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head."""
        self._order[entry] = None

    def remove(self, entry: Entry) -> None:
        """Take out an entry."""
        del self._order[entry]

    def pop_victim(self) -> Entry:
        """Take out the entry at the tail."""
        return self._order.popitem(last=False)[0]

    def entries(self) -> list[Entry]:
        """Return all entries, from tail to head."""
        return list(self._order)

    def __len__(self) -> int:
        return len(self._order)


class LruQueue(FifoQueue):
    """Least recently used: a hit moves an entry to the head."""

    def __init__(self) -> None:
        super().__init__()
        self.touch = self._order.move_to_end


class ClockQueue(FifoQueue):
    """CLOCK, or FIFO with reinsertion: at the tail, what was visited goes back to the head.

    Corbató, "A paging experiment with the Multics system", MIT Project MAC 1968.
    """

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head, unvisited."""
        entry.visited = False
        self._order[entry] = None

    def pop_victim(self) -> Entry:
        """Take out the first entry from the tail on that was not visited."""
        order = self._order
        entry = order.popitem(last=False)[0]
        while entry.visited:
            entry.visited = False
            order[entry] = None
            entry = order.popitem(last=False)[0]
        return entry


class SieveQueue(Queue):
    """SIEVE: a hand goes from tail to head, spares what was visited and takes what was not.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. An entry that leaves from
    under the hand hands it on toward the head; past the head it starts over at the tail.
    """

    touch: Callable[[Entry], None] | None = None
    expect: Callable[[Region, Hashable], None] | None = None

    def __init__(self) -> None:
        self._head: Entry | None = None
        self._tail: Entry | None = None
        self._hand: Entry | None = None
        self._length = 0

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head, unvisited."""
        entry.visited = False
        entry.newer = None
        entry.older = self._head
        if self._head is None:
            self._tail = entry
        else:
            self._head.newer = entry
        self._head = entry
        self._length += 1

    def remove(self, entry: Entry) -> None:
        """Take out an entry."""
        newer, older = entry.newer, entry.older
        if entry is self._hand:
            self._hand = newer
        if newer is None:
            self._head = older
        else:
            newer.older = older
        if older is None:
            self._tail = newer
        else:
            older.newer = newer
        entry.newer = entry.older = None
        self._length -= 1

    def pop_victim(self) -> Entry:
        """Take out the first entry from the hand on that was not visited."""
        entry = self._hand or self._tail
        while entry is not None and entry.visited:
            entry.visited = False
            entry = entry.newer or self._tail
        if entry is None:
            raise KeyError("the queue is empty")
        self._hand = entry
        self.remove(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Return all entries, from tail to head."""
        listed = []
        entry = self._tail
        while entry is not None:
            listed.append(entry)
            entry = entry.newer
        return listed

    def __len__(self) -> int:
        return self._length


_HERE: dict[str, Callable[[], Queue]] = {
    "lru": LruQueue,
    "fifo": FifoQueue,
    "sieve": SieveQueue,
    "clock": ClockQueue,
}


@cache
def _kind_of_queue(policy: str) -> Callable[[], Queue]:
    if policy in _HERE:
        return _HERE[policy]
    kind: Callable[[], Queue] = importlib.import_module(f"{__package__}._{policy}").QUEUE
    return kind


def new_queue(settings: CacheSettings) -> Queue:
    """Return an empty queue of the policy that settings name, within their bounds.

    Raises:
        BadInputError: If the policy has no live implementation.
    """
    if settings.policy not in LIVE_POLICIES:
        raise BadInputError(why_not_live(settings.policy), "policy")
    queue = _kind_of_queue(settings.policy)()
    queue.bound(settings.max_cache_size, settings.max_bytes)
    return queue
