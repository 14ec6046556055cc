"""Settings that change between the end of a load and the moment at which its value is kept."""

from __future__ import annotations

import threading
import time

import pytest

from perflab.patterns.cache import Cache

CHANGES = {
    "eager expiry": {"expiry": "eager"},
    "eager expiry of a new policy": {"expiry": "eager", "policy": "sieve"},
    "fewer entries": {"max_cache_size": 2, "expiry": "eager"},
    "bytes": {"max_bytes": 400, "expiry": "eager"},
    "a lifetime": {"ttl_seconds": 0.02},
}


class Gate:
    """A cache's lock that lets the settings change as soon as a load comes to keep its value."""

    def __init__(self, lock, change):
        self.lock, self.change = lock, change
        self.armed = threading.Event()

    def __enter__(self):
        if self.armed.is_set():
            self.armed.clear()
            self.change()
        return self.lock.__enter__()

    def __exit__(self, *error):
        return self.lock.__exit__(*error)

    def __repr__(self):
        return repr(self.lock)


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
@pytest.mark.parametrize("policy", ["lru", "fifo", "s3fifo"])
def test_value_is_kept_by_the_settings_of_the_moment(policy, change):
    cache = Cache(max_cache_size=4, policy=policy)
    for key in range(3):
        cache.put(key, key, ttl=0.02)
    cache.put(3, 3)
    store = cache._store
    gate = store.lock = Gate(store.lock, lambda: cache.apply(**change))

    def load(key):
        gate.armed.set()
        return key

    assert cache.get_or_load("loaded", load) == "loaded"
    time.sleep(0.03)
    for key in range(10, 16):
        assert cache.get_or_load(key, str) == str(key)

    entries = store.queue.entries()
    assert len(entries) == len(cache) == cache.stats()["entries"] <= cache.settings.max_cache_size
    assert sum(entry.size for entry in entries) == cache.stats()["bytes"]
    if store.deadlines is not None:
        assert set(store.deadlines._due) <= set(entries)
