"""Which entry of a cache goes next: one queue a policy, victims first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol


class Region:
    """A key space of a cache: its own keys, or those of one memoized function."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[Any, Entry] = {}


class Entry:
    """One value that a cache holds, with all that is known of it.

    Attributes:
        region: Where it is found by its key.
        key: Its key there.
        value: What was written.
        size: Its bytes.
        written: The clock's seconds when it was written.
        lifetime: Its own seconds to live; None where the cache's hold.
        deadline: The clock's seconds when it expires; None for never.
        visited: Whether it was hit since the policy last looked; SIEVE's mark.
        newer: Its neighbour toward the head, in a linked queue.
        older: Its neighbour toward the tail, in a linked queue.
    """

    __slots__ = (
        "deadline",
        "key",
        "lifetime",
        "newer",
        "older",
        "region",
        "size",
        "value",
        "visited",
        "written",
    )

    def __init__(
        self,
        region: Region,
        key: Hashable,
        value: Any,
        size: int,
        written: float,
        lifetime: float | None,
        deadline: float | None,
    ) -> None:
        self.region = region
        self.key = key
        self.value = value
        self.size = size
        self.written = written
        self.lifetime = lifetime
        self.deadline = deadline
        self.visited = False
        self.newer: Entry | None = None
        self.older: Entry | None = None


class Queue(Protocol):
    """The entries of a cache in the order in which its policy gives them up.

    All but `touch` is called under the cache's lock. `touch` is what a hit calls, without a lock:
    one C call, which the interpreter lock makes atomic, or None where a hit only sets `visited`.
    """

    @property
    def touch(self) -> Callable[[Entry], None] | None:
        """What a hit calls; it raises KeyError for an entry that has left."""

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head."""

    def remove(self, entry: Entry) -> None:
        """Take out an entry."""

    def pop_victim(self) -> Entry:
        """Take out the entry that goes next."""

    def entries(self) -> list[Entry]:
        """Return all entries, from tail to head."""

    def __len__(self) -> int: ...


class FifoQueue:
    """First in, first out: the tail is what was written first.

    Entries hash by identity, so that no code of a key runs while the order changes.
    """

    touch: Callable[[Entry], None] | None = None

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


class SieveQueue:
    """SIEVE: a hand goes from tail to head, spares what was visited and takes what was not.

    Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. An entry that leaves from
    under the hand hands it on toward the head; past the head it starts over at the tail.
    """

    touch: Callable[[Entry], None] | None = None

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


QUEUES: dict[str, Callable[[], Queue]] = {
    "lru": LruQueue,
    "fifo": FifoQueue,
    "sieve": SieveQueue,
}
"""The live policies by the name that `CacheSettings.policy` gives them."""
