"""One entry of a cache, where it is found, and what a policy is to the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any, Protocol

NO_VALUE = -math.inf
"""The deadline of an entry without a value to hit: it is being loaded, failed, or has left."""


class Region:
    """A key space of a cache: its own keys, or those of one memoized function.

    Attributes:
        entries: What is held, and what is being loaded, by key.
        describe: Makes the text of a key for errors.
        lost: How many entries have left whose keys are no longer found, as their hash changed.
    """

    __slots__ = ("__weakref__", "describe", "entries", "lost")

    def __init__(self, describe: Callable[[Hashable], str] = repr) -> None:
        self.entries: dict[Hashable, Entry] = {}
        self.describe = describe
        self.lost = 0

    def unlink(self, entry: Entry) -> None:
        """Take out the key of an entry that leaves; under the cache's lock."""
        try:
            found = self.entries.pop(entry.key, None)
        except Exception:  # noqa: BLE001 - a key that cannot be hashed any more leaves too
            found = None
        if found is not entry:
            self.lose(entry, found)
        entry.region = None

    def forget_lost(self) -> None:
        """Let go of entries whose keys are no longer found; under the cache's lock."""
        if self.lost:
            self._rehash()

    def orphans(self, me: int, *, whole: bool) -> list[Entry]:
        """Return, in a forked child, the loads of threads that are not there.

        Args:
            me: The thread that is there.
            whole: Whether the values are in order; else they are dropped first.
        """
        entries = list(self.entries.values())
        if not whole:
            self.entries.clear()
            for entry in entries:
                if entry.owner is None:
                    entry.region = None
                else:
                    self.entries[entry.key] = entry
        return [e for e in entries if isinstance(e.owner, int) and e.owner != me]

    def lose(self, entry: Entry, found: Entry | None) -> None:
        """Let an entry stay behind under its old hash, without a value, until there are many."""
        if found is not None:
            self.entries[found.key] = found
        entry.deadline = NO_VALUE
        entry.region = None
        self.lost += 1
        if self.lost * 4 > len(self.entries):
            self._rehash()

    def _rehash(self) -> None:
        taken = list(self.entries.values())
        self.entries.clear()
        self.lost = 0
        for entry in taken:
            if entry.region is None:
                continue
            try:
                first = self.entries.setdefault(entry.key, entry)
            except Exception:  # noqa: BLE001 - not found by its key, it leaves when its turn comes
                first = None
            if first is not entry and entry.owner is not None:
                entry.region = None


class Entry:
    """One value that a cache holds, or one load of it, with all that is known of it.

    Made for a load, it stands under its key while the load goes on, so that a miss looks its key
    up only twice; the load then fills it in.

    Attributes:
        region: Where it is found by its key; None once it was removed, and a load is void.
        key: Its key there.
        owner: The thread or event loop that loads it; None where nobody does.
        flight: What those share who wait for the load, where somebody does.
        maker: The function that made it, where several share a region.
        value: What was written or loaded; a `KeptError` where the load failed.
        size: Its bytes.
        written: The clock's seconds when it was written; during a load, when that began.
        lifetime: Its own seconds to live; None where the cache's hold.
        deadline: The clock's seconds when it expires; None for never; `NO_VALUE` for no hit.
        visited: Whether it was hit since the policy last looked; the mark of SIEVE and CLOCK.
        uses: How often it was requested, as far as LFU and S3-FIFO count.
        last_use: When it was requested last, in LFU's count of requests.
        newer: Its neighbour toward the head, in a linked queue.
        older: Its neighbour toward the tail, in a linked queue.
    """

    __slots__ = (
        "deadline",
        "flight",
        "key",
        "last_use",
        "lifetime",
        "maker",
        "newer",
        "older",
        "owner",
        "region",
        "size",
        "uses",
        "value",
        "visited",
        "written",
    )

    # Set where they begin to mean something, as a miss pays for each that is set here.
    value: Any
    size: int
    lifetime: float | None
    visited: bool
    newer: Entry | None
    older: Entry | None

    def __init__(self, region: Region, key: Hashable, maker: object = None) -> None:
        self.region: Region | None = region
        self.key = key
        self.maker = maker
        self.owner: Any = None
        self.flight: Any = None
        self.written: float | None = None
        self.deadline: float | None = NO_VALUE
        self.uses = self.last_use = 0


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

    @property
    def expect(self) -> Callable[[Region, Hashable], None] | None:
        """What is told that a key will be added, before others leave for it; None for nothing."""

    def add(self, entry: Entry) -> None:
        """Let an entry in at the head."""

    def remove(self, entry: Entry) -> None:
        """Take out an entry."""

    def resize(self, entry: Entry, size: int) -> None:
        """Learn the new bytes of an entry, which still has the old ones; for most, nothing."""

    def pop_victim(self) -> Entry:
        """Take out the entry that goes next; called on a queue that is not empty."""

    def entries(self) -> list[Entry]:
        """Return all entries, from tail to head."""

    def __len__(self) -> int: ...
