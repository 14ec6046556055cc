"""The Redis that a part of a workload's keys is asked with for that of the whole."""

from __future__ import annotations

from perflab.modelling.part_settings import Scaling
from perflab.modelling.prediction import Costs
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.units import in_words

_ROOM_BYTES = 2**20


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


REDIS_CACHE = Scaling(redis_for_part, "maxmemory_policy", caveat=_cramped)
