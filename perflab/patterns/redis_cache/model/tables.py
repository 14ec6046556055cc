"""`ServerTables`: what a server's hash tables take, which depends on how full they are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

_FORCED = 1.618
"""So many times full, a table grows even where the memory for it is not there."""


class Fill(NamedTuple):
    """What a server holds when its memory is full, or all keys are in it.

    Attributes:
        entries: How many.
        table_bytes: What its tables take.
    """

    entries: int
    table_bytes: float


@dataclasses.dataclass(frozen=True)
class ServerTables:
    """Tables of slots whose number doubles when all are full; two where entries have lifetimes.

    A table that has just doubled is half empty, so that an entry takes more than just before.
    Valkey from 8.1 on has slots of 64 bytes for seven entries; where more meet in one, its last
    place leads to a slot of the same kind (`hashtable.c` of Valkey). Redis, and Valkey before,
    have a pointer of 8 bytes a slot (`dict.c`). Both let no table grow for which `maxmemory` has
    no room, until it is 1.618 times full.

    Attributes:
        slot_entries: For how many entries a slot has places.
        slot_bytes: What a slot takes.
        expiry_bytes: What a lifetime takes beside its place in the second table.
    """

    slot_entries: int
    slot_bytes: int
    expiry_bytes: int

    @classmethod
    def of(cls, slot_entries: float) -> ServerTables | None:
        """Return the tables with slots of a kind; none where no server has such."""
        return _KNOWN.get(round(slot_entries))

    def table_bytes(self, entries: float, slots: int) -> float:
        """Return what one table takes in which entries lie as chance has it."""
        return self.slot_bytes * slots * (1.0 + self._chained(entries / slots))

    def settled(self, entries: int, tables: int) -> Fill:
        """Return a fill that memory does not bound.

        Args:
            entries: How many there are.
            tables: 2 where entries have lifetimes, else 1.
        """
        slots = 1 << max(0, math.ceil(math.log2(max(entries, 1) / self.slot_entries)))
        return Fill(entries, tables * self.table_bytes(entries, slots))

    def held(self, room: float, each: float, tables: int) -> Fill:
        """Return what there is room for.

        Args:
            room: In bytes, for entries and tables.
            each: What an entry takes beside its places in the tables, in bytes.
            tables: 2 where entries have lifetimes, else 1.
        """
        slots = [1] * tables
        while True:
            least = min(slots)
            full = least * self.slot_entries
            if full * each + self._all(full, slots) + 2 * least * self.slot_bytes > room:
                entries = self._fitting(room, each, slots)
                if entries <= _FORCED * full:
                    return Fill(entries, self._all(entries, slots))
            slots[slots.index(least)] = 2 * least

    def _all(self, entries: float, slots: list[int]) -> float:
        return sum(self.table_bytes(entries, each) for each in slots)

    def _fitting(self, room: float, each: float, slots: list[int]) -> int:
        """Return the most entries that fit with tables of so many slots."""
        low, high = 0, int(room / max(each, 1.0)) + 1
        while high - low > 1:
            middle = (low + high) // 2
            fits = middle * each + self._all(middle, slots) <= room
            low, high = (middle, high) if fits else (low, middle)
        return low

    def _chained(self, mean: float) -> float:
        """Return how many slots hang behind one, if entries fall on slots as Poisson has it."""
        places = self.slot_entries
        if places == 1:
            return 0.0
        chance, found = math.exp(-mean), 0.0
        for count in range(1, int(mean + 12 * math.sqrt(mean + 1)) + places):
            chance *= mean / count
            if count > places:
                found += chance * math.ceil((count - places) / (places - 1))
        return found


_KNOWN = {1: ServerTables(1, 8, 24), 7: ServerTables(7, 64, 8)}


def slot_entries_of(info: Mapping[str, object]) -> int:
    """Return for how many entries a slot of a server has places, by what it says of itself.

    Args:
        info: The answer to ``INFO server``.
    """
    version = str(info.get("valkey_version", "0")).split(".")
    number = tuple(int(part) if part.isdigit() else 0 for part in [*version, "0"][:2])
    return 7 if number >= (8, 1) else 1


def without_tables(each: float, counters: Mapping[str, float]) -> dict[str, float]:
    """Return what an entry takes beside its places in the server's tables, where that is known.

    Args:
        each: What it takes beside its value, in bytes.
        counters: What the server said of its entries and tables.
    """
    slot = counters.get("slot_entries", 0.0)
    tables = ServerTables.of(slot)
    if tables is None:
        return {}
    entries = counters["entries"]
    expiring = counters["expiring_entries"] > entries / 2
    found = tables.settled(round(entries), 2 if expiring else 1).table_bytes / entries
    plain = each - found - (tables.expiry_bytes if expiring else 0)
    return {"plain_bytes_per_entry": plain, "slot_entries": slot} if plain > 0 else {}
