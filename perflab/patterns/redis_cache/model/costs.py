"""`RedisCosts`: what the model of a cache in Redis must be told, and what follows from it."""

from __future__ import annotations

import dataclasses
import math

from perflab.modelling.latency import HitMissCosts
from perflab.modelling.part_settings import Scaling
from perflab.modelling.prediction import Costs
from perflab.patterns.redis_cache.model.tables import ServerTables
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.units import in_words

_ROOM_BYTES = 2**20


@dataclasses.dataclass(frozen=True)
class RedisCosts(HitMissCosts):
    """What the model must be told: trips to the server, its memory, and an entry's.

    Attributes:
        value_bytes: What a value takes where the trace does not tell.
        plain_bytes_per_entry: Of ``bytes_per_entry``, what is not in the server's tables.
        slot_entries: For how many entries a slot of those tables has places; 0 where it is not
            known, and an entry takes ``bytes_per_entry`` at any fill.
    """

    value_bytes: float = 0.0
    plain_bytes_per_entry: float = 0.0
    slot_entries: float = 0.0

    def fastest(
        self, load: LoadSettings, hit_rate: float, miss_seconds: float, reads: float = 1.0
    ) -> float:
        """Return how many rows per second the clients can make at a hit rate.

        Args:
            load: The load's.
            hit_rate: Of the reads.
            miss_seconds: What a miss takes on average.
            reads: The share of the rows that are reads; each other takes what a hit does.
        """
        misses = reads * (1 - hit_rate)
        spent = (1 - misses) * self.hit.mean
        spent += misses * miss_seconds
        spent += self.overhead_seconds
        return load.concurrency / spent if spent > 0 else math.inf

    def room(self, maxmemory: int) -> int:
        """Return the bytes that a `maxmemory` leaves for entries."""
        return max(0, round(maxmemory - self.server_bytes))

    def entry_bytes(
        self, maxmemory: int | None, value_bytes: float, keys: int, *, expiring: bool
    ) -> float:
        """Return what an entry takes beside its value where the memory, or all keys, are in.

        Args:
            maxmemory: Of the server, in bytes; None for any.
            value_bytes: What a value takes on average.
            keys: How many there are.
            expiring: Whether entries have lifetimes.
        """
        tables = ServerTables.of(self.slot_entries)
        if tables is None:
            return self.bytes_per_entry
        count = 2 if expiring else 1
        plain = self.plain_bytes_per_entry + (tables.expiry_bytes if expiring else 0)
        fill = tables.settled(keys, count)
        if maxmemory is not None:
            room = self.room(maxmemory)
            if keys * (plain + value_bytes) + fill.table_bytes > room:
                fill = tables.held(room, plain + value_bytes, count)
        return plain + fill.table_bytes / max(fill.entries, 1)


def redis_for_part(settings: RedisCacheSettings, share: float, costs: Costs) -> RedisCacheSettings:
    """Return a server with a share of the memory for entries; it takes as much itself as before."""
    most = settings.maxmemory
    server = costs.get("server_bytes", 0.0)
    if most is None or most <= server:
        return settings
    least = int(RedisCacheSettings.info("maxmemory").low or 1)
    return settings.change(maxmemory=max(least, round(server + (most - server) * share)))


def _cramped(settings: RedisCacheSettings, costs: Costs) -> str | None:
    """Say so where what the server needs at times is a large part of the room for entries."""
    if settings.maxmemory is None:
        return None
    room = settings.maxmemory - costs.get("server_bytes", 0.0)
    if room >= _ROOM_BYTES:
        return None
    return (
        f"such a run leaves {in_words(max(0.0, room), 'bytes')} for entries, of which the server's "
        "buffers take a part that no prediction counts: record more keys to run with more"
    )


REDIS_CACHE: Scaling[RedisCacheSettings] = Scaling(
    redis_for_part, "maxmemory_policy", caveat=_cramped
)
