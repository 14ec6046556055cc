"""What a recording sees but no trace replays, such as removals: counted by kind and name."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

UNKEYED = "(unkeyed)"
"""Stands in the note on calls of which no key could be made."""

KINDS = ("unkeyed", "removal", "drop", "field", "renewal", "eviction", "ttl", "unknown")
# A command of another program may have any name; so many are kept apart.
MOST_NAMES = 100
MOST_WAITING = 1_000_000

LeftOutCounts = dict[str, dict[str, int]]


class LeftOut:
    """Counts what was left out of one part of a recording; any thread may add to it.

    `add` only appends, which the interpreter does whole; the one thread that writes sums it up.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str]] = deque(maxlen=MOST_WAITING)
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, name: str) -> None:
        """Count one command, method or option, of a kind among `KINDS`."""
        self._waiting.append((kind, name))

    def take(self) -> bool:
        """Sum up what was added since the last time; say whether there was any."""
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        for kind, name in taken:
            known = (kind, name) in self._counts or len(self._counts) < MOST_NAMES
            self._counts[kind, name if known else "others"] += 1
        return bool(taken)

    def following(self) -> LeftOut:
        """Return an empty one for the next part, with what came in meanwhile."""
        following = LeftOut()
        following._waiting = self._waiting
        return following

    def counts(self) -> LeftOutCounts:
        """Return the counts by kind and name, of all that was taken."""
        found: LeftOutCounts = {}
        for (kind, name), count in self._counts.items():
            found.setdefault(kind, {})[name] = count
        return found


def read_counts(said: object) -> LeftOutCounts:
    """Return the counts that stand in a part; none of what is not such, since files can lie."""
    if not isinstance(said, Mapping):
        return {}
    found: LeftOutCounts = {}
    for kind in KINDS:
        names = said.get(kind)
        if not isinstance(names, Mapping) or len(names) > MOST_NAMES + len(KINDS):
            continue
        good = {name: count for name, count in names.items() if _is_count(count)}
        if good:
            found[kind] = good
    return found


def sum_counts(parts: list[LeftOutCounts]) -> dict[str, Counter[str]]:
    """Return the counts of several parts together."""
    total: dict[str, Counter[str]] = {}
    for part in parts:
        for kind, names in part.items():
            total.setdefault(kind, Counter()).update(names)
    return total


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 62
