"""`RedisCacheStage`: the cache in Redis as a stage of a service."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.redis_cache.settings import RedisCacheSettings


_STEP_BYTES = 2**16
"""Memory is recommended in such steps."""
_FEWEST_ENTRIES = 8
"""With room for fewer, a part of a server tells little of the whole one."""
_OWN_ORDER = 1
"""Seed of the order of slow trips: another one than that of a cache in front."""


@dataclasses.dataclass(frozen=True, slots=True)
class RedisCacheStage:
    """Passes on the requests that the model of the server's eviction counts as misses.

    Attributes:
        place: On a server, one for all workers.
        seed: Of the server's draws and of the jitter of TTLs.
    """

    place: ClassVar[Place] = Place.SHARED
    seed: int = 0

    def forward(self, requests: Requests, settings: RedisCacheSettings, costs: Costs) -> Passed:
        """Return the misses, for each request what the server takes, and its memory.

        A miss takes two round trips, one to ask and one to write, each as long as that of a hit;
        what the load takes between them is not among them.

        Args:
            requests: What comes to the cache; their times are those of the server's clock.
            settings: Of the cache.
            costs: As the model of the cache in Redis takes them.

        Raises:
            BadInputError: If times go backwards or a size is wrong.
        """
        from perflab.bench.passing import pass_misses, pass_nothing, trace_of
        from perflab.patterns.redis_cache.model.predict import RedisCacheModel

        if not len(requests):
            return pass_nothing()
        model = RedisCacheModel.of(trace_of(requests), costs)
        outcomes = model.outcomes(settings, LoadSettings(seed=self.seed))
        held = model.costs.server_bytes + outcomes.bytes
        return pass_misses(requests, outcomes, model.costs, held, trips=2, seed=_OWN_ORDER)

    def bytes_at(
        self, settings: RedisCacheSettings, keys: int, value_bytes: float, costs: Costs
    ) -> float:
        """Return what the server takes once it is full: its ``maxmemory``, or all keys."""
        from perflab.patterns.redis_cache.model.costs import RedisCosts

        told = RedisCosts.of(costs)
        value = value_bytes or told.value_bytes
        expiring = settings.ttl_seconds is not None
        each = told.entry_bytes(settings.maxmemory, value, keys, expiring=expiring) + value
        all_keys = told.server_bytes + keys * each
        return all_keys if settings.maxmemory is None else min(all_keys, settings.maxmemory)

    def settings_at(
        self, settings: RedisCacheSettings, memory_bytes: float, _value_bytes: float, _costs: Costs
    ) -> RedisCacheSettings:
        """Return the settings at which the server takes so many bytes: its ``maxmemory``."""
        info = settings.info("maxmemory")
        bounds = int(info.low or 0), int(info.high or 0)
        whole = int(memory_bytes) // _STEP_BYTES * _STEP_BYTES
        return settings.change(maxmemory=min(max(whole, bounds[0]), bounds[1]))

    def least_bytes(self, value_bytes: float, costs: Costs) -> float:
        """Return what the server takes with one entry, as far as ``maxmemory`` goes down."""
        from perflab.patterns.redis_cache.model.costs import RedisCosts
        from perflab.patterns.redis_cache.settings import RedisCacheSettings

        told = RedisCosts.of(costs)
        least = float(RedisCacheSettings.info("maxmemory").low or 0)
        return max(least, told.server_bytes + told.bytes_per_entry + value_bytes)

    def at_share(
        self,
        settings: RedisCacheSettings,
        share: float,
        keys: int,
        value_bytes: float,
        costs: Costs,
    ) -> tuple[RedisCacheSettings, Costs] | None:
        """Return a server of a share of the memory; none where it cannot have so little.

        An entry takes what it does in the whole server, whose tables are filled otherwise.
        """
        from perflab.patterns.redis_cache.model.costs import RedisCosts, redis_for_part

        told = RedisCosts.of(costs)
        value = value_bytes or told.value_bytes
        expiring = settings.ttl_seconds is not None
        each = told.entry_bytes(settings.maxmemory, value, keys, expiring=expiring)
        there = redis_for_part(settings, share, costs)
        if settings.maxmemory is not None and there.maxmemory is not None:
            wanted = told.room(settings.maxmemory) * share
            if wanted < _FEWEST_ENTRIES * (each + value):
                return None
            # Rounded to whole entries, a part of few would be off by as much.
            if abs(told.room(there.maxmemory) - wanted) > max(each, 0.01 * wanted):
                return None
        return there, {**costs, "bytes_per_entry": each, "slot_entries": 0}
