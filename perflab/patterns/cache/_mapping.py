"""A cache as a mapping: its views, and what needs more than one step under its lock."""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from perflab.instrumentation import EventKind
from perflab.patterns.cache._changes import begin_change
from perflab.patterns.cache._entry import Entry, Region
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._removal import Gone
from perflab.patterns.cache._sizes import entry_bytes
from perflab.patterns.cache._store import Store
from perflab.patterns.cache._writes import insert, peek


def live(store: Store, region: Region) -> Iterator[Entry]:
    """Go through the live entries as they are now; nothing is counted or moved."""
    return filter(store.is_live, list(region.entries.values()))


def find(store: Store, key: Hashable, seen: Entry | None) -> Entry | None:
    """Return the live entry of a key and count a hit, or count a miss; looks under the lock."""
    gone: Gone = []
    with store.lock:
        begin_change(store)
        store.sweep(gone)
        entry = seen
        if entry is None or entry.region is None or store.rivals:
            entry = store.main.entries.get(key)
        if entry is not None and not store.is_live(entry):
            if store.has_expired(entry):
                store.expire(entry, gone)
                store.leave(entry)
            entry = None
        store.changing = False
        if entry is None:
            next(store.misses)
    store.announce(gone)
    if entry is None:
        store.report(EventKind.MISS, key)
    else:
        store.use(entry)
    return entry


def take(store: Store, region: Region, key: Hashable) -> Entry | None:
    """Remove a key and return its live entry, if any; a load under way is void."""
    gone: Gone = []
    live = False
    with store.lock:
        begin_change(store)
        store.sweep(gone)
        entry = region.entries.get(key)
        if entry is not None:
            live = store.is_live(entry)
            if store.has_expired(entry):
                store.expired(entry, gone)
            store.remove(entry)
        store.changing = False
    store.announce(gone)
    return entry if live else None


def find_or_write(store: Store, key: Hashable, value: object) -> Any:
    """Return the value of a key and count a hit; else count a miss and write the value."""
    size = entry_bytes(store.sizeof, key, value)
    gone: Gone = []
    with store.lock:
        entry = peek(store, key)
        if entry is None:
            next(store.misses)
            begin_change(store)
            gone = insert(store, store.main, key, value, size, None)
            store.changing = False
    store.announce(gone)
    if entry is None:
        store.report(EventKind.MISS, key)
        return value
    store.use(entry)
    return entry.value


def pop_next(store: Store) -> Entry:
    """Remove the live entry among the cache's own that would be evicted next.

    Takes constant time where no memoized function shares the cache, else a pass over all.

    Raises:
        KeyError: If there is none.
    """
    gone: Gone = []
    taken: Entry | None = None
    with store.lock:
        begin_change(store)
        store.sweep(gone)
        shared = len(store.regions) > 1
        while taken is None and store.held:
            entry = _next_of_main(store) if shared else store.queue.pop_victim()
            if entry is None:
                break
            if not shared:
                store.left_queue(entry)
            if store.has_expired(entry):
                store.expired(entry, gone)
            elif entry.value.__class__ is not KeptError:
                taken = entry
            store.leave(entry)
        store.changing = False
    store.announce(gone)
    if taken is None:
        raise KeyError("the cache is empty")
    return taken


def _next_of_main(store: Store) -> Entry | None:
    for entry in store.queue.entries():
        if entry.region is store.main:
            store.queue.remove(entry)
            store.left_queue(entry)
            return entry
    return None


class Keys(KeysView[Any]):
    """The live keys; going through them counts and moves nothing."""

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Values(ValuesView[Any]):
    """The live values; going through them counts and moves nothing."""

    def __init__(self, mapping: Any, store: Store) -> None:
        super().__init__(mapping)
        self._store = store

    def __iter__(self) -> Iterator[Any]:
        return (entry.value for entry in live(self._store, self._store.main))

    def __contains__(self, value: object) -> bool:
        return any(each is value or each == value for each in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Items(ItemsView[Any, Any]):
    """The live pairs; going through them counts and moves nothing."""

    def __init__(self, mapping: Any, store: Store) -> None:
        super().__init__(mapping)
        self._store = store

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return ((entry.key, entry.value) for entry in live(self._store, self._store.main))

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:
            return False
        entry = peek(self._store, item[0])
        return entry is not None and (entry.value is item[1] or bool(entry.value == item[1]))

    def __len__(self) -> int:
        return sum(1 for _ in self)
