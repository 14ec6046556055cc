"""Daily: requests come with times, more by day than by night."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from perflab.settings import setting
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import Synthetic, keys_setting
from perflab.workloads.synthetic.zipf import skew_setting, zipf_numbers

DAY = 86_400.0
POINTS_A_DAY = 1_440


class Daily(Synthetic):
    """Zipf requests whose rate follows the day: mean at midnight and noon, highest at six."""

    workload: ClassVar[str] = "daily"
    summary: ClassVar[str] = "Zipf keys with times, more by day than by night"

    skew: float = skew_setting(0.9)
    keys: int = keys_setting(100_000, "Number of keys.")
    days: float = setting(
        7.0,
        "Days over which the requests spread.",
        unit="days",
        low=0.01,
        high=3650,
        span=(1, 31),
    )
    swing: float = setting(
        0.8,
        "Amplitude of the rate around its mean, as a share of the mean.",
        low=0.0,
        high=1.0,
        span=(0.0, 1.0),
    )

    def make(self) -> Trace:
        """Return the trace."""
        random = self.random()
        numbers = zipf_numbers(random, self.skew, self.keys, self.requests)
        return self.trace(numbers, self.keys, self._times(random))

    def _times(self, random: np.random.Generator) -> npt.NDArray[np.float64]:
        # Given their number, the arrivals of a Poisson process are ordered draws from its rate;
        # running sums of exponentials are ordered uniform draws without a sort.
        sums = np.cumsum(random.standard_exponential(self.requests + 1))
        uniform = sums[:-1] / sums[-1]
        clock = np.linspace(0.0, self.days * DAY, int(np.ceil(self.days * POINTS_A_DAY)) + 1)
        angle = 2 * np.pi * clock / DAY
        arrived = angle - self.swing * (np.cos(angle) - 1)
        return np.asarray(np.interp(uniform * arrived[-1], arrived, clock))
