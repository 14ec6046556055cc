"""A cache in plain lists, in the order in which entries go; slow and obvious."""

from __future__ import annotations

import math


class PlainEntry:
    def __init__(self, key, value, written, life):
        self.key, self.value, self.written, self.life = key, value, written, life
        self.visited, self.uses, self.last_use, self.in_main = False, 0, 0, False

    @property
    def size(self):
        return self.value[1]


class PlainCache:
    """What `Cache` does, for all its policies."""

    def __init__(self):
        self.order, self.hand, self.now, self.ticks = [], None, 0.0, 0
        self.ghost, self.evicted, self.remembered = {}, False, False
        self.policy, self.max_entries, self.max_bytes, self.ttl = "lru", 4, None, None
        self.eager = False
        self.counts = dict.fromkeys(
            ("hits", "misses", "evictions", "expirations", "rejected", "loads", "load_errors"), 0
        )
        self.gone = []

    def at(self, key):
        return next((entry for entry in self.order if entry.key == key), None)

    def expired(self, entry):
        life = self.ttl if entry.life is None else entry.life
        return life is not None and not self.now < entry.written + life

    def remove(self, entry):
        position = self.order.index(entry)
        self.order.remove(entry)
        if entry is self.hand:
            self.hand = self.order[position] if position < len(self.order) else None

    def purge(self, key):
        entry = self.at(key)
        if entry is not None and self.expired(entry):
            self.remove(entry)
            self.expire(entry)

    def sweep(self):
        if self.eager:
            for entry in [entry for entry in self.order if self.expired(entry)]:
                self.remove(entry)
                self.expire(entry)

    def expire(self, entry):
        self.counts["expirations"] += 1
        self.gone.append((entry.key, "expired"))

    def look_up(self, key):
        self.purge(key)
        entry = self.at(key)
        self.counts["misses" if entry is None else "hits"] += 1
        if entry is not None:
            self.use(entry)
        return entry

    def use(self, entry):
        entry.visited = True
        if self.policy == "s3fifo":
            entry.uses = min(3, entry.uses + 1)
        elif self.policy == "lfu":
            self.count(entry)
        elif self.policy == "lru":
            self.order.remove(entry)
            self.order.append(entry)

    def count(self, entry):
        self.ticks += 1
        entry.uses, entry.last_use = entry.uses + 1, self.ticks
        self.order.sort(key=lambda entry: (entry.uses, entry.last_use))

    def victim(self):
        if self.policy == "s3fifo":
            return self.s3fifo_victim()
        if self.policy == "clock":
            while self.order[0].visited:
                self.order[0].visited = False
                self.order.append(self.order.pop(0))
        if self.policy != "sieve":
            return self.order[0]
        position = 0 if self.hand is None else self.order.index(self.hand)
        while self.order[position].visited:
            self.order[position].visited = False
            position = (position + 1) % len(self.order)
        self.hand = self.order[position]
        return self.hand

    def shares(self, tenths):
        size = math.inf if self.max_bytes is None else int(self.max_bytes * tenths / 10)
        return int(self.max_entries * tenths / 10), size

    def small_room(self):
        entries, size = self.shares(1)
        return max(1, entries), max(1, size)

    def s3fifo_victim(self):
        self.evicted = True
        small, small_bytes = self.small_room()
        most = self.max_entries - small
        most_bytes = math.inf if self.max_bytes is None else self.max_bytes - small_bytes
        main = [entry for entry in self.order if entry.in_main]
        over = len(main) > most or sum(entry.size for entry in main) > most_bytes
        while not over and self.order and not self.order[0].in_main:
            entry = self.order[0]
            if entry.uses < 2:
                if entry.size <= self.shares(9)[1] and self.shares(9)[0] > 0:
                    self.ghost[entry.key] = entry.size
                    self.shrink_ghost()
                return entry
            entry.uses, entry.in_main = 0, True
            self.order.append(self.order.pop(0))
        first = next(place for place, entry in enumerate(self.order) if entry.in_main)
        while self.order[first].uses > 0:
            self.order[first].uses -= 1
            self.order.append(self.order.pop(first))
        return self.order[first]

    def shrink_ghost(self):
        most, most_bytes = self.shares(9)
        while len(self.ghost) > most or sum(self.ghost.values()) > most_bytes:
            del self.ghost[next(iter(self.ghost))]

    def make_room(self, entries, size, reason):
        while self.order and (
            len(self.order) + entries > self.max_entries
            or (self.max_bytes is not None and self.bytes() + size > self.max_bytes)
        ):
            entry = self.victim()
            self.remove(entry)
            if self.expired(entry):
                self.expire(entry)
            else:
                self.counts["evictions"] += 1
                self.gone.append((entry.key, reason))

    def touch(self, key, life):
        self.purge(key)
        entry = self.at(key)
        if entry is not None:
            entry.written, entry.life = self.now, life
        return entry is not None

    def write(self, key, value, life, used=True, inserts=True):
        self.purge(key)
        entry = self.at(key)
        if self.max_bytes is not None and value[1] > self.max_bytes:
            if entry is not None:
                self.remove(entry)
            self.counts["rejected"] += 1
            return
        if entry is not None:
            if used:
                self.use(entry)
            entry.value, before = value, entry.value
            entry.written, entry.life = self.now, life
            self.make_room(0, 0, "evicted")
            if entry in self.order:
                return
            entry.value = before
            if not inserts:
                return
        self.remembered = self.ghost.pop(key, None) is not None
        self.make_room(1, value[1], "evicted")
        self.add(PlainEntry(key, value, self.now, life))

    def add(self, entry):
        entry.visited, entry.uses, entry.in_main = False, 0, False
        if self.policy == "lfu":
            self.order.append(entry)
            self.count(entry)
            return
        small = [other for other in self.order if not other.in_main]
        most, most_bytes = self.small_room()
        full = len(small) >= most or sum(other.size for other in small) >= most_bytes
        if self.policy == "s3fifo" and (self.remembered or (full and not self.evicted)):
            entry.in_main = True
        self.remembered = False
        place = len(self.order) if entry.in_main else len(small)
        self.order.insert(place, entry)

    def change(self, policy):
        if policy != self.policy:
            self.policy, self.hand, self.ghost, self.evicted = policy, None, {}, False
            self.remembered, entries, self.order = False, self.order, []
            for entry in entries:
                self.add(entry)

    def bytes(self):
        return sum(entry.size for entry in self.order)
