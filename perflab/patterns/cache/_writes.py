"""Writes: an entry put under its key or over one that is there, and given a new lifetime."""

from __future__ import annotations

from collections.abc import Hashable

from perflab.patterns.cache._changes import begin_change
from perflab.patterns.cache._entry import Entry, Region
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._lifetimes import read_lifetime
from perflab.patterns.cache._removal import Gone, Removal
from perflab.patterns.cache._sizes import entry_bytes
from perflab.patterns.cache._store import Store


def peek(store: Store, key: Hashable) -> Entry | None:
    """Return the live entry of a key; nothing is counted or moved."""
    entry = store.main.entries.get(key)
    return entry if entry is not None and store.is_live(entry) else None


def write(
    store: Store,
    key: Hashable,
    value: object,
    lifetime: float | None,
    *,
    fills: bool = False,
    inserts: bool = True,
) -> None:
    """Write an entry, over one that is there; a load under way is void.

    Args:
        store: The cache's.
        key: Among the cache's own.
        value: What is written.
        lifetime: Its own seconds to live; None for the setting's.
        fills: Whether it is what a load has just made; over its entry, that is not a use.
        inserts: Whether what is not there, or has left for its own growth, comes in.
    """
    size = entry_bytes(store.sizeof, key, value)
    with store.lock:
        begin_change(store)
        gone = insert(store, store.main, key, value, size, lifetime, fills=fills, inserts=inserts)
        store.changing = False
    store.announce(gone)


def renew(store: Store, key: Hashable, ttl: object) -> bool:
    """Give the live entry of a key a new lifetime from now; False where there is none.

    Raises:
        BadInputError: If `ttl` is not a number of 0 or more.
    """
    ask = callable(ttl)
    lifetime = None if ask else read_lifetime(ttl, key, None)
    while True:
        seen = peek(store, key) if ask else None
        value = None if seen is None else seen.value
        if seen is not None:
            # The user's own function; called without the lock.
            lifetime = read_lifetime(ttl, key, value)
        gone: Gone = []
        with store.lock:
            begin_change(store)
            store.sweep(gone)
            entry = store.main.entries.get(key)
            live = entry is not None and store.is_live(entry)
            changed = ask and live and (seen is None or entry.value is not value)  # type: ignore[union-attr]
            if entry is not None and live and not changed:
                store.redate(entry, lifetime)
            elif entry is not None and not live and store.has_expired(entry):
                store.expire(entry, gone)
                store.leave(entry)
            store.changing = False
        store.announce(gone)
        if not changed:
            return live


def insert(
    store: Store,
    region: Region,
    key: Hashable,
    value: object,
    size: int,
    lifetime: float | None,
    *,
    fills: bool = False,
    inserts: bool = True,
) -> Gone:
    """Write an entry under the lock the caller holds; returns what left for it.

    Over a live entry it is written in place. Where it grows, others leave as the policy has it
    until it fits; where the policy has the entry itself leave, it comes in anew.

    Args:
        store: The cache's.
        region: The key space.
        key: The key there.
        value: What is written.
        size: Its bytes.
        lifetime: Its own seconds to live; None for the setting's.
        fills: Whether it is what a load has just made; over its entry, that is not a use.
        inserts: Whether what is not there, or has left for its own growth, comes in.
    """
    gone: Gone = []
    store.sweep(gone)
    if not inserts and _is_absent(store, region, key, gone):
        return gone
    entry = Entry(region, key)
    old = region.entries.setdefault(key, entry)
    if old is not entry:
        if size <= store.most_bytes and _holds_value(store, old):
            if not fills:
                store.note_use(old)
            if _replace(store, old, value, size, lifetime, gone) or not inserts:
                return gone
        elif old.owner is None and old.region is not None:
            store.drop(old)
            if store.has_expired(old):
                store.expired(old, gone)
        store.void(old)
        region.entries[key] = entry
    try:
        store.admit(entry, value, size, lifetime, gone)
    except BaseException:
        region.unlink(entry)
        raise
    return gone


def _is_absent(store: Store, region: Region, key: Hashable, gone: Gone) -> bool:
    """Say whether a key has no live value; what has expired there leaves."""
    entry = region.entries.get(key)
    if entry is not None and store.has_expired(entry):
        store.expire(entry, gone)
        store.leave(entry)
    return not _holds_value(store, entry)


def _holds_value(store: Store, entry: Entry | None) -> bool:
    if entry is None or entry.owner is not None or entry.region is None:
        return False
    return entry.value.__class__ is not KeptError and not store.has_expired(entry)


def _replace(
    store: Store, entry: Entry, value: object, size: int, lifetime: float | None, gone: Gone
) -> bool:
    """Write over a live entry in its place; False where it left itself for its new bytes."""
    before = entry.size
    store.rivals.void(entry)
    store.queue.resize(entry, size)
    store.bytes += size - before
    entry.size = size
    store.redate(entry, lifetime)
    if store.bytes > store.most_bytes:
        store.make_room(0, 0, store.now(), Removal.EVICTED, gone)
        if entry.region is None:
            entry.size = before
            return False
    entry.value = value
    entry.maker = None
    return True
