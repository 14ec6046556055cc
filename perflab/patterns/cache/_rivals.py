"""Loads of one key by several sides at once: by threads, and by the tasks of an event loop each.

One of them stands under the key, or the value of the first that ended; the others are its rivals.
They are found by whoever asks on their side, also once that value has left, so that each side
loads once at a time. What ends while a value stands there is not kept. All is done under the
cache's lock.
"""

from __future__ import annotations

from perflab.patterns.cache._entry import Entry, Region


class Rivals(dict[Entry, dict[object, Entry]]):
    """By the entry under a key, the loads beside it, by their side."""

    def meet(self, head: Entry, mine: Entry) -> Entry:
        """Return the load of a side beside a load of another: the one that goes on, or `mine`."""
        side, beside = side_of(mine), self.setdefault(head, {})
        found = beside.get(side)
        if found is not None and not is_dead(found):
            return found
        if found is not None:
            found.region = None
        beside[side] = mine
        return mine

    def void(self, head: Entry) -> None:
        """Have the rivals of an entry left out, as its key was written or removed."""
        for rival in self.pop(head, {}).values():
            rival.region = None

    def succeed(self, head: Entry, region: Region) -> Entry | None:
        """Let a rival stand under the key of an entry that leaves by itself; return it."""
        beside = self.pop(head, None)
        if not beside:
            return None
        heir = beside.pop(next(iter(beside)))
        region.entries[heir.key] = heir
        if beside:
            self[heir] = beside
        return heir

    def instead(self, head: Entry, region: Region) -> Entry | None:
        """Leave out what stands under a key, whose slot is used next; return its heir, if any."""
        heir = self.succeed(head, region)
        head.region = None
        return heir

    def win(self, mine: Entry, region: Region) -> bool:
        """Have a load that ended stand under its key; False where a value stands there already."""
        head = region.entries.get(mine.key)
        beside = self._beside(head, mine)
        if head is None or beside is None:
            return True
        del beside[side_of(mine)]
        if head.owner is None:
            self._tidy(head)
            mine.region = None
            return False
        beside[side_of(head)] = head
        self[mine] = self.pop(head)
        region.entries[mine.key] = mine
        return True

    def leave(self, mine: Entry, region: Region) -> None:
        """Take out a load that failed."""
        head = region.entries.get(mine.key)
        beside = self._beside(head, mine)
        if head is not None and beside is not None:
            del beside[side_of(mine)]
            self._tidy(head)
        elif self.succeed(mine, region) is None:
            region.unlink(mine)
        mine.region = None

    def keep_thread(self, me: int) -> None:
        """Leave out, in a forked child, the loads of threads that are not there."""
        for head, beside in list(self.items()):
            if None in beside and beside[None].owner != me:
                beside.pop(None).region = None
                self._tidy(head)

    def _beside(self, head: Entry | None, mine: Entry) -> dict[object, Entry] | None:
        """Return the rivals of an entry, where `mine` is one of them."""
        beside = None if head is None or head is mine else self.get(head)
        return beside if beside is not None and beside.get(side_of(mine)) is mine else None

    def _tidy(self, head: Entry) -> None:
        if not self[head]:
            del self[head]


def side_of(entry: Entry) -> object:
    """Return among whom a load is shared: the tasks of an event loop, or (None) all threads."""
    return None if isinstance(entry.owner, int) else entry.owner


def is_dead(entry: Entry) -> bool:
    """Say whether a load of tasks will not be waited for: its loop or all callers are gone."""
    if isinstance(entry.owner, int):
        return False
    return bool(entry.owner.is_closed() or entry.flight.abandoned)
