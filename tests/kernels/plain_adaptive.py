"""ARC, 2Q and W-TinyLFU as plain Python, every rule of the bounded caches written out."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np


class PlainLists:
    """Lists of keys with the bytes of each, least recent first; a ghost's keys are not resident."""

    resident: tuple[str, ...]
    ghosts: tuple[str, ...] = ()
    enters_again = True  # after a write that let it grow, and leave for that

    def __init__(
        self, policy: str, max_entries: int, max_bytes: int, *, eager: bool = False
    ) -> None:
        self.policy = policy
        self.max_entries, self.max_bytes, self.eager = max_entries, max_bytes, eager
        self.lists: dict[str, OrderedDict[int, int]] = {
            name: OrderedDict() for name in (*self.resident, *self.ghosts)
        }
        self.life: dict[int, tuple[float, int]] = {}
        self.clock, self.now = 0, 0.0
        self.reset_counts()

    def request(self, key: int, size: int, now: float, life: float) -> bool:
        self.clock, self.now = self.clock + 1, now
        if self.eager:
            self.sweep()
        self.ask(key)
        if key in self.life and self.expired(key):
            self.drop(key)
        home = self.home(key)
        if home in self.resident:
            self.hits += 1
            self.hit_bytes += size
            self.hit(key, home)
            return True
        self.misses += 1
        if self.max_entries >= 1 and not 0 < self.max_bytes < size:
            self.life[key] = (now + life, self.clock)
            self.miss(key, size, home)
        return False

    def write(self, key: int, size: int, now: float, life: float, *, fill: bool) -> None:
        """Use and change what is there, or insert as after a miss."""
        if self.is_live(key, now):
            if not fill:
                self.ask(key)
            fits = not 0 < self.max_bytes < size
            if fits and not fill:
                self.hit(key, self.home(key))  # type: ignore[arg-type]
            self.renew(key, size, now, life, again=self.enters_again)
            if not fits or key in self.life or not self.enters_again:
                return
        self.request(key, size, now, life)
        self.misses -= 1

    def take(self, key: int, now: float) -> None:
        if self.is_live(key, now):
            del self.life[key], self.lists[self.home(key)][key]  # type: ignore[index]

    def renew(
        self, key: int, size: int | None, now: float, life: float, *, again: bool = False
    ) -> None:
        """Change lifetime and, where one is given, size; what then is too much makes room."""
        if not self.is_live(key, now):
            return
        if size is not None and 0 < self.max_bytes < size:
            self.take(key, now)
            return
        self.life[key] = (now + life, self.clock)
        if size is not None:
            self.lists[self.home(key)][key] = size  # type: ignore[index]
            self.shrink(0, 0)
            if key in self.life or not again:
                self.trim()

    def trim(self) -> None:
        """Bound the ghosts, where what is held bounds them, too."""

    def is_live(self, key: int, now: float) -> bool:
        """Say whether a key is held; an expired entry leaves."""
        self.clock, self.now = self.clock + 1, now
        if self.eager:
            self.sweep()
        if self.expired(key):
            self.drop(key)
        return key in self.life

    def sweep(self) -> None:
        for other, _ in sorted(self.life.items(), key=lambda item: item[1]):
            if self.expired(other):
                self.drop(other)

    def shrink(self, entries: int, size: int) -> None:
        """Make room for so many entries and bytes more."""
        raise NotImplementedError

    def ask(self, key: int) -> None:
        """Note a request before it is answered."""

    def hit(self, key: int, home: str) -> None:
        raise NotImplementedError

    def miss(self, key: int, size: int, home: str | None) -> None:
        raise NotImplementedError

    def home(self, key: int) -> str | None:
        return next((name for name, each in self.lists.items() if key in each), None)

    def expired(self, key: int) -> bool:
        return key in self.life and self.life[key][0] <= self.now

    def drop(self, key: int) -> int:
        """Let an entry go, live or expired; return its bytes."""
        if self.expired(key):
            self.expirations += 1
        else:
            self.evictions += 1
        self.life.pop(key, None)
        return self.lists[self.home(key)].pop(key)  # type: ignore[index]

    def move(self, key: int, name: str) -> None:
        self.lists[name][key] = self.lists[self.home(key)].pop(key)  # type: ignore[index]

    def entries(self, *names: str) -> int:
        return sum(len(self.lists[name]) for name in names)

    def bytes(self, *names: str) -> int:
        return sum(sum(self.lists[name].values()) for name in names)

    def above(self, names: tuple[str, ...], entries: float, most: float) -> bool:
        """Say whether lists together are above so many entries, or bytes where bytes bound."""
        return self.entries(*names) > entries or (self.max_bytes > 0 and self.bytes(*names) > most)

    def lacks_room(self, entries: int, size: int) -> bool:
        return self.above(self.resident, self.max_entries - entries, self.max_bytes - size)

    def reset_counts(self) -> None:
        self.hits = self.misses = self.evictions = self.expirations = self.hit_bytes = 0

    def counts(self) -> tuple[int, ...]:
        events = (self.hits, self.misses, self.evictions, self.expirations, self.hit_bytes)
        return (*events, self.entries(*self.resident), self.bytes(*self.resident))


