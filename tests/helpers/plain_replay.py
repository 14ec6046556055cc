"""A trace with operations in the order of its rows, over a cache in plain lists."""

from __future__ import annotations

import math

import numpy as np
from plain_cache import PlainCache

from perflab.operations import Operation
from perflab.workloads.kinds.trace import Trace


def random_trace(seed, requests=400, n_keys=40, **without):
    random = np.random.default_rng(seed)
    ids = random.zipf(1.3, requests) % n_keys
    operations = random.choice(5, requests, p=[0.5, 0.2, 0.1, 0.1, 0.1])
    # Programs that fill caches themselves write what they have just missed.
    again = np.flatnonzero((operations[:-1] == 0) & (random.random(requests - 1) < 0.5)) + 1
    ids[again], operations[again] = ids[again - 1], 1
    operations[0] = 0
    ttls = np.where(random.random(requests) < 0.5, random.integers(0, 60, requests), np.nan)
    ttls[random.random(requests) < 0.1] = np.inf
    columns = {
        "times": np.cumsum(random.exponential(1.0, requests).round(1)),
        "sizes": random.integers(1, 9, requests),
        "ttls": ttls,
    }
    columns |= without
    return Trace("random", ids, n_keys, operations=operations, **columns)


class PlainReplay:
    """The semantics of operations, row by row, over a plain cache."""

    def __init__(self, settings, load):
        self.cache = PlainCache()
        self.cache.policy, self.cache.eager = settings.policy, settings.expiry == "eager"
        self.cache.max_entries, self.cache.max_bytes = settings.max_cache_size, settings.max_bytes
        self.cache.ttl = settings.ttl_seconds
        self.load = load
        self.before, self.sizes, self.lives = {}, {}, {}
        self.hit_bytes = self.asked_bytes = 0

    def play(self, trace):
        for row in range(len(trace)):
            now = 0.0 if trace.times is None else float(trace.times[row])
            self.row(trace, row, now)
        self.cache.sweep()

    def row(self, trace, row, now):
        self.cache.now = now
        key, operation = int(trace.ids[row]), Operation.GET
        if trace.operations is not None:
            operation = Operation(int(trace.operations[row]))
        size = int(trace.sizes[row]) if trace.sizes is not None else 1
        life = float(trace.ttls[row]) if trace.ttls is not None else math.nan
        self.do(operation, key, size, life)

    def change(self, settings, load):
        cache, self.load = self.cache, load
        cache.max_entries, cache.max_bytes = settings.max_cache_size, settings.max_bytes
        cache.ttl, cache.eager = settings.ttl_seconds, settings.expiry == "eager"
        cache.change(settings.policy)
        cache.shrink_ghost()
        cache.sweep()
        cache.make_room(0, 0, "resized")

    def do(self, operation, key, size, life):
        self.cache.sweep()
        writes, filled = self.load.writes, self.before.pop(key, None) == "loaded"
        if operation == Operation.WRITE:
            operation = Operation.SET if writes == "through" else Operation.DELETE
            unless_fill = False
        else:
            unless_fill = operation == Operation.SET and writes == "invalidate"
        if operation == Operation.SET:
            self.sizes[key] = size
        if operation in (Operation.SET, Operation.TOUCH):
            self.lives[key] = life
        size, life = self.sizes.get(key, size), self.lives.get(key, life)
        life = None if math.isnan(life) or self.load.ttl_from == "setting" else life
        if operation == Operation.GET:
            self.get(key, size, life)
        elif operation == Operation.TOUCH:
            self.cache.touch(key, life)
        elif operation == Operation.DELETE or (unless_fill and not filled):
            self.delete(key)
        else:
            self.set(key, size, life, used=not filled, inserts=not unless_fill)

    def get(self, key, size, life):
        self.asked_bytes += size
        if self.cache.look_up(key) is not None:
            self.hit_bytes += size
            return
        self.before[key] = "loaded"
        self.cache.write(key, (key, size), life)

    def delete(self, key):
        self.cache.purge(key)
        entry = self.cache.at(key)
        if entry is not None:
            self.cache.remove(entry)

    def set(self, key, size, life, *, used, inserts):
        self.cache.purge(key)
        if inserts or self.cache.at(key) is not None:
            self.cache.write(key, (key, size), life, used=used, inserts=inserts)

    def counts(self):
        cache = self.cache
        return {**cache.counts, "entries": len(cache.order), "bytes": cache.bytes()}
