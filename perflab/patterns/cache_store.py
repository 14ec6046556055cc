"""What a cache holds, within its bounds, and the counts of what became of it."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any

from perflab.metrics import AtomicCounter, Event, EventKind, Hook
from perflab.patterns.cache_entry import Entry, Region
from perflab.patterns.cache_failures import Failures, Place
from perflab.patterns.cache_lifetimes import Deadlines
from perflab.patterns.cache_policies import new_queue
from perflab.settings import BadInputError, CacheSettings


class Removal(StrEnum):
    """Why an entry left a cache, or did not come in, without being asked to by its key."""

    EVICTED = "evicted"
    EXPIRED = "expired"
    REJECTED = "rejected"
    RESIZED = "resized"


Gone = list[tuple[Entry, Removal]]

_EVENTS = {
    Removal.EVICTED: EventKind.EVICTION,
    Removal.EXPIRED: EventKind.EXPIRATION,
    Removal.REJECTED: EventKind.REJECTION,
    Removal.RESIZED: EventKind.EVICTION,
}


class Store:
    """Entries under one lock; a hit takes none.

    A hit reads ``region.entries`` and calls `use`, or has the same lines in place. Everything else
    is done under `lock`. `on_evict` and the hook are called after the lock was let go.

    Attributes:
        now: Tells the time in seconds.
        hook: Who is told of events, if anyone.
        hits: Counted without a lock.
        touch: What a hit calls with its entry; None where it sets ``visited`` instead.
        main: The cache's own keys.
        loading: Who loads a key; a write in the meantime takes the key away.
        failures: The errors that loaders raised, while they are kept.
    """

    def __init__(
        self,
        settings: CacheSettings,
        now: Callable[[], float],
        hook: Hook | None,
        sizeof: Callable[[Any, Any], int] | None,
        on_evict: Callable[[Any, Any, Removal], None] | None,
    ) -> None:
        self.queue = new_queue(settings)
        self.settings = settings
        self.now = now
        self.hook = hook
        # A finalizer that runs under the lock may use the cache.
        self.lock = threading.RLock()
        self.hits = AtomicCounter()
        self.touch = self.queue.touch
        self.main = Region()
        self.loading: dict[Place, object] = {}
        self.failures = Failures()
        self.bytes = 0
        self.misses = self.evictions = self.expirations = self.rejected = 0
        self._deadlines = Deadlines(()) if settings.expiry == "eager" else None
        self._sizeof = sizeof or _shallow_size
        self._on_evict = on_evict

    def use(self, entry: Entry) -> None:
        """Count a hit on an entry, without a lock."""
        touch = self.touch
        if touch is None:
            entry.visited = True
        else:
            try:  # noqa: SIM105 - suppress() would cost more than the hit
                touch(entry)
            except KeyError:
                pass  # It left a moment ago; its value was found all the same.
        next(self.hits)
        if self.hook is not None:
            self.hook(Event(EventKind.HIT, entry.key, size=entry.size))

    def find(self, region: Region, key: Hashable) -> Entry | None:
        """Return the live entry of a key and count a hit, or count a miss."""
        entry = region.entries.get(key)
        if entry is not None and (entry.deadline is None or self.now() < entry.deadline):
            self.use(entry)
            return entry
        return self.look_again(region, key)

    def look_again(self, region: Region, key: Hashable) -> Entry | None:
        """Do as `find`, under the lock: what expired leaves, what has come since is a hit."""
        with self.lock:
            gone = self.drop_expired(region, key)
            entry = region.entries.get(key)
            if entry is None:
                self.misses += 1
        self.announce(gone)
        if entry is None:
            self.report(EventKind.MISS, key)
        else:
            self.use(entry)
        return entry

    def peek(self, region: Region, key: Hashable) -> Entry | None:
        """Return the live entry of a key; nothing is counted or moved."""
        entry = region.entries.get(key)
        return None if entry is None or self._expired(entry) else entry

    def write(self, region: Region, key: Hashable, value: Any, lifetime: float | None) -> None:
        """Write an entry at the head, in place of one that is there; a load under way is void."""
        size = self.size(key, value)
        with self.lock:
            self._void((region, key))
            gone = self.insert(region, key, value, size, lifetime)
        self.announce(gone)

    def insert(
        self, region: Region, key: Hashable, value: Any, size: int, lifetime: float | None
    ) -> Gone:
        """Write an entry, under the lock the caller holds; returns what left for it."""
        gone = self.drop_expired(region, key)
        old = region.entries.get(key)
        if old is not None:
            self._drop(old)
        now = self.now()
        entry = Entry(region, key, value, size, now, lifetime, self._deadline(now, lifetime))
        if self.settings.max_bytes is not None and size > self.settings.max_bytes:
            self.rejected += 1
            return [*gone, (entry, Removal.REJECTED)]
        self.queue.expect(region, key)
        self._make_room(1, size, now, Removal.EVICTED, gone)
        self.queue.add(entry)
        if self._deadlines is not None:
            self._deadlines.add(entry)
        region.entries[key] = entry
        self.bytes += size
        return gone

    def take(self, region: Region, key: Hashable) -> Entry | None:
        """Remove a key and return its live entry, if any; a load under way is void."""
        with self.lock:
            self._void((region, key))
            gone = self.drop_expired(region, key)
            entry = region.entries.get(key)
            if entry is not None:
                self._drop(entry)
        self.announce(gone)
        return entry

    def clear(self, region: Region | None = None) -> None:
        """Remove all entries, or those of one region; loads under way are void."""
        with self.lock:
            left = [e for e in self.queue.entries() if region is None or e.region is region]
            for entry in left:
                self._drop(entry)
            for place in [*self.loading, *self.failures.places()]:
                if region is None or place[0] is region:
                    self._void(place)

    def apply(self, settings: CacheSettings | None, overrides: dict[str, Any]) -> None:
        """Change bounds, lifetimes and policy in place; what no longer fits leaves now.

        A new ``ttl_seconds`` counts from when each entry was written, a new policy takes the
        entries over in their order. The first costs a pass over all entries, which hits do not
        wait for.

        Raises:
            BadInputError: If a value is out of bounds, or the policy has no live implementation.
        """
        gone: Gone = []
        with self.lock:
            before = self.settings
            settings = (settings or before).change(**overrides)
            queue = new_queue(settings)
            self.settings = settings
            if settings.ttl_seconds != before.ttl_seconds:
                for entry in self.queue.entries():
                    entry.deadline = self._deadline(entry.written, entry.lifetime)
            if settings.policy != before.policy:
                for entry in self.queue.entries():
                    queue.add(entry)
                self.queue, self.touch = queue, queue.touch
            self.queue.bound(settings.max_cache_size, settings.max_bytes)
            eager = settings.expiry == "eager"
            self._deadlines = Deadlines(self.queue.entries()) if eager else None
            self.sweep(gone)
            self._make_room(0, 0, self.now(), Removal.RESIZED, gone)
        self.announce(gone)

    def drop_expired(self, region: Region, key: Hashable) -> Gone:
        """Remove the entry of a key if it expired, or all that did where expiry is eager.

        Called under the lock.
        """
        gone: Gone = []
        self.sweep(gone)
        entry = region.entries.get(key)
        if entry is not None and self._expired(entry):
            self._drop(entry)
            self.expirations += 1
            gone.append((entry, Removal.EXPIRED))
        return gone

    def sweep(self, gone: Gone) -> None:
        """Remove all that expired where expiry is eager, under the lock the caller holds."""
        if self._deadlines is not None:
            for entry in self._deadlines.expired(self.now()):
                self._drop(entry)
                self.expirations += 1
                gone.append((entry, Removal.EXPIRED))

    def announce(self, gone: Gone) -> None:
        """Tell the hook and `on_evict` what left; called without the lock."""
        for entry, reason in gone:
            self.report(_EVENTS[reason], entry.key, size=entry.size, detail=reason)
            if self._on_evict is not None and reason is not Removal.REJECTED:
                self._on_evict(entry.key, entry.value, reason)

    def report(self, kind: EventKind, key: Hashable, **about: Any) -> None:
        """Tell the hook, if there is one."""
        if self.hook is not None:
            self.hook(Event(kind, key, **about))

    def size(self, key: Hashable, value: Any) -> int:
        """Return the bytes of an entry.

        Raises:
            BadInputError: If `sizeof` gave a negative number.
        """
        size = self._sizeof(key, value)
        if size < 0:
            raise BadInputError(f"{size} bytes for key {key!r}; a size is 0 or more", "sizeof")
        return size

    def _void(self, place: Place) -> None:
        self.loading.pop(place, None)
        self.failures.forget(place)

    def _expired(self, entry: Entry) -> bool:
        return entry.deadline is not None and self.now() >= entry.deadline

    def _deadline(self, written: float, lifetime: float | None) -> float | None:
        seconds = self.settings.ttl_seconds if lifetime is None else lifetime
        return None if seconds is None or seconds == math.inf else written + seconds

    def _make_room(self, entries: int, size: int, now: float, reason: Removal, gone: Gone) -> None:
        max_entries = self.settings.max_cache_size
        max_bytes = math.inf if self.settings.max_bytes is None else self.settings.max_bytes
        while len(self.queue) + entries > max_entries or self.bytes + size > max_bytes:
            entry = self.queue.pop_victim()
            if self._deadlines is not None:
                self._deadlines.remove(entry)
            del entry.region.entries[entry.key]
            self.bytes -= entry.size
            if entry.deadline is not None and now >= entry.deadline:
                self.expirations += 1
                gone.append((entry, Removal.EXPIRED))
            else:
                self.evictions += 1
                gone.append((entry, reason))

    def _drop(self, entry: Entry) -> None:
        del entry.region.entries[entry.key]
        self.queue.remove(entry)
        if self._deadlines is not None:
            self._deadlines.remove(entry)
        self.bytes -= entry.size


def _shallow_size(key: Hashable, value: Any) -> int:
    return sys.getsizeof(key) + sys.getsizeof(value)
