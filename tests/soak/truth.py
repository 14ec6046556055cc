"""What is true while a soak runs: the database, who loads, and what may be read."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

KEYS = tuple(f"k{number}" for number in range(40))


@dataclasses.dataclass(eq=False)
class Load:
    """A load under way that a lock should keep apart from others of its key.

    Attributes:
        changes: How often the key had been written or removed when it began.
        troubles: How many troubles there had been when it was asked for.
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
        self.loads: dict[str, list[Load]] = {key: [] for key in KEYS}
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
        if self._is_faulty or any(cache.breaker_state != "closed" for cache in self.caches):
            return None
        errors = sum(cache._logic.guard.errors.read() for cache in self.caches)
        return self._faults + errors

    def value(self, key: str) -> list[Any]:
        """Return the value of a key as the database has it."""
        version = self.versions[key]
        return [key, version, f"{key}={version}"]

    def begin_load(self, key: str, troubles: int | None) -> Load | None:
        """Note a load of what was asked for at some troubles; None where no rule binds it."""
        with self.lock:
            if troubles is None or troubles != self.troubles():
                return None
            load = Load(self.changes[key], troubles)
            self.checked["loads"] += 1
            for other in self.loads[key]:
                if (other.changes, other.troubles) == (load.changes, troubles):
                    self.broken.append(f"two loads of {key} at once")
            self.loads[key].append(load)
            return load

    def end_load(self, key: str, load: Load | None) -> None:
        """Note the end of a load."""
        if load is not None:
            with self.lock:
                self.loads[key].remove(load)

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
