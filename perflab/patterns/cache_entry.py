"""One entry of a cache, where it is found, and what a policy is to the cache."""

from __future__ import annotations

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
        visited: Whether it was hit since the policy last looked; the mark of SIEVE and CLOCK.
        uses: How often it was asked for, as far as LFU and S3-FIFO count.
        last_use: When it was asked for last, in LFU's count of requests.
        newer: Its neighbour toward the head, in a linked queue.
        older: Its neighbour toward the tail, in a linked queue.
    """

    __slots__ = (
        "deadline",
        "key",
        "last_use",
        "lifetime",
        "newer",
        "older",
        "region",
        "size",
        "uses",
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
        self.uses = 0
        self.last_use = 0
        self.newer: Entry | None = None
        self.older: Entry | None = None


class Queue(Protocol):
    """The entries of a cache in the order in which its policy gives them up.

    All but `touch` is called under the cache's lock. `touch` is what a hit calls, without a lock,
    or None where a hit only sets `visited`. It must stay right while other threads hit, and while
    the entry leaves: one C call, or changes that may be lost without harm.
    """

    @property
    def touch(self) -> Callable[[Entry], None] | None:
        """What a hit calls; it may raise KeyError for an entry that has left."""

    def bound(self, max_entries: int, max_bytes: int | None) -> None:
        """Learn what the cache holds at most, at its start and when that changes."""

    def expect(self, region: Region, key: Hashable) -> None:
        """Learn that a key will be added, before others leave for it."""

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head."""

    def remove(self, entry: Entry) -> None:
        """Take out an entry."""

    def pop_victim(self) -> Entry:
        """Take out the entry that goes next; called on a queue that is not empty."""

    def entries(self) -> list[Entry]:
        """Return all entries, from tail to head."""

    def __len__(self) -> int: ...
