"""What is true while a soak runs: the database, who loads, and what may be read."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

KEYS = tuple(f"k{number}" for number in range(40))


class Asked(NamedTuple):
    """What there had been of a key when it was asked for.

    Attributes:
        changes: The steps of its changes: each begins, and ends.
        troubles: All troubles.
    """

    changes: int
    troubles: int


class Truth:
    """A database of versions behind the caches, and the invariants of what they answer.

    A value is ``[key, version, text of both]``. Whoever writes or removes a key has it to himself;
    readers and loads have not. A trouble is a fault that begins or ends, or a command that failed:
    a rule is checked where none came between and no fault is open.

    Args:
        caches: Those that share a namespace, so that a removal by one binds all.
    """

    def __init__(self, caches: list[Any]) -> None:
        self.lock = threading.RLock()
        self.caches = caches
        self.versions = dict.fromkeys(KEYS, 1)
        self.changes = dict.fromkeys(KEYS, 0)
        self.writing = {key: threading.Lock() for key in KEYS}
        self.least: dict[tuple[str, Any], int] = {}
        self.loads: dict[str, list[Asked]] = {key: [] for key in KEYS}
        self.broken: list[str] = []
        self.checked = {"values": 0, "ages": 0, "loads": 0}
        self._faults = 0
        self._is_faulty = False

    def fault(self, *, is_open: bool) -> None:
        """Note that a fault begins or has ended."""
        with self.lock:
            self._faults += 1
            self._is_faulty = is_open

    def troubles(self) -> int | None:
        """Return how many troubles there were; None while the caches do without the server."""
        before = self._count()
        if self._is_faulty or any(cache.breaker_state != "closed" for cache in self.caches):
            return None
        # A breaker that was opened between the two looks may be closed again before the next.
        return before if before == self._count() else None

    def _count(self) -> int:
        return self._faults + sum(cache._logic.guard.errors.read() for cache in self.caches)

    def value(self, key: str) -> list[Any]:
        """Return the value of a key as the database has it."""
        version = self.versions[key]
        return [key, version, f"{key}={version}"]

    def asked(self, key: str) -> Asked | None:
        """Return what there has been of a key when it is asked for; None where no rule binds it."""
        with self.lock:
            troubles, changes = self.troubles(), self.changes[key]
            # While a key is being removed, its lock may be taken, removed and taken again.
            return None if troubles is None or changes % 2 else Asked(changes, troubles)

    def begin_load(self, key: str, asked: Asked | None) -> Asked | None:
        """Note a load of what was asked for; None where no rule binds it any more."""
        with self.lock:
            if asked is None or asked != self.asked(key):
                return None
            self.checked["loads"] += 1
            if any(other == asked for other in self.loads[key]):
                self.broken.append(f"two loads of {key} at once")
            self.loads[key].append(asked)
            return asked

    def end_load(self, key: str, asked: Asked | None) -> None:
        """Note the end of a load."""
        if asked is not None:
            with self.lock:
                self.loads[key].remove(asked)

    def change(self, keys: list[str]) -> dict[str, int]:
        """Write new versions into the database; the caches are told next."""
        with self.lock:
            for key in keys:
                self.versions[key] += 1
                self.changes[key] += 1
            return {key: self.versions[key] for key in keys}

    def changed(self, cache: Any, keys: dict[str, int], troubles: int | None) -> None:
        """Note that a cache was told: from now on nothing older may be read.

        A load that another process has begun may still be joined there, so what loads is bound
        by the changes of its own cache alone.
        """
        with self.lock:
            is_sure = troubles is not None and troubles == self.troubles()
            for key, version in keys.items():
                self.changes[key] += 1
                if is_sure:
                    self.least[key, None] = self.least[key, cache] = version

    def bounds(self, cache: Any, keys: list[str]) -> dict[str, int]:
        """Return the versions below which nothing may be read; of any cache's changes for None."""
        with self.lock:
            return {key: self.least.get((key, cache), 1) for key in keys}

    def check(self, key: str, value: Any, least: int) -> None:
        """Check a value that was read: one of its key that was written, and not too old."""
        with self.lock:
            self.checked["values"] += 1
            right = isinstance(value, list) and len(value) == 3 and value[0] == key
            if not right or value[2] != f"{key}={value[1]}" or value[1] > self.versions[key]:
                self.broken.append(f"{key} was answered by {value!r}, which was never its value")
                return
            self.checked["ages"] += least > 1
            if value[1] < least:
                text = f"{key} was answered by version {value[1]}; {least} was written before"
                self.broken.append(text)
