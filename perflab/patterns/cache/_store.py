"""What a cache holds, within its bounds, and the counts of what became of it."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, cast

from perflab.instrumentation import AtomicCounter, Event, EventKind, Hook
from perflab.patterns.cache._entry import NO_VALUE, Entry, Queue, Region
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._lifetimes import Deadlines, due_of, end_of
from perflab.patterns.cache._policies import new_queue
from perflab.patterns.cache._removal import EVENTS, Gone, Removal
from perflab.patterns.cache._rivals import Rivals
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import MonotonicClock
from perflab.primitives.forking import renew_in_children
from perflab.primitives.single_flight import Flight


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
        changing: Whether a change goes on; true without the lock where one was interrupted.
        regions: All key spaces.
        sizeof: Gives the bytes of a key and value; None for `sys.getsizeof` of both.
        held: How many entries are in the queue.
        bytes: Their bytes.
        eager: Whether expired entries leave at once.
        listens: Whether a miss has more to do than to begin a load.
        plain: Whether nothing is asked of or told to the user's code, and `now` is
            `time.monotonic`.
        expect: Is told of a key that will be added; None where the policy need not know.
        most_entries: How many entries the queue may hold.
        most_bytes: How many bytes they may have; infinite for no such bound.
        ttl: Seconds to live of entries without any of their own.
    """

    __slots__ = (
        *("__weakref__", "_clocked", "_on_evict", "_pop_victim", "add", "bytes", "changing"),
        *("deadlines", "eager", "evictions", "expect", "expirations", "held", "hits", "hook"),
        *("listens", "lock", "main", "misses", "most_bytes", "most_entries", "now", "plain"),
        *("queue", "regions", "rejected", "rivals", "settings", "sizeof", "touch", "ttl"),
        "waiting",
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
        self.use_queue(new_queue(settings))
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
        self.changing = False
        # Weak, so that the entries' keys of a function go with the function.
        self.regions: weakref.WeakSet[Region] = weakref.WeakSet()
        self.main = self.new_region()
        self._clocked = now is MonotonicClock.now
        self.sizeof = sizeof
        self._on_evict = on_evict
        self.know_settings()
        self.deadlines = Deadlines(()) if self.eager else None
        renew_in_children(self)

    def new_region(self, describe: Callable[[Hashable], str] = repr) -> Region:
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
        for _ in self.hits:  # As next() does, without a call.
            break
        if self.hook is not None:
            self.hook(Event(EventKind.HIT, entry.key, size=entry.size))

    def is_live(self, entry: Entry) -> bool:
        """Say whether an entry has a value to hit."""
        deadline = entry.deadline  # Read once: it changes when a load ends, or the settings do.
        return deadline is None or self.now() < deadline

    def redate(self, entry: Entry, lifetime: float | None) -> None:
        """Let an entry of the queue live from now on, under the lock; its place stays.

        Args:
            entry: A live one.
            lifetime: Its own seconds to live; None for the setting's.
        """
        entry.written = self.now()
        entry.lifetime = lifetime
        self.date(entry)
        if self.deadlines is not None:
            self.deadlines.remove(entry)
            self.deadlines.add(entry, entry.deadline)

    def note_use(self, entry: Entry) -> None:
        """Tell the policy that an entry of the queue was used, under the lock."""
        if self.touch is None:
            entry.visited = True
        else:
            self.touch(entry)

    def admit(
        self,
        entry: Entry,
        value: object,
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
        if size > self.most_bytes:
            self.rejected += 1
            self.leave(entry)
            gone.append((entry, Removal.REJECTED))
            return
        if self.expect is not None:
            self.expect(cast("Region", entry.region), entry.key)
        if self.held >= self.most_entries or self.bytes + size > self.most_bytes:
            self.make_room(1, size, now, Removal.EVICTED, gone)
        if value.__class__ is KeptError:
            value.due = now + (self.settings.negative_ttl_seconds or 0.0)
        else:
            entry.deadline = end_of(now, self.ttl if lifetime is None else lifetime)
        self.let_in(entry)

    def remove(self, entry: Entry) -> None:
        """Take an entry out from under its key, under the lock; a load of it becomes void."""
        region = entry.region
        if region is None:
            return
        if entry.owner is None:
            self.drop(entry)
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

    def has_expired(self, entry: Entry) -> bool:
        """Say whether an entry, a value or an error, is over; a load is not."""
        if entry.owner is not None or entry.region is None:
            return False
        due = due_of(entry)
        return due is not None and self.now() >= due

    def expire(self, entry: Entry, gone: Gone) -> None:
        """Take an entry that expired out of its queue, under the lock; its key stays."""
        self.drop(entry)
        self.expired(entry, gone)

    def expired(self, entry: Entry, gone: Gone) -> None:
        """Count an entry that left the queue as expired, under the lock."""
        self.expirations += 1
        gone.append((entry, Removal.EXPIRED))

    def left_queue(self, entry: Entry) -> None:
        """Note that an entry is in the queue no more, under the lock."""
        if self.deadlines is not None:
            self.deadlines.remove(entry)
        self.held -= 1
        self.bytes -= entry.size

    def sweep(self, gone: Gone) -> None:
        """Remove all that expired where expiry is eager, under the lock the caller holds."""
        if self.deadlines is not None:
            for entry in self.deadlines.expired(self.now()):
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
        self.changing = False
        if not whole:
            self.renew_queue()
        me = threading.get_ident()
        self.rivals.keep_thread(me)
        for region in list(self.regions):
            for entry in region.orphans(me, whole=whole):
                self.remove(entry)

    def renew_queue(self) -> None:
        """Begin with an empty queue, under the lock; keys stay."""
        self.use_queue(new_queue(self.settings))
        self.deadlines = Deadlines(()) if self.eager else None
        self.held = self.bytes = 0

    def let_in(self, entry: Entry) -> None:
        """Add an entry that stands under its key to the queue, under the lock."""
        self.add(entry)
        self.held += 1
        self.bytes += entry.size
        if self.deadlines is not None:
            self.deadlines.add(entry, due_of(entry))

    def use_queue(self, queue: Queue) -> None:
        """Take another queue; under the lock."""
        self.queue = queue
        self.touch = queue.touch
        self.expect, self.add, self._pop_victim = queue.expect, queue.add, queue.pop_victim

    def know_settings(self) -> None:
        """Take over what is read of the settings at each step."""
        self.most_entries = self.settings.max_cache_size
        self.most_bytes = self.settings.max_bytes or math.inf
        self.ttl = self.settings.ttl_seconds
        self.eager = self.settings.expiry == "eager"
        self.listens = self.eager or self.hook is not None
        own = self.sizeof is not None or not self._clocked or self._on_evict is not None
        self.plain = not (self.listens or own)

    def date(self, entry: Entry) -> None:
        """Set when an entry of the queue expires, by the settings as they are now."""
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

    def make_room(self, entries: int, size: int, now: float, reason: Removal, gone: Gone) -> None:
        """Evict until so many entries and bytes more fit in, under the lock."""
        while self.held + entries > self.most_entries or self.bytes + size > self.most_bytes:
            entry = self._pop_victim()
            due = due_of(entry)
            self.left_queue(entry)
            self.leave(entry)
            if due is not None and now >= due:
                self.expired(entry, gone)
            else:
                self.evictions += 1
                gone.append((entry, reason))

    def drop(self, entry: Entry) -> None:
        """Take an entry out of the queue, under the lock; its key stays."""
        self.queue.remove(entry)
        self.left_queue(entry)
