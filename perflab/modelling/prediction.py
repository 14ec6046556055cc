"""`Prediction`: what a model says of one setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perflab.modelling.miss_times import MissTimes

Metrics = dict[str, float]
Costs = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """Metrics at one setting, and how exact they are.

    Attributes:
        metrics: Values by metric name.
        sampled: The share of the workload it was computed from; 1.0 is exact.
        error: Half the width of the band around the leading metric; 0 where exact.
        remarks: What a user must know to read it, such as a setting without effect.
        between: Whether it lies between two computed points and was not computed itself.
        measured: Whether what the model rests on was measured; a guess is off by anything.
        behind: Whether requests come faster than they are served, so that the wait grows with the
            length of the workload.
        low: Metrics where the leading one is at the lower end of its band; none where exact.
        high: Metrics where it is at the upper end.
        missed: The recorded backend times of the misses; none where the workload has none.
    """

    metrics: Metrics
    sampled: float = 1.0
    error: float = 0.0
    remarks: tuple[str, ...] = ()
    between: bool = False
    measured: bool = True
    behind: bool = False
    low: Metrics | None = None
    high: Metrics | None = None
    missed: MissTimes | None = dataclasses.field(default=None, compare=False)
