"""`RedisCacheStage`: the cache in Redis as a stage of a service."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.settings import LoadSettings
from perflab.units import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from perflab.bench.linked import Around, Linked
    from perflab.bench.living import Backing, Layer, NoteQuery
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.redis_cache.settings import RedisCacheSettings


_STEP_BYTES = 2**16
"""Memory is recommended in such steps."""
_FEWEST_ENTRIES = 8
"""With room for fewer, a part of a server tells little of the whole one."""
_OWN_ORDER = 1
"""Seed of the order of slow trips: another one than that of a cache in front."""

_UNBOUNDED = 2**31 - 1
"""Entries of a server without a bound."""


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

    def backing(self, settings: RedisCacheSettings, _processes: int) -> Backing | None:
        """Return a server of perflab's own, started.

        Raises:
            BadInputError: If the settings name one of the user's, or it does not come up.
        """
        from perflab.patterns.redis_cache.layer import RedisBacking

        return RedisBacking(settings)

    def layer(
        self, settings: RedisCacheSettings, address: Mapping[str, Any], _note: NoteQuery
    ) -> Layer:
        """Return the cache as this process has it."""
        from perflab.patterns.redis_cache.layer import RedisLayer

        return RedisLayer(settings, address)

    def linked(self, around: Around, settings: RedisCacheSettings, costs: Costs) -> Linked:
        """Return entries, lifetime and trips: the least recently used entry is evicted.

        While the server is down a lookup takes no time, as behind a breaker that is open; once it
        is back, it is used from the breaker's next try on.

        Args:
            around: Its service; entries have values of the mean size.
            settings: Of the cache.
            costs: As the model of the cache in Redis takes them.
        """
        from perflab.bench.linked import Linked
        from perflab.patterns.redis_cache.model.costs import RedisCosts

        told, remarks = RedisCosts.of(costs), []
        entries, expiring = _UNBOUNDED, settings.ttl_seconds is not None
        if settings.maxmemory is not None:
            value = around.value_bytes or told.value_bytes
            each = told.entry_bytes(settings.maxmemory, value, around.keys, expiring=expiring)
            entries = int(told.room(settings.maxmemory) / max(each + value, 1.0))
        if not settings.maxmemory_policy.endswith("lru"):
            policy = settings.maxmemory_policy
            remarks.append(f"in a scenario Redis evicts by allkeys-lru, not by {policy}")
        if settings.client_cache_size is not None:
            remarks.append("a scenario has no client cache of Redis")
        lasts = math.inf if settings.ttl_seconds is None else settings.ttl_seconds
        if expiring and settings.ttl_jitter > 0:
            # Lifetimes are drawn evenly between the whole one and that less the jitter.
            lasts *= 1.0 - settings.ttl_jitter / 2
            remarks.append(
                f"in a scenario all entries in Redis live for {in_words(lasts, 'seconds')}, the "
                "mean with ttl_jitter: that it spreads their ends is not counted"
            )
        remarks.append(
            "in a scenario a trip to Redis takes as long however many are under way: that they "
            "queue in a server that is busy is not counted"
        )
        trip = told.hit.mean
        links = {
            "remote_entries": entries,
            "remote_ttl": lasts,
            "remote_seconds": trip,
            "remote_write_seconds": trip,
        }
        flight = "service" if settings.stampede == "lock" else "process"
        return Linked(
            links,
            single_flight=flight,
            tries_every=settings.breaker_seconds,
            remarks=tuple(remarks),
        )

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