class PlainArc(PlainLists):
    """Both targets follow what the ghosts remember; the bound that lacks room asks its own."""

    resident, ghosts = ("t1", "t2"), ("b1", "b2")
    target = target_bytes = 0.0

    def hit(self, key: int, home: str) -> None:
        del home
        self.move(key, "t2")

    def miss(self, key: int, size: int, home: str | None) -> None:
        if home in self.ghosts:
            self.learn(key, home)
            del self.lists[home][key]
        self.make_room(1, size, in_b2=home == "b2")
        self.lists["t2" if home in self.ghosts else "t1"][key] = size
        self.trim()

    def shrink(self, entries: int, size: int) -> None:
        self.make_room(entries, size, in_b2=False)

    def make_room(self, entries: int, size: int, *, in_b2: bool) -> None:
        while self.lacks_room(entries, size):
            name = self.giver(in_b2=in_b2)
            other = next(iter(self.lists[name]))
            self.lists["b" + name[1]][other] = self.drop(other)

    def trim(self) -> None:
        while self.above(("t1", "b1"), self.max_entries, self.max_bytes):
            self.lists["b1"].popitem(last=False)
        while self.above(tuple(self.lists), 2 * self.max_entries, 2 * self.max_bytes):
            self.lists["b2"].popitem(last=False)

    def learn(self, key: int, home: str) -> None:
        other = "b2" if home == "b1" else "b1"
        sign = 1 if home == "b1" else -1
        step = max(1.0, self.entries(other) / self.entries(home))
        self.target = min(max(self.target + sign * step, 0.0), self.max_entries)
        weight = self.lists[home][key]
        ratio = max(1.0, self.bytes(other) / max(self.bytes(home), 1))
        moved = self.target_bytes + sign * weight * ratio
        self.target_bytes = min(max(moved, 0.0), self.max_bytes or np.inf)

    def giver(self, *, in_b2: bool) -> str:
        if not self.lists["t1"] or not self.lists["t2"]:
            return "t1" if self.lists["t1"] else "t2"
        if self.entries(*self.resident) >= self.max_entries:
            held, target = self.entries("t1"), self.target
        else:
            held, target = self.bytes("t1"), self.target_bytes
        return "t1" if held > target or (in_b2 and held == target) else "t2"


