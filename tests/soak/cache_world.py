"""What a cache stands in front of in the soak, and the laws that every answer is held to."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter, defaultdict
from contextvars import ContextVar

_asked = ContextVar("asked", default=None)
"""What had been changed when the present caller asked."""


class BrokenLawError(AssertionError):
    """A law did not hold."""


class LoadError(Exception):
    """A loader that failed; says of which load it is."""

    def __init__(self, load, version):
        super().__init__(load, version)
        self.load, self.version = load, version


class Value:
    """A value of the database, with the load or write that brought it and its bytes."""

    __slots__ = ("load", "size", "version")

    def __init__(self, load, version, size):
        self.load, self.version, self.size = load, version, size


class World:
    """A database of versions, and who loads and removes what.

    Laws: what is read is no older than a removal or write that was complete when it was asked for;
    one load per key at a time on each side (threads; an event loop), but for removals between;
    no value or error outlives its time; each lookup, load and failed load is counted once.
    """

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.Lock()
        self.writing = {}
        self.versions = Counter()
        self.floors = Counter()
        self.changes = Counter()
        self.changing = Counter()
        self.active = defaultdict(list)
        self.ended = {}
        self.numbers = itertools.count(1)
        self.longest = 0.0
        self.longest_error = 0.0
        self.counts = Counter()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def begin_load(self, place, side):
        """Note a load that starts; return its number and what it reads."""
        with self.lock:
            now = self._changes(place)
            calm = not any(self.changing[scope] for scope in (place, place[0], None))
            for number, began in self.active[place, side]:
                if calm and began == now == _asked.get():
                    raise BrokenLawError(f"{place} is loaded twice at a time by {side}: {number}")
            number = next(self.numbers)
            # A removal since a load was asked for may have made it void before it began.
            self.active[place, side].append((number, _asked.get()))
            self.counts["loads"] += 1
            return number, self.versions[place]

    def end_load(self, place, side, number):
        """Note that a loader is about to return or raise."""
        with self.lock:
            self.active[place, side] = [
                each for each in self.active[place, side] if each[0] != number
            ]

    def change(self, place, act):
        """Change a value and then the cache, by `act` with the new version."""
        with self.lock:
            writing = self.writing.setdefault(place, threading.Lock())
        with writing:
            with self.lock:
                self.versions[place] += 1
                version, number = self.versions[place], next(self.numbers)
                self.changing[place] += 1
            try:
                act(number, version)
            finally:
                with self.lock:
                    self.changing[place] -= 1
                    self.changes[place] += 1
                    self.floors[place] = max(self.floors[place], version)
                    self.ended[number] = self.clock.now()

    def write_if_absent(self, place, act):
        """Offer the cache the value as it is; a load under way is void all the same."""
        with self.lock:
            writing = self.writing.setdefault(place, threading.Lock())
        with writing:
            with self.lock:
                version, number = self.versions[place], next(self.numbers)
                self.changing[place] += 1
            try:
                return act(number, version)
            finally:
                with self.lock:
                    self.changing[place] -= 1
                    self.changes[place] += 1
                    self.ended[number] = self.clock.now()

    def change_all(self, space, act):
        """Remove everything of a space of keys, or of all."""
        with self.lock:
            floors = {
                place: version
                for place, version in self.versions.items()
                if space is None or place[0] == space
            }
            self.changing[space] += 1
        try:
            act()
        finally:
            with self.lock:
                self.changing[space] -= 1
                self.changes[space] += 1
                for place, version in floors.items():
                    self.floors[place] = max(self.floors[place], version)

    def ask(self, place):
        """Return what an answer asked for now must be held to."""
        with self.lock:
            _asked.set(self._changes(place))
            return self.floors[place], self.clock.now()

    def _changes(self, place):
        return [self.changes[scope] for scope in (place, place[0], None)]

    def check(self, place, asked, answer):
        """Hold an answer, a value or an error of a loader, to the laws."""
        floor, moment = asked
        if answer.version < floor:
            raise BrokenLawError(
                f"{place}: version {answer.version} after a removal of {floor - 1}"
            )
        with self.lock:
            ended = self.ended.get(answer.load)
        is_error = isinstance(answer, LoadError)
        longest = self.longest_error if is_error else self.longest
        if ended is not None and moment > ended + longest:
            what = "an error" if is_error else "a value"
            raise BrokenLawError(
                f"{place}: {what} of {ended} at {moment}, kept for {longest} at most"
            )

    def return_from(self, answer):
        """Note that the caller of a load has its answer: it is kept by now, if it is."""
        with self.lock:
            self.ended.setdefault(answer.load, self.clock.now())

    def load(self, place, random, side="threads"):
        """Read the database as a loader of threads does: slow at times, and failing at times."""
        number, version = self.begin_load(place, side)
        try:
            luck = random.random()
            if luck < 0.02:
                time.sleep(random.random() * 0.003)
            return self._outcome(number, version, random)
        finally:
            self.end_load(place, side, number)

    async def aload(self, place, random, side):
        """Read it as a loader of tasks does."""
        number, version = self.begin_load(place, side)
        try:
            await asyncio.sleep(0 if random.random() < 0.9 else random.random() * 0.003)
            return self._outcome(number, version, random, asyncio.CancelledError)
        finally:
            self.end_load(place, side, number)

    def _outcome(self, number, version, random, interruption=KeyboardInterrupt):
        luck = random.random()
        if luck < 0.05:
            raise LoadError(number, version)
        if luck < 0.055:
            raise interruption
        return Value(number, version, random.randint(1, 12))
