"""`Recommendation`: the settings that a user should ship, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.lab.result import Result
from perflab.tuning.points import NamedPoint, Point, frame_of

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, slots=True)
class Recommendation(Result):
    """The result of tuning.

    Attributes:
        pattern: The pattern's name.
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        before: The settings that the user came with, of the pattern and of the load.
        settings: The settings recommended, of the pattern and of the load.
        before_metrics: Predicted at `before`.
        metrics: Predicted at `settings`.
        reason: In words: why this point and not its neighbours.
        objective: What was looked for, such as ``max:hit_rate``.
        unreached: What no setting reaches, such as ``No pool size reaches 5 ms``; empty where one
            does.
        limits: What was to be kept, such as ``memory_bytes<=512MiB``.
        points: All points looked at: ``settings`` and ``metrics`` each.
        alternatives: Other points worth a look, as ``name``, ``settings``, ``metrics``, ``reason``.
        measured: Measured live at `settings`, where tuning was asked to check.
        observed: What was measured elsewhere, the fields of `Observed`; nothing where nothing was.
        calibration: The costs used, with their date, backend and source.
        environment: Machine, versions and date.
        notes: What a reader must know.
    """

    kind: ClassVar[str] = "recommendation"
    made_by: ClassVar[str] = "perflab tune ... --out FILE"

    pattern: str
    workload: dict[str, Any]
    before: dict[str, Any]
    settings: dict[str, Any]
    before_metrics: dict[str, float]
    metrics: dict[str, float]
    reason: str
    objective: str
    unreached: str = ""
    limits: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    alternatives: tuple[NamedPoint, ...] = ()
    measured: dict[str, float] = dataclasses.field(default_factory=dict)
    observed: dict[str, Any] = dataclasses.field(default_factory=dict)
    calibration: dict[str, Any] = dataclasses.field(default_factory=dict)
    environment: dict[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return all points looked at as a table: a column for every setting and metric."""
        return frame_of(self.points)
