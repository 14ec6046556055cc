"""`CacheStage`: the cache of one process as a stage of a service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from perflab.bench.linked import Around, Linked
    from perflab.bench.living import Backing, Layer, NoteQuery
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.cache.settings import CacheSettings


_FEWEST_ENTRIES = 8
"""With fewer, a part of a cache tells little of the whole one."""


class CacheStage:
    """Passes on the requests that the cache's model counts as misses.

    Each miss is on its own: it writes its entry at the time of its request, as the model has it,
    however long the load takes.

    Attributes:
        place: In each worker process.
    """

    place: ClassVar[Place] = Place.PROCESS

    def forward(self, requests: Requests, settings: CacheSettings, costs: Costs) -> Passed:
        """Return the misses, for each request what its lookup takes, and the memory.

        Args:
            requests: What comes to the cache; their times date a TTL, their sizes fill
                ``max_bytes``.
            settings: Of the cache.
            costs: As the cache's model takes them; before its load, a miss takes what a hit does.

        Raises:
            BadInputError: If times go backwards or a size is wrong, or a policy does not answer
                such settings.
        """
        from perflab.bench.passing import pass_misses, pass_nothing, trace_of
        from perflab.patterns.cache.model.counter import CacheCounter
        from perflab.patterns.cache.model.metrics import CacheCosts

        if not len(requests):
            return pass_nothing()
        outcomes = CacheCounter(trace_of(requests)).outcomes(settings, LoadSettings())
        told = CacheCosts.of(costs)
        held = float(outcomes.entries[-1]) * told.bytes_per_entry + outcomes.bytes
        return pass_misses(requests, outcomes, told, held + told.fixed_bytes(1))

    def backing(self, _settings: CacheSettings, _processes: int) -> Backing | None:
        """Return nothing: each worker has its own entries."""
        return None

    def layer(
        self, settings: CacheSettings, _address: Mapping[str, Any], _note: NoteQuery
    ) -> Layer:
        """Return the cache of this process."""
        from perflab.patterns.cache.layer import CacheLayer

        return CacheLayer(settings)

    def linked(self, around: Around, settings: CacheSettings, costs: Costs) -> Linked:
        """Return entries, lifetime and lookup: the least recently used entry is evicted.

        Args:
            around: Its service; ``max_bytes`` is shared by values of the mean size.
            settings: Of the cache.
            costs: As the cache's model takes them.
        """
        from perflab.bench.linked import Linked
        from perflab.patterns.cache.model.metrics import CacheCosts

        entries, remarks = settings.max_cache_size, []
        if settings.max_bytes is not None and around.value_bytes > 0:
            entries = min(entries, int(settings.max_bytes / around.value_bytes))
            remarks.append("in a scenario max_bytes holds values of the mean size")
        if settings.policy != "lru":
            title = settings.info("policy").title(settings.policy)
            remarks.append(f"in a scenario the cache evicts by LRU, not by {title}")
        ttl = math.inf if settings.ttl_seconds is None else settings.ttl_seconds
        lookup = CacheCosts.of(costs).hit.mean
        links = {"local_entries": entries, "local_ttl": ttl, "local_seconds": lookup}
        return Linked(links, single_flight="process", remarks=tuple(remarks))

    def bytes_at(
        self, settings: CacheSettings, keys: int, value_bytes: float, costs: Costs
    ) -> float:
        """Return what the cache of one process takes once it is full."""
        from perflab.patterns.cache.model.metrics import CacheCosts

        told = CacheCosts.of(costs)
        entries = min(settings.max_cache_size, keys)
        values = entries * value_bytes
        if settings.max_bytes is not None and value_bytes > 0 and values > settings.max_bytes:
            entries, values = round(settings.max_bytes / value_bytes), settings.max_bytes
        return told.fixed_bytes(1) + entries * told.bytes_per_entry + values

    def settings_at(
        self, settings: CacheSettings, memory_bytes: float, value_bytes: float, costs: Costs
    ) -> CacheSettings:
        """Return the settings at which it takes so many bytes: a number of entries.

        ``max_bytes``, where it is set, is what the values of these take.
        """
        from perflab.patterns.cache.model.metrics import CacheCosts

        told = CacheCosts.of(costs)
        room = memory_bytes - told.fixed_bytes(1)
        entries = int(room / max(told.bytes_per_entry + value_bytes, 1.0))
        most = int(settings.info("max_cache_size").high or 1)
        entries = min(max(entries, 1), most)
        if settings.max_bytes is None:
            return settings.change(max_cache_size=entries)
        held = max(1, round(entries * value_bytes))
        return settings.change(max_cache_size=entries, max_bytes=held)

    def least_bytes(self, value_bytes: float, costs: Costs) -> float:
        """Return what the cache of one process takes with one entry."""
        from perflab.patterns.cache.model.metrics import CacheCosts

        told = CacheCosts.of(costs)
        return told.fixed_bytes(1) + told.bytes_per_entry + value_bytes

    def at_share(
        self,
        settings: CacheSettings,
        share: float,
        _keys: int,
        _value_bytes: float,
        costs: Costs,
    ) -> tuple[CacheSettings, Costs] | None:
        """Return a cache of a share of the entries and bytes; none where it has too few entries."""
        from perflab.patterns.cache.model.models import CACHE

        if settings.max_cache_size * share < _FEWEST_ENTRIES:
            return None
        return CACHE.shrink(settings, share, costs), costs
