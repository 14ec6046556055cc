"""Changes of a cache: of all its entries and settings, and what sets an interrupted one right."""

from __future__ import annotations

from collections.abc import Callable

from perflab.patterns.cache._entry import NO_VALUE, Entry, Region
from perflab.patterns.cache._failures import KeptError
from perflab.patterns.cache._lifetimes import Deadlines, due_of
from perflab.patterns.cache._policies import new_queue
from perflab.patterns.cache._removal import Gone, Removal
from perflab.patterns.cache._store import Store
from perflab.patterns.cache.settings import CacheSettings


def clear(
    store: Store, region: Region | None = None, chosen: Callable[[Entry], bool] | None = None
) -> None:
    """Remove all entries, or those of one region, or the chosen of these.

    Loads under way are void; nothing is counted.
    """
    with store.lock:
        begin_change(store)
        regions = list(store.regions) if region is None else [region]
        entries = [entry for each in regions for entry in each.entries.values()]
        # What is no longer found by its key is in the queue only.
        entries += [e for e in store.queue.entries() if region is None or e.region is region]
        for entry in filter(chosen, entries):
            store.remove(entry)
        if chosen is None:
            for each in regions:
                each.forget_lost()
        store.changing = False


def apply(store: Store, settings: CacheSettings | None, overrides: dict[str, object]) -> None:
    """Change bounds, lifetimes and policy in place; what no longer fits leaves now.

    A new ``ttl_seconds`` counts from when each entry was written, as does a new
    ``negative_ttl_seconds`` for each error; a new policy takes the entries over in their order.
    The first two cost a pass over all entries, which hits do not wait for.

    Raises:
        BadInputError: If a value is out of bounds, or the policy has no live implementation.
    """
    gone: Gone = []
    with store.lock:
        before = store.settings
        settings = CacheSettings.given(settings, before).change(**overrides)
        queue = new_queue(settings)
        begin_change(store)
        store.settings = settings
        store.ttl = settings.ttl_seconds
        lives = (settings.ttl_seconds, settings.negative_ttl_seconds)
        if lives != (before.ttl_seconds, before.negative_ttl_seconds):
            for entry in store.queue.entries():
                store.date(entry)
        if settings.policy != before.policy:
            for entry in store.queue.entries():
                queue.add(entry)
            store.use_queue(queue)
        store.queue.bound(settings.max_cache_size, settings.max_bytes)
        store.know_settings()
        store.deadlines = None
        if store.eager:
            store.deadlines = Deadlines((e, due_of(e)) for e in store.queue.entries())
        store.sweep(gone)
        store.make_room(0, 0, store.now(), Removal.RESIZED, gone)
        store.changing = False
    store.announce(gone)


def begin_change(store: Store) -> None:
    """Begin a change, under the lock; its end is ``store.changing = False``.

    Whoever finds a change that was interrupted, as by Ctrl-C, sets all right first.
    """
    if store.changing:
        settle(store)
    store.changing = True


def settle(store: Store) -> None:
    """Let in what stands whole under its key, and nothing else; under the lock.

    The queue begins anew, in the order in which keys were added. What runs inside of another
    change, such as a finalizer, leaves all as it is.
    """
    if " count=1 " not in repr(store.lock):
        return
    store.know_settings()
    store.renew_queue()
    for region in list(store.regions):
        for entry in list(region.entries.values()):
            if entry.owner is not None:
                continue
            error = getattr(entry, "value", None).__class__ is KeptError
            if entry.region is region and (error or entry.deadline != NO_VALUE):
                store.let_in(entry)
            else:
                region.unlink(entry)
    store.changing = False
