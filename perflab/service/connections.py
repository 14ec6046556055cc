"""`Connections`: how many connections the pools of a service may open, and what they may not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, cast

from perflab.bench.registry import load_bench
from perflab.units import counted, grouped

if TYPE_CHECKING:
    from perflab.bench.stage import PoolStage
    from perflab.service.layout import ServiceLayout


@dataclasses.dataclass(frozen=True, slots=True)
class Connections:
    """The connections that the database may get from a service.

    Attributes:
        per_process: That the pool of a worker may open; 0 where it has no pool.
        processes: How many workers have a pool.
        most: That the database gets at most: those of all pools, or of PgBouncer.
        allowed: By the database; none where it has no limit.
        pooled: Whether a PgBouncer stands between.
    """

    per_process: int
    processes: int
    most: int
    allowed: int | None
    pooled: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What does not fit; nothing where all does."""
        if self.allowed is None or self.most <= self.allowed:
            return ()
        over = self.most - self.allowed
        if self.pooled:
            text = (
                f"pgbouncer_connections is {grouped(self.most)}, but the database allows "
                f"{grouped(self.allowed)}: {counted(over, 'connection')} would be refused"
            )
            return (text,)
        fits = self.allowed // self.processes
        way = f"at most {grouped(fits)} each" if fits else "a PgBouncer between them"
        pools = f"{counted(self.processes, 'pool')} of {counted(self.per_process, 'connection')}"
        text = (
            f"{pools} may open {grouped(self.most)}, but the database allows "
            f"{grouped(self.allowed)}: {grouped(over)} would be refused, which this prediction "
            f"does not count; this needs {way}"
        )
        return (text,)


def connections_of(service: ServiceLayout) -> Connections:
    """Return the connections of a service's pools."""
    settings, pool = service.settings, service.pool
    if pool is None:
        return Connections(0, settings.processes, 0, settings.max_connections, pooled=False)
    stage = cast("PoolStage[Any]", load_bench(pool.bench).stage)
    each = stage.most_connections(pool.settings)
    shared = settings.pgbouncer_connections
    most = each * settings.processes if shared is None else shared
    return Connections(
        each, settings.processes, most, settings.max_connections, pooled=shared is not None
    )
