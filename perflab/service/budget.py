"""`Budget`: how a service spends its memory and connections best, and where more would pay."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, slots=True)
class BudgetPoint:
    """A split of memory and connections, and what is predicted there.

    Attributes:
        name: What it is, such as ``recommended`` or ``1 GiB more for redis_cache``.
        memory_bytes: By cache; of what each worker has, all together.
        connections: Of the pool of each worker; 0 where there is none.
        metrics: Of the service as a whole.
        shared: Connections of the PgBouncer; none where there is none.
    """

    name: str
    memory_bytes: dict[str, float]
    connections: int
    metrics: dict[str, float]
    shared: int | None = None

    @property
    def total_bytes(self) -> float:
        """The memory of all caches."""
        return sum(self.memory_bytes.values())


@dataclasses.dataclass(frozen=True, slots=True)
class Budget(Result):
    """The best split of a budget over the stages of a service.

    Attributes:
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        before: The settings that the user came with, as `Service.from_mapping` takes them.
        settings: The settings recommended.
        before_metrics: Predicted at `before`.
        metrics: Predicted at `settings`.
        chosen: The split recommended.
        reason: In words: how the budget is split, and what that gains.
        objective: What was looked for, such as ``min:latency_seconds_mean``.
        limits: What was to be kept, such as ``memory_bytes<=4GiB``.
        points: All splits looked at, in that order.
        next_steps: More of one thing at a time: memory for each cache, connections.
        curve: The same shares at a quarter to four times the memory, rising.
        connections_curve: The same memory at a quarter to four times the connections, as far as
            these are allowed, rising; nothing where there is no pool.
        evaluations: Splits that were predicted to find the one recommended.
        remarks: What a reader must know.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "service budget"
    made_by: ClassVar[str] = "perflab tune service --out FILE"

    workload: AboutWorkload
    before: dict[str, object]
    settings: dict[str, object]
    before_metrics: dict[str, float]
    metrics: dict[str, float]
    chosen: BudgetPoint
    reason: str
    objective: str
    limits: tuple[str, ...] = ()
    points: tuple[BudgetPoint, ...] = ()
    next_steps: tuple[BudgetPoint, ...] = ()
    curve: tuple[BudgetPoint, ...] = ()
    connections_curve: tuple[BudgetPoint, ...] = ()
    evaluations: int = 0
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return all splits looked at, with a column for each cache's memory and each metric."""
        import pandas as pd

        return pd.DataFrame(
            {
                **{f"{stage}.memory_bytes": taken for stage, taken in point.memory_bytes.items()},
                "connections_per_process": point.connections,
                **point.metrics,
            }
            for point in self.points
        )
