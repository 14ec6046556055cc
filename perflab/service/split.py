"""`Split`: how much memory each cache of a service gets, and how many connections each pool."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from perflab import kernels
from perflab.bench.registry import load_bench
from perflab.bench.stage import CACHES, Place
from perflab.errors import BadInputError
from perflab.units import counted, grouped, in_words

if TYPE_CHECKING:
    from perflab.bench.stage import PoolStage, SizedStage
    from perflab.modelling.prediction import Costs
    from perflab.service.incoming import Incoming
    from perflab.service.layout import ServiceLayout, ServiceStage

_ANY_KEYS = 1_000_000_000
"""So many keys fill any cache that has a bound."""
_UNBOUNDED = 100.0
"""A cache that could take so many times what all keys do counts as one without a bound."""


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """What each stage gets.

    Attributes:
        memory_bytes: By cache, in the order of the stages; of what each worker has, all together.
        connections: Of the pool of each worker; 0 where there is none.
        shared: Connections of the PgBouncer; none where there is none.
    """

    memory_bytes: tuple[float, ...]
    connections: int = 0
    shared: int | None = None

    @property
    def total_bytes(self) -> float:
        """The memory of all caches."""
        return sum(self.memory_bytes)

    @property
    def size(self) -> int:
        """The connections that decide over waits: of the PgBouncer, else of each pool."""
        return self.connections if self.shared is None else self.shared

    def sized(self, size: int) -> Split:
        """Return the split with another `size`."""
        if self.shared is None:
            return dataclasses.replace(self, connections=size)
        return dataclasses.replace(self, shared=size)


class Splitter:
    """Makes services of splits: the same stages with other sizes.

    Args:
        service: With all that is not split.
        incoming: Its requests.
        costs: By the name of each stage's bench.
    """

    def __init__(
        self, service: ServiceLayout, incoming: Incoming, costs: Mapping[str, Costs]
    ) -> None:
        self.service = service
        self.costs = costs
        sizes = incoming.requests.sizes
        self._value_bytes = 0.0 if sizes is None or not len(sizes) else float(sizes.mean())
        self._keys = len(kernels.dense_ids(incoming.requests.keys)[1])
        self.caches = [stage for stage in service.stages if stage.place in CACHES]

    def present(self) -> Split:
        """Return what the stages may take now; where a cache has no bound, what all keys take."""
        settings, pool = self.service.settings, self.service.pool
        taken = tuple(self._taken(stage) for stage in self.caches)
        size = 0 if pool is None else self._pool(pool).most_connections(pool.settings)
        return Split(taken, size, settings.pgbouncer_connections)

    def least(self) -> tuple[float, ...]:
        """Return what each cache takes at least, of all workers together."""
        return tuple(
            self._of(stage).least_bytes(self._value_bytes, self.costs[stage.bench])
            * self._count(stage)
            for stage in self.caches
        )

    def service_of(self, split: Split) -> ServiceLayout:
        """Return the service with the sizes of a split."""
        given = dict(zip([stage.bench for stage in self.caches], split.memory_bytes, strict=True))
        stages = []
        for stage in self.service.stages:
            if stage.place is Place.POOL:
                there = self._pool(stage).settings_with(stage.settings, split.connections)
            elif stage.place not in CACHES:
                there = stage.settings
            else:
                each = given[stage.bench] / self._count(stage)
                there = self._of(stage).settings_at(
                    stage.settings, each, self._value_bytes, self.costs[stage.bench]
                )
            stages.append(dataclasses.replace(stage, settings=there))
        own = self.service.settings.change(pgbouncer_connections=split.shared)
        return dataclasses.replace(self.service, stages=tuple(stages), settings=own)

    def shares(self, split: Split) -> tuple[float, ...]:
        """Return the share of each cache in the memory beyond what each takes at least."""
        above = [had - low for had, low in zip(split.memory_bytes, self.least(), strict=True)]
        total = sum(above)
        return tuple(each / total if total > 0 else 0.0 for each in above)

    def memory_for(self, budget: float, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Return the memory of each cache at a budget, given the shares beyond the least.

        Raises:
            BadInputError: If the budget is less than the caches take at least; it says which takes
                most of that.
        """
        least = self.least()
        room = budget - sum(least)
        if room < 0:
            worst = max(range(len(least)), key=lambda place: least[place])
            stage = self.caches[worst]
            count = self._count(stage)
            each = f" ({counted(count, 'process')})" if count > 1 else ""
            text = (
                f"is {in_words(budget, 'bytes')}, {in_words(-room, 'bytes')} less than the caches "
                f"take at least: {stage.bench} alone takes "
                f"{in_words(least[worst], 'bytes')}{each}"
            )
            raise BadInputError(text, "memory budget")
        return tuple(low + room * share for low, share in zip(least, shares, strict=True))

    def most_per_pool(self, allowed: int | None) -> int | None:
        """Return how many connections a pool may have: 0 without a pool, none = no limit.

        Where there is a PgBouncer, all of them are its own.

        Raises:
            BadInputError: If there are fewer connections than pools, or none for the PgBouncer.
        """
        settings, pool = self.service.settings, self.service.pool
        if pool is None:
            return 0
        if allowed is None:
            return None
        if settings.pgbouncer_connections is not None:
            if allowed < 1:
                raise BadInputError(
                    f"is {grouped(allowed)}, but PgBouncer needs one", "connections"
                )
            return allowed
        fits = allowed // settings.processes
        if fits < 1:
            over = settings.processes - allowed
            text = (
                f"is {grouped(allowed)}, but {counted(settings.processes, 'pool')} of {pool.bench} "
                f"need one each, {grouped(over)} more; set pgbouncer_connections"
            )
            raise BadInputError(text, "connections")
        return fits

    def _taken(self, stage: ServiceStage) -> float:
        costs, of = self.costs[stage.bench], self._of(stage)
        bounded = of.bytes_at(stage.settings, _ANY_KEYS, self._value_bytes, costs)
        every = of.bytes_at(stage.settings, self._keys, self._value_bytes, costs)
        unbounded = bounded > _UNBOUNDED * every
        return (every if unbounded else bounded) * self._count(stage)

    def _count(self, stage: ServiceStage) -> int:
        return self.service.settings.processes if stage.place is Place.PROCESS else 1

    def _of(self, stage: ServiceStage) -> SizedStage[Any]:
        return cast("SizedStage[Any]", load_bench(stage.bench).stage)

    def _pool(self, stage: ServiceStage) -> PoolStage[Any]:
        return cast("PoolStage[Any]", load_bench(stage.bench).stage)
