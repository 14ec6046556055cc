"""A bench whose workload is arrivals: when requests come, and how long each takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.bench.base import Bench

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.registry.kind import WorkloadKind


class ArrivalsBench(Bench):
    """What a pool and a fetcher share: they read and open arrivals, not traces of keys."""

    @property
    def workload_kind(self) -> WorkloadKind[Arrivals]:
        """Arrivals: when requests come, and how long each takes."""
        from perflab.workloads.registry.arrivals import ARRIVAL_KIND

        return ARRIVAL_KIND
