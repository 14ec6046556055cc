"""Steady: requests at even gaps."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.synthetic.base import SyntheticArrivals, rate_setting


class Steady(SyntheticArrivals):
    """Arrivals with even gaps, such as a timer's."""

    workload: ClassVar[str] = "steady"
    summary: ClassVar[str] = "even gaps, such as a timer's or a load generator's"

    rate: float = rate_setting(200.0, "Requests per second.")

    def make(self) -> Arrivals:
        """Return the arrivals; there is no chance in them."""
        return self.arrivals(np.arange(self.requests, dtype=np.float64) / self.rate)
