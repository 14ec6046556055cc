"""What a cache holds, within its bounds, and the counts of what became of it."""

from __future__ import annotations

import math
import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, cast

from perflab.metrics import AtomicCounter, Event, EventKind, Hook
from perflab.patterns.cache_entry import NO_VALUE, Entry, Queue, Region
from perflab.patterns.cache_failures import KeptError
from perflab.patterns.cache_lifetimes import Deadlines, due_of, end_of
from perflab.patterns.cache_policies import new_queue
from perflab.patterns.cache_removal import EVENTS, Gone, Removal
from perflab.patterns.cache_rivals import Rivals
from perflab.primitives.clock import MonotonicClock
from perflab.primitives.forking import renew_in_children
from perflab.primitives.single_flight import Flight
from perflab.settings import BadInputError, CacheSettings


class Store:
    """Entries under one lock; a hit takes none.

    A hit reads ``region.entries`` and calls `use`, or has its lines in place. Everything else
    is done under `lock`. `on_evict` and the hook are called after the lock was let go. An entry
    that is being loaded stands under its key too, but in no queue.

    Attributes:
        lock: Guards all but hits.
        now: Tells the time in seconds.
        hook: Who is told of events, if anyone.
        hits: Counted without a lock.
        touch: What a hit calls with its entry; None where it sets ``visited`` instead.
        main: The cache's own keys.
        rivals: Loads of one key by threads and by event loops at once.
        waiting: The load that each thread waits for.
        regions: All key spaces.
        sizeof: Gives the bytes of a key and value; None for `sys.getsizeof` of both.
        held: How many entries are in the queue.
        bytes: Their bytes.
        eager: Whether expired entries leave at once.
        listens: Whether a miss has more to do than to begin a load.
        plain: Whether entries are all that is bounded, and nothing is asked of or told to the
            user's code; `now` is then `time.monotonic`.
        most_entries: How many entries the queue may hold.
        ttl: Seconds to live of entries without any of their own.
    """

    __slots__ = (
        *("__weakref__", "_clocked", "_deadlines", "_expect", "_most_bytes", "_on_evict"),
        *("_pop_victim", "add", "bytes", "eager", "evictions", "expirations", "held", "hits"),
        *("hook", "listens", "lock", "main", "misses", "most_entries", "now", "plain", "queue"),
        *("regions", "rejected", "rivals", "settings", "sizeof", "touch", "ttl", "waiting"),
    )

    def __init__(
        self,
        settings: CacheSettings,
        now: Callable[[], float],
        hook: Hook | None,
        sizeof: Callable[[Any, Any], int] | None,
        on_evict: Callable[[Any, Any, Removal], None] | None,
    ) -> None:
        self.settings = settings
        self._use_queue(new_queue(settings))
        self.now = now
        self.hook = hook
        # A finalizer that runs under the lock may use the cache.
        self.lock = threading.RLock()
        self.hits = AtomicCounter()
        self.rivals = Rivals()
        self.held = self.bytes = 0
        self.misses = AtomicCounter()
        self.evictions = self.expirations = self.rejected = 0
        self.waiting: dict[int, Flight] = {}
        self.regions: weakref.WeakSet[Region] = weakref.WeakSet()
        self.main = self.new_region()
        self._clocked = now is MonotonicClock.now
        self.sizeof = sizeof
        self._on_evict = on_evict
        self._know_settings()
        self._deadlines = Deadlines(()) if self.eager else None
        renew_in_children(self)

    def new_region(self, describe: Callable[[Any], str] = repr) -> Region:
        """Return a new key space."""
        region = Region(describe)
        self.regions.add(region)
        return region

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

    def is_live(self, entry: Entry) -> bool:
        """Say whether an entry has a value to hit."""
        deadline = entry.deadline  # Read once: it changes when a load ends, or the settings do.
        return deadline is None or self.now() < deadline

    def peek(self, region: Region, key: Hashable) -> Entry | None:
        """Return the live entry of a key; nothing is counted or moved."""
        entry = region.entries.get(key)
        return entry if entry is not None and self.is_live(entry) else None

    def insert(
        self, region: Region, key: Hashable, value: Any, size: int, lifetime: float | None
    ) -> Gone:
        """Write an entry under the lock the caller holds; returns what left for it."""
        gone: Gone = []
        self.sweep(gone)
        entry = Entry(region, key)
        old = region.entries.setdefault(key, entry)
        if old is not entry:
            if old.owner is None and old.region is not None:
                self._drop(old)
                if self.has_expired(old):
                    self.expired(old, gone)
            self.void(old)
            region.entries[key] = entry
        try:
            self.admit(entry, value, size, lifetime, gone)
        except BaseException:
            region.unlink(entry)
            raise
        return gone

    def admit(
        self,
        entry: Entry,
        value: Any,
        size: int,
        lifetime: float | None,
        gone: Gone,
    ) -> None:
        """Fill in an entry that stands under its key, under the lock the caller holds.

        Where it is larger than the cache may hold, it leaves.
        """
        now = self.now()
        entry.value = value
        entry.size = size
        entry.written = now
        entry.lifetime = lifetime
        if size > self._most_bytes:
            self.rejected += 1
            self.leave(entry)
            gone.append((entry, Removal.REJECTED))
            return
        if self._expect is not None:
            self._expect(cast("Region", entry.region), entry.key)
        if self.held >= self.most_entries or self.bytes + size > self._most_bytes:
            self._make_room(1, size, now, Removal.EVICTED, gone)
        self.add(entry)
        self.held += 1
        self.bytes += size
        if value.__class__ is KeptError:
            value.due = now + (self.settings.negative_ttl_seconds or 0.0)
        else:
            entry.deadline = end_of(now, self.ttl if lifetime is None else lifetime)
        if self._deadlines is not None:
            self._deadlines.add(entry, due_of(entry))

    def clear(
        self, region: Region | None = None, chosen: Callable[[Entry], bool] | None = None
    ) -> None:
        """Remove all entries, or those of one region, or the chosen of these.

        Loads under way are void; nothing is counted.
        """
        with self.lock:
            regions = list(self.regions) if region is None else [region]
            entries = [entry for each in regions for entry in each.entries.values()]
            # What is no longer found by its key is in the queue only.
            entries += [e for e in self.queue.entries() if region is None or e.region is region]
            for entry in filter(chosen, entries):
                self.remove(entry)
            if chosen is None:
                for each in regions:
                    each.forget_lost()

    def remove(self, entry: Entry) -> None:
        """Take an entry out from under its key, under the lock; a load of it becomes void."""
        region = entry.region
        if region is None:
            return
        if entry.owner is None:
            self._drop(entry)
        self.void(entry)
        region.unlink(entry)

    def void(self, entry: Entry) -> None:
        """Have an entry left out, under the lock; its key is another's or is taken out next."""
        self.rivals.void(entry)
        entry.region = None

    def leave(self, entry: Entry) -> None:
        """Take the key of an entry that left its queue by itself; a load beside it goes on."""
        region = cast("Region", entry.region)
        region.unlink(entry)
        if self.rivals:
            self.rivals.succeed(entry, region)

    def apply(self, settings: CacheSettings | None, overrides: dict[str, Any]) -> None:
        """Change bounds, lifetimes and policy in place; what no longer fits leaves now.

        A new ``ttl_seconds`` counts from when each entry was written, as does a new
        ``negative_ttl_seconds`` for each error; a new policy takes the entries over in their
        order. The first two cost a pass over all entries, which hits do not wait for.

        Raises:
            BadInputError: If a value is out of bounds, or the policy has no live implementation.
        """
        gone: Gone = []
        with self.lock:
            before = self.settings
            settings = (settings or before).change(**overrides)
            queue = new_queue(settings)
            self.settings = settings
            lives = (settings.ttl_seconds, settings.negative_ttl_seconds)
            self.ttl = settings.ttl_seconds
            if lives != (before.ttl_seconds, before.negative_ttl_seconds):
                for entry in self.queue.entries():
                    self._date(entry)
            if settings.policy != before.policy:
                for entry in self.queue.entries():
                    queue.add(entry)
                self._use_queue(queue)
            self.queue.bound(settings.max_cache_size, settings.max_bytes)
            self._know_settings()
            self._deadlines = None
            if self.eager:
                self._deadlines = Deadlines((e, due_of(e)) for e in self.queue.entries())
            self.sweep(gone)
            self._make_room(0, 0, self.now(), Removal.RESIZED, gone)
        self.announce(gone)

    def has_expired(self, entry: Entry) -> bool:
        """Say whether an entry, a value or an error, is over; a load is not."""
        if entry.owner is not None or entry.region is None:
            return False
        due = due_of(entry)
        return due is not None and self.now() >= due

    def expire(self, entry: Entry, gone: Gone) -> None:
        """Take an entry that expired out of its queue, under the lock; its key stays."""
        self._drop(entry)
        self.expired(entry, gone)

    def expired(self, entry: Entry, gone: Gone) -> None:
        """Count an entry that left the queue as expired, under the lock."""
        self.expirations += 1
        gone.append((entry, Removal.EXPIRED))

    def left_queue(self, entry: Entry) -> None:
        """Note that an entry is in the queue no more, under the lock."""
        if self._deadlines is not None:
            self._deadlines.remove(entry)
        self.held -= 1
        self.bytes -= entry.size

    def sweep(self, gone: Gone) -> None:
        """Remove all that expired where expiry is eager, under the lock the caller holds."""
        if self._deadlines is not None:
            for entry in self._deadlines.expired(self.now()):
                self.expire(entry, gone)
                self.leave(entry)

    def announce(self, gone: Gone) -> None:
        """Tell the hook and `on_evict` what left; called without the lock."""
        for entry, reason in gone:
            self.report(EVENTS[reason], entry.key, size=entry.size, detail=reason)
            told = reason is not Removal.REJECTED and entry.value.__class__ is not KeptError
            if told and self._on_evict is not None:
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
        if self.sizeof is None:
            return sys.getsizeof(key) + sys.getsizeof(value)
        size = self.sizeof(key, value)
        if size < 0:
            raise BadInputError(f"{size} bytes for key {key!r}; a size is 0 or more", "sizeof")
        return size

    def hold(self, seconds: float) -> bool:
        """Take the lock before a fork."""
        return self.lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give the lock back after a fork."""
        self.lock.release()

    def renew(self, *, whole: bool) -> None:
        """In a forked child, drop the loads of threads that are not there.

        Where another thread was changing the entries when the process was forked, the child
        begins with none.
        """
        self.lock = threading.RLock()
        self.waiting.clear()
        if not whole:
            self._use_queue(new_queue(self.settings))
            self._deadlines = Deadlines(()) if self.eager else None
            self.held = self.bytes = 0
        me = threading.get_ident()
        self.rivals.keep_thread(me)
        for region in list(self.regions):
            for entry in region.orphans(me, whole=whole):
                self.remove(entry)

    def _use_queue(self, queue: Queue) -> None:
        self.queue = queue
        self.touch = queue.touch
        self._expect, self.add, self._pop_victim = queue.expect, queue.add, queue.pop_victim

    def _know_settings(self) -> None:
        self.most_entries = self.settings.max_cache_size
        self._most_bytes = self.settings.max_bytes or math.inf
        self.ttl = self.settings.ttl_seconds
        self.eager = self.settings.expiry == "eager"
        self.listens = self.eager or self.hook is not None
        own = self.sizeof is not None or not self._clocked or self._on_evict is not None
        bounded = self._most_bytes < math.inf or self._expect is not None
        self.plain = not (self.listens or own or bounded)

    def _date(self, entry: Entry) -> None:
        written = entry.written or 0.0
        if entry.value.__class__ is KeptError:
            entry.value.due = written + (self.settings.negative_ttl_seconds or NO_VALUE)
        else:
            life = self.ttl if entry.lifetime is None else entry.lifetime
            entry.deadline = end_of(written, life)

    def evict(self, now: float) -> None:
        """Evict one entry where nobody is told and none is swept, under the lock."""
        entry = self._pop_victim()
        self.held -= 1
        self.bytes -= entry.size
        due = entry.deadline
        if due is not None and due == NO_VALUE:
            due = entry.value.due
        if due is None or now < due:
            self.evictions += 1
        else:
            self.expirations += 1
        # As Region.unlink, in place.
        region = cast("Region", entry.region)
        entry.region = None
        try:
            found = region.entries.pop(entry.key, None)
        except Exception:  # noqa: BLE001 - a key that cannot be hashed any more leaves too
            found = None
        if found is not entry:
            region.lose(entry, found)

    def _make_room(self, entries: int, size: int, now: float, reason: Removal, gone: Gone) -> None:
        while self.held + entries > self.most_entries or self.bytes + size > self._most_bytes:
            entry = self._pop_victim()
            due = due_of(entry)
            self.left_queue(entry)
            self.leave(entry)
            if due is not None and now >= due:
                self.expired(entry, gone)
            else:
                self.evictions += 1
                gone.append((entry, reason))

    def _drop(self, entry: Entry) -> None:
        self.queue.remove(entry)
        self.left_queue(entry)
