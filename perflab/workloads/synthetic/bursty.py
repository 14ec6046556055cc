"""Bursty: quiet and busy times in turn."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.settings import setting
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.synthetic.base import SyntheticArrivals, rate_setting


class Bursty(SyntheticArrivals):
    """Poisson arrivals whose rate jumps between a quiet and a busy one at random.

    A Markov-modulated Poisson process of two states (Fischer and Meier-Hellstern, The
    Markov-modulated Poisson process cookbook, Performance Evaluation 18, 1993).
    """

    workload: ClassVar[str] = "bursty"
    summary: ClassVar[str] = "alternating quiet and busy phases of random length"

    rate: float = rate_setting(100.0, "Mean requests per second in quiet phases.")
    busy_rate: float = rate_setting(600.0, "Mean requests per second in busy phases.")
    quiet_seconds: float = setting(
        20.0,
        "Mean length of a quiet phase.",
        unit="seconds",
        low=0.001,
        high=864_000,
        span=(0.1, 600),
        scale="log",
    )
    busy_seconds: float = setting(
        5.0,
        "Mean length of a busy phase.",
        unit="seconds",
        low=0.001,
        high=864_000,
        span=(0.1, 600),
        scale="log",
    )

    def make(self) -> Arrivals:
        """Return the arrivals; they start in a quiet time."""
        random = self.random()
        # Arrivals come one a unit of work, and work is done at the rate of the state.
        work = np.cumsum(random.standard_exponential(self.requests))
        cycle = self.rate * self.quiet_seconds + self.busy_rate * self.busy_seconds
        clock, done = [np.zeros(1)], [np.zeros(1)]
        while done[-1][-1] < work[-1]:
            pairs = int((work[-1] - done[-1][-1]) / cycle * 1.1) + 16
            stays = random.standard_exponential((pairs, 2))
            stays *= (self.quiet_seconds, self.busy_seconds)
            clock.append(clock[-1][-1] + np.cumsum(stays))
            done.append(done[-1][-1] + np.cumsum(stays * (self.rate, self.busy_rate)))
        return self.arrivals(np.interp(work, np.concatenate(done), np.concatenate(clock)))
