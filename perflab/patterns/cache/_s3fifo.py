"""S3-FIFO: a small queue for what comes once, a main queue, and a ghost of what left too early."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable

from perflab.patterns.cache._entry import Entry, Queue, Region

_MOST_USES = 3
_PROMOTED = 2


class S3FifoQueue(Queue):
    """Three queues, none of which a hit changes; it counts a use of the entry, at most 3.

    Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, section 4, in the
    form of libCacheSim: a tenth of each bound is the small queue's, nine tenths are main's and
    again the ghost's. Until the first eviction what finds the small queue full enters main. The
    ghost remembers hashes, so that no key is kept alive by it.
    """

    def __init__(self) -> None:
        self._small: OrderedDict[Entry, None] = OrderedDict()
        self._main: OrderedDict[Entry, None] = OrderedDict()
        self._ghost: OrderedDict[int, int] = OrderedDict()
        self._small_bytes = self._main_bytes = self._ghost_bytes = 0
        self._evicted = self._remembered = False
        self.bound(1, None)

    @staticmethod
    def touch(entry: Entry) -> None:
        """Count a use; two at the same moment may count as one."""
        if entry.uses < _MOST_USES:
            entry.uses += 1

    def bound(self, max_entries: int, max_bytes: int | None) -> None:
        """Share out what the cache holds at most."""
        self._small_room = max(1, int(max_entries * 0.1))
        self._main_room = max_entries - self._small_room
        self._ghost_room = int(max_entries * 0.9)
        self._small_bytes_room = self._main_bytes_room = self._ghost_bytes_room = math.inf
        if max_bytes is not None:
            self._small_bytes_room = max(1, int(max_bytes * 0.1))
            self._main_bytes_room = max_bytes - self._small_bytes_room
            self._ghost_bytes_room = int(max_bytes * 0.9)
        self._shrink_ghost(self._ghost_room, self._ghost_bytes_room)

    def expect(self, region: Region, key: Hashable) -> None:
        """Note whether the ghost remembers a key, and let it forget it."""
        size = self._ghost.pop(hash((region, key)), None) if self._ghost else None
        self._remembered = size is not None
        self._ghost_bytes -= size or 0

    def add(self, entry: Entry) -> None:
        """Let an entry into the small queue, or into main where it is expected back."""
        full = len(self._small) >= self._small_room or self._small_bytes >= self._small_bytes_room
        entry.uses = 0
        if self._remembered or (full and not self._evicted):
            self._main[entry] = None
            self._main_bytes += entry.size
        else:
            self._small[entry] = None
            self._small_bytes += entry.size
        self._remembered = False

    def remove(self, entry: Entry) -> None:
        """Take out an entry; the ghost does not remember it."""
        if entry in self._small:
            del self._small[entry]
            self._small_bytes -= entry.size
        else:
            del self._main[entry]
            self._main_bytes -= entry.size

    def resize(self, entry: Entry, size: int) -> None:
        """Count an entry's new bytes in the queue that holds it."""
        if entry in self._small:
            self._small_bytes += size - entry.size
        else:
            self._main_bytes += size - entry.size

    def pop_victim(self) -> Entry:
        """Take out the first entry of the small queue without two uses, or of main without any."""
        self._evicted = True
        over = len(self._main) > self._main_room or self._main_bytes > self._main_bytes_room
        while self._small and not over:
            entry = self._small.popitem(last=False)[0]
            self._small_bytes -= entry.size
            if entry.uses < _PROMOTED:
                self._remember(entry)
                return entry
            entry.uses = 0
            self._main[entry] = None
            self._main_bytes += entry.size
        entry = self._main.popitem(last=False)[0]
        while entry.uses > 0:
            entry.uses -= 1
            self._main[entry] = None
            entry = self._main.popitem(last=False)[0]
        self._main_bytes -= entry.size
        return entry

    def entries(self) -> list[Entry]:
        """Return all entries: the small queue's from tail to head, then main's."""
        return [*self._small, *self._main]

    def __len__(self) -> int:
        return len(self._small) + len(self._main)

    def _remember(self, entry: Entry) -> None:
        if self._ghost_room < 1 or entry.size > self._ghost_bytes_room:
            return
        self._shrink_ghost(self._ghost_room - 1, self._ghost_bytes_room - entry.size)
        try:
            place = hash((entry.region, entry.key))
        except Exception:  # noqa: BLE001 - a key that cannot be hashed any more does not come back
            return
        self._ghost_bytes += entry.size - self._ghost.pop(place, 0)
        self._ghost[place] = entry.size

    def _shrink_ghost(self, entries: int, size: float) -> None:
        while len(self._ghost) > entries or self._ghost_bytes > size:
            self._ghost_bytes -= self._ghost.popitem(last=False)[1]


QUEUE = S3FifoQueue
