"""Every policy, with lifetimes, sizes and changed settings, against a model of plain lists."""

from __future__ import annotations

import math

import hypothesis.strategies as st
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from plain_cache import PlainCache

from perflab.patterns.cache import Cache
from perflab.patterns.cache._writes import write
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.primitives import VirtualClock

KEYS = st.integers(0, 9)
SIZES = st.integers(1, 6)
LIVES = st.sampled_from([None, None, 0, 1, 3, math.inf])


class CacheAgainstPlainLists(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.clock = VirtualClock()
        self.gone = []
        self.cache = Cache(
            max_cache_size=4,
            clock=self.clock,
            sizeof=lambda key, value: value[1],
            on_evict=lambda key, value, reason: self.gone.append((key, str(reason))),
        )
        self.memoized = self.cache.memoize(key=lambda key: key)(lambda key: (key, 2))
        self.plain = PlainCache()
        self.lookups = 0

    @rule(key=KEYS, size=SIZES, life=LIVES)
    def get_or_load(self, key, size, life):
        self.lookups += 1
        value = self.cache.get_or_load(key, lambda _: (self.lookups, size), ttl=life)
        entry = self.plain.look_up(key)
        if entry is None:
            self.plain.counts["loads"] += 1
            assert value == (self.lookups, size)
            self.plain.write(key, value, life)
        else:
            assert value == entry.value

    @rule(key=KEYS)
    def call_memoized(self, key):
        self.lookups += 1
        value = self.memoized(key)
        entry = self.plain.look_up(key)
        if entry is None:
            self.plain.counts["loads"] += 1
            self.plain.write(key, value, None)
        else:
            assert value == entry.value

    @rule(key=KEYS)
    def fail_to_load(self, key):
        self.lookups += 1
        entry = self.plain.look_up(key)
        try:
            value = self.cache.get_or_load(key, lambda _: 1 / 0)
        except ZeroDivisionError:
            assert entry is None
            self.plain.counts["loads"] += 1
            self.plain.counts["load_errors"] += 1
        else:
            assert value == entry.value

    @rule(key=KEYS)
    def get(self, key):
        self.lookups += 1
        entry = self.plain.look_up(key)
        assert self.cache.get(key) == (None if entry is None else entry.value)

    @rule(key=KEYS, size=SIZES, life=LIVES)
    def put(self, key, size, life):
        self.cache.put(key, (key, size), ttl=life)
        self.plain.write(key, (key, size), life)

    @rule(key=KEYS, size=SIZES, life=LIVES)
    def fill(self, key, size, life):
        write(self.cache._store, key, (key, size), life, fills=True)
        self.plain.write(key, (key, size), life, used=False)

    @rule(key=KEYS, life=LIVES, called=st.booleans())
    def touch(self, key, life, called):
        ttl = (lambda key, value: life) if called else life
        assert self.cache.touch(key, ttl) == self.plain.touch(key, life)

    @rule(key=KEYS)
    def pop(self, key):
        self.plain.purge(key)
        entry = self.plain.at(key)
        assert self.cache.pop(key, None) == (None if entry is None else entry.value)
        if entry is not None:
            self.plain.remove(entry)

    @rule(seconds=st.sampled_from([0.5, 1, 2, 5]))
    def let_time_pass(self, seconds):
        self.clock.advance(seconds)
        self.plain.now += seconds

    @rule(policy=st.sampled_from(LIVE_POLICIES))
    def change_policy(self, policy):
        self.cache.apply(policy=policy)
        self.plain.change(policy)

    @rule(entries=st.integers(1, 6), size=st.sampled_from([None, 3, 8, 20]))
    def resize(self, entries, size):
        self.cache.apply(max_cache_size=entries, max_bytes=size)
        self.plain.max_entries, self.plain.max_bytes = entries, size
        self.plain.shrink_ghost()
        self.plain.make_room(0, 0, "resized")

    @rule(ttl=st.sampled_from([None, 1, 2, 4]))
    def change_life(self, ttl):
        self.cache.apply(ttl_seconds=ttl)
        self.plain.ttl = ttl

    @rule(expiry=st.sampled_from(["lazy", "eager"]))
    def change_expiry(self, expiry):
        self.cache.apply(expiry=expiry)
        self.plain.eager = expiry == "eager"

    @rule()
    @precondition(lambda self: self.lookups > 20)
    def clear(self):
        self.cache.clear()
        self.plain.order, self.plain.hand = [], None

    @invariant()
    def same_entries_in_the_same_order_and_same_counts(self):
        stats = self.cache.stats()
        self.plain.sweep()
        held = [(entry.key, entry.value) for entry in self.cache._store.queue.entries()]
        assert held == [(entry.key, entry.value) for entry in self.plain.order]
        live = {entry.key for entry in self.plain.order if not self.plain.expired(entry)}
        assert set(self.cache) == live
        assert {key for key in range(10) if key in self.cache} == live
        assert {name: stats[name] for name in self.plain.counts} == self.plain.counts
        assert stats["hits"] + stats["misses"] == self.lookups
        assert stats["entries"] == len(self.cache) == len(self.plain.order)
        assert stats["bytes"] == self.plain.bytes()
        assert sorted(self.gone) == sorted(self.plain.gone)


TestCacheAgainstPlainLists = CacheAgainstPlainLists.TestCase
TestCacheAgainstPlainLists.settings = hypothesis_settings(
    max_examples=150, stateful_step_count=60, deadline=None
)
