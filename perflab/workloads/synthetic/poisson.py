"""Poisson: requests of many users, each independent of the others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.synthetic.base import SyntheticArrivals, rate_setting


class Poisson(SyntheticArrivals):
    """Arrivals with independent exponential gaps."""

    workload: ClassVar[str] = "poisson"
    summary: ClassVar[str] = "many users, each independent of the others, at one mean rate"

    rate: float = rate_setting(200.0, "Mean requests per second.")

    def make(self) -> Arrivals:
        """Return the arrivals."""
        gaps = self.random().standard_exponential(self.requests)
        return self.arrivals(np.cumsum(gaps) / self.rate)