class PlainTwoQ(PlainLists):
    """A quarter of each bound is A1in's, and what leaves it is remembered in half of each."""

    resident, ghosts = ("a1in", "am"), ("a1out",)

    def hit(self, key: int, home: str) -> None:
        if home == "am":
            self.move(key, "am")

    def miss(self, key: int, size: int, home: str | None) -> None:
        self.lists["a1out"].pop(key, None)
        self.shrink(1, size)
        self.lists["am" if home == "a1out" else "a1in"][key] = size

    def shrink(self, entries: int, size: int) -> None:
        while self.lacks_room(entries, size):
            of_a1in = self.above(("a1in",), self.max_entries // 4, self.max_bytes // 4)
            if not self.lists["a1in"] or not self.lists["am"]:
                of_a1in = bool(self.lists["a1in"])
            other = next(iter(self.lists["a1in" if of_a1in else "am"]))
            weight = self.drop(other)
            if of_a1in and self.max_entries >= 2 and not 0 < self.max_bytes < 2 * weight:
                self.lists["a1out"][other] = weight
            while self.above(("a1out",), self.max_entries // 2, self.max_bytes // 2):
                self.lists["a1out"].popitem(last=False)


class PlainSketch:
    """Caffeine's FrequencySketch: rows of 4-bit counters within a block of eight words."""

    def __init__(self, capacity: int) -> None:
        self.words = max(8, 1 << (capacity - 1).bit_length())
        self.counters = np.zeros((self.words, 16), np.int64)
        self.most, self.added = 10 * capacity, 0

    def places(self, key: int) -> list[tuple[int, int]]:
        x = key
        x ^= x >> 17
        x = x * 0xED5AD4BB % 2**32
        x ^= x >> 11
        x = x * 0xAC4C1B51 % 2**32
        x ^= x >> 15
        block = x % (self.words // 8) * 8
        x = x * 0x31848BAB % 2**32
        x ^= x >> 14
        rows = [x >> 8 * row & 0xFF for row in range(4)]
        return [(block + 2 * row + (h & 1), h >> 1 & 15) for row, h in enumerate(rows)]

    def add(self, key: int) -> None:
        grown = False
        for place in self.places(key):
            if self.counters[place] < 15:
                self.counters[place] += 1
                grown = True
        self.added += grown
        if grown and self.added == self.most:
            odd = int((self.counters & 1).sum())
            self.counters >>= 1
            self.added = (self.added - odd // 4) // 2

    def estimate(self, key: int) -> int:
        return int(min(self.counters[place] for place in self.places(key)))


class PlainWTinyLfu(PlainLists):
    """Candidates of the window against victims of probation, pair by pair, until all fits."""

    resident = ("probation", "protected", "window")
    enters_again = False

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.sketch = PlainSketch(max(1, self.max_entries))
        self.main, self.main_bytes = int(self.max_entries * 0.99), int(self.max_bytes * 0.99)

    def ask(self, key: int) -> None:
        self.sketch.add(key)

    def hit(self, key: int, home: str) -> None:
        rooms = int(self.main * 0.8), int(self.main_bytes * 0.8)
        large = self.max_bytes > 0 and self.lists[home][key] > rooms[1]
        self.move(key, "protected" if home == "probation" and not large else home)
        while self.above(("protected",), *rooms):
            self.move(next(iter(self.lists["protected"])), "probation")

    def miss(self, key: int, size: int, home: str | None) -> None:
        del home
        self.lists["window"][key] = size
        if 0 < self.max_bytes - self.main_bytes < size:
            self.lists["window"].move_to_end(key, last=False)
        self.shrink(0, 0)

    def shrink(self, entries: int, size: int) -> None:
        del entries, size
        window, window_bytes = self.max_entries - self.main, self.max_bytes - self.main_bytes
        candidates = []
        while self.above(("window",), window, window_bytes):
            candidates.append(next(iter(self.lists["window"])))
            self.move(candidates[-1], "probation")
        self.make_room(candidates)

    def make_room(self, candidates: list[int]) -> None:
        more = [list(self.lists["window"])]
        victims, others = list(self.lists["probation"]), ["protected", "window"]
        while self.above(self.resident, self.max_entries, self.max_bytes):
            if not candidates and more:
                candidates = more.pop()
            if not candidates and not victims:
                victims = list(self.lists[others.pop(0)])
            elif candidates[:1] == victims[:1]:
                self.drop(victims.pop(0))
                candidates = []
            elif not victims or (candidates and not self.admits(candidates[0], victims[0])):
                loser = candidates.pop(0)
                victims = [key for key in victims if key != loser]
                self.drop(loser)
            else:
                self.drop(victims.pop(0))
                candidates = candidates[1:]

    def admits(self, candidate: int, victim: int) -> bool:
        return self.sketch.estimate(candidate) > self.sketch.estimate(victim)


PLAIN = {"arc": PlainArc, "twoq": PlainTwoQ, "wtinylfu": PlainWTinyLfu}
