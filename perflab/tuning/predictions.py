"""`Predictions`: what the model says at one point or over a sweep."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.tuning.points import Point, frame_of

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, slots=True)
class Predictions(Result):
    """Predictions over one workload.

    Attributes:
        pattern: The pattern's name.
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        points: ``settings``, ``metrics``, ``sampled`` and ``error`` each.
        swept: The settings that differ from point to point.
        calibration: The costs used, with their date, backend and source.
        environment: Machine, versions and date.
        remarks: What a reader must know.
        observed: What was measured elsewhere, the fields of `Observed`; nothing where nothing was.
        histories: The workload over its own time, as `History.to_dict` gives it.
        maps: More points, as those above, that heat maps are drawn from and nothing is chosen of.
    """

    kind: ClassVar[str] = "predictions"
    made_by: ClassVar[str] = "perflab predict ... --out FILE"

    pattern: str
    workload: AboutWorkload
    points: tuple[Point, ...]
    swept: tuple[str, ...] = ()
    calibration: dict[str, object] = dataclasses.field(default_factory=dict)
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    observed: dict[str, object] = dataclasses.field(default_factory=dict)
    histories: tuple[dict[str, object], ...] = ()
    maps: tuple[Point, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row a point: every setting, the metrics, ``sampled`` and ``error``."""
        frame = frame_of(self.points)
        frame.attrs = {
            "pattern": self.pattern,
            "workload": self.workload,
            "calibration": self.calibration,
            "remarks": list(self.remarks),
        }
        return frame
