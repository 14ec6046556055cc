"""`OwnAsks`: when each request of a run asked for its row, and what its load took."""

from __future__ import annotations

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import OutcomeCost
from perflab.modelling.prediction import Costs
from perflab.modelling.spread import spread_times

Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class OwnAsks:
    """What several threads asked for, in that order: who waits for whom follows from it.

    Attributes:
        accesses: int64 of shape (n,), the place of each in the workload.
        seconds: float64 of shape (n,), when it asked, not decreasing.
        loads: float64 of shape (n,), what its load took; NaN of one that did not load.
    """

    accesses: npt.NDArray[np.int64]
    seconds: Floats
    loads: Floats

    @classmethod
    def of(cls, costs: Costs) -> Self | None:
        """Read what a run has recorded; none where it has not."""
        if "asked_seconds" not in costs:
            return None
        return cls(
            np.asarray(costs["asked_accesses"], np.int64),
            np.asarray(costs["asked_seconds"], np.float64),
            np.asarray(costs["asked_load_seconds"], np.float64),
        )

    def __len__(self) -> int:
        return len(self.seconds)

    def load_seconds(self, load: OutcomeCost) -> Floats:
        """Return the loads, with one like others where a request did not load.

        Args:
            load: What loads took.
        """
        others = spread_times(load, seed=1)
        drawn = others[np.arange(len(self)) % len(others)]
        filled: Floats = np.where(np.isnan(self.loads), drawn, self.loads)
        return filled
