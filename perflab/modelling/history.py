"""`History`: how quantities go over a workload's own time, at one value of a setting."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """One line, or some lines of unlike units, over the time of a workload.

    Attributes:
        value: Of the setting; none where it is off.
        seconds: float64 of shape (m,), since the first request.
        curves: By metric, float64 of shape (m,): the most in each of m equal steps, so that a
            cycle shorter than a step, such as a day in a year, is not lost between two.
        errors: By metric, half the width of the 95 % band around its curve; none where exact.
        peaks: By metric, the most at any time.
        means: By metric, the mean over the time.
        metrics: What holds over the whole time, such as a hit rate.
        sampled: The share of the workload that it was computed from; 1.0 is exact.
        remark: What a reader must know of it; empty for nothing.
    """

    value: float | None
    seconds: Curve
    curves: Mapping[str, Curve]
    errors: Mapping[str, Curve]
    peaks: Mapping[str, float]
    means: Mapping[str, float]
    metrics: Mapping[str, float]
    sampled: float = 1.0
    remark: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON, four digits of each."""
        return {
            "value": self.value,
            "seconds": _short(self.seconds),
            "curves": {name: _short(curve) for name, curve in self.curves.items()},
            "errors": {name: _short(curve) for name, curve in self.errors.items()},
            "peaks": dict(self.peaks),
            "means": dict(self.means),
            "metrics": dict(self.metrics),
            "sampled": self.sampled,
            "remark": self.remark,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make one from what `to_dict` returned."""
        return cls(
            values["value"],
            np.array(values["seconds"], float),
            {name: np.array(curve, float) for name, curve in values["curves"].items()},
            {name: np.array(curve, float) for name, curve in values["errors"].items()},
            dict(values["peaks"]),
            dict(values["means"]),
            dict(values["metrics"]),
            float(values["sampled"]),
            str(values.get("remark", "")),
        )


def _short(curve: Curve) -> list[float]:
    top = float(np.abs(curve).max(initial=0.0))
    digits = 0 if top == 0 else max(0, 4 - math.ceil(math.log10(top)))
    return [float(value) for value in np.round(curve, digits)]
