"""`ServicePrediction`: what is predicted of a service, stage by stage and as a whole."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.service.damage import check_metrics

if TYPE_CHECKING:
    import pandas as pd

WHOLE = "service"
"""What the row of the service as a whole is called."""
DATABASE = "database"
"""What the row of the database behind a pool is called."""
_WHOLE = (
    *("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99"),
    *("errors", "error_share", "database_per_second"),
)
_STAGE, _CACHE = ("requests_per_second", "latency_share"), ("hit_rate", "memory_bytes")


@dataclasses.dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a service, or its database.

    Attributes:
        stage: The bench's name, or ``database``.
        title: What people call it.
        metrics: What it does, by metric.
        settings: The stage's; nothing for the database.
        calibration: The costs used, with their date, backend and source.
    """

    stage: str
    title: str
    metrics: dict[str, float]
    settings: dict[str, object] = dataclasses.field(default_factory=dict)
    calibration: dict[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class ServicePrediction(Result):
    """A service over one workload.

    Attributes:
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        settings: All settings of the service and of its stages, as `Service.from_mapping` takes
            them.
        stages: In the order in which requests meet them, the database last.
        metrics: Of the service as a whole.
        warnings: What does not fit, such as more connections than the database allows.
        remarks: What a reader must know.
        environment: Machine, versions and date.
        sampled: The share of the keys that was looked at; 1 where all were.
        error: Half the width of the band around the hit rate; 0 where exact.
    """

    kind: ClassVar[str] = "service prediction"
    made_by: ClassVar[str] = "perflab predict service --out FILE"

    workload: AboutWorkload
    settings: dict[str, object]
    stages: tuple[StageRow, ...]
    metrics: dict[str, float]
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    sampled: float = 1.0
    error: float = 0.0

    def __post_init__(self) -> None:
        check_metrics(self.metrics, _WHOLE)
        if not self.stages:
            raise BadInputError("is damaged: it has no stage", "stages")
        for row in self.stages:
            check_metrics(row.metrics, _STAGE, f"stages.{row.stage}")
            if row.stage == DATABASE:
                needed: tuple[str, ...] = ("in_use",)
            else:
                cached = any(name in row.metrics for name in _CACHE)
                needed = _CACHE if cached else ("errors",)
            check_metrics(row.metrics, needed, f"stages.{row.stage}")

    def row(self, stage: str) -> StageRow:
        """Return the row of a stage.

        Args:
            stage: A bench's name, or ``database``.

        Raises:
            KeyError: If there is no such stage.
        """
        found = next((row for row in self.stages if row.stage == stage), None)
        if found is None:
            raise KeyError(stage)
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return a row per stage, and one for the service, with a column for each metric."""
        import pandas as pd

        rows = [{"stage": row.stage, **row.metrics} for row in self.stages]
        return pd.DataFrame([*rows, {"stage": WHOLE, **self.metrics}]).set_index("stage")
