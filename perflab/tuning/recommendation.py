"""`Recommendation`: the settings that a user should ship, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.settings import SettingValues
from perflab.tuning.points import NamedPoint, Point, frame_of
from perflab.tuning.turns.document import TurnsTaken

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
        worse: What gets worse for the sake of the objective, such as ``throughput 80/s instead of
            100/s``; empty where nothing does.
        limits: What was to be kept, such as ``memory_bytes<=512MiB``.
        points: All points looked at: ``settings`` and ``metrics`` each.
        ceilings: Points of what no setting can pass, such as OPT, for charts alone.
        alternatives: Other points worth a look, as ``name``, ``settings``, ``metrics``, ``reason``.
        reliefs: What would bring within reach what no setting reaches: less ``load``, a shorter
            ``service time``, another setting or ``limit``, with the settings that then reach it.
        sensitivity: What is predicted at `settings` with 20 % less and more load, and with a
            service time 20 % longer.
        measured: Measured live at `settings`, where tuning was asked to check: means over rounds.
        turns: How these settings were run in turns with their rivals; None where they were not.
        observed: What was measured elsewhere, the fields of `Observed`; nothing where nothing was.
        calibration: The costs used, with their date, backend and source.
        environment: Machine, versions and date.
        notes: What a reader must know.
    """

    kind: ClassVar[str] = "recommendation"
    made_by: ClassVar[str] = "perflab tune ... --out FILE"

    pattern: str
    workload: AboutWorkload
    before: dict[str, object]
    settings: SettingValues
    before_metrics: dict[str, float]
    metrics: dict[str, float]
    reason: str
    objective: str
    unreached: str = ""
    worse: str = ""
    limits: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    ceilings: tuple[Point, ...] = ()
    alternatives: tuple[NamedPoint, ...] = ()
    reliefs: tuple[NamedPoint, ...] = ()
    sensitivity: tuple[NamedPoint, ...] = ()
    measured: dict[str, float] = dataclasses.field(default_factory=dict)
    turns: TurnsTaken | None = None
    observed: dict[str, object] = dataclasses.field(default_factory=dict)
    calibration: dict[str, object] = dataclasses.field(default_factory=dict)
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return all points looked at as a table: a column for every setting and metric."""
        return frame_of(self.points)
