"""Loop: the same keys in the same order, over and over."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.settings import setting
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import Synthetic, keys_setting


class Loop(Synthetic):
    """Keys in a circle: an LRU cache smaller than it never hits, the best one hits often."""

    workload: ClassVar[str] = "loop"
    summary: ClassVar[str] = "the same keys in the same order, over and over"

    keys: int = keys_setting(10_000, "Number of keys in the loop.")
    noise: float = setting(
        0.0,
        "Share of requests to a random key of the loop instead.",
        low=0.0,
        high=1.0,
        span=(0.0, 1.0),
    )

    def make(self) -> Trace:
        """Return the trace."""
        numbers = np.arange(self.requests, dtype=np.int64) % self.keys
        if self.noise:
            random = self.random()
            strayed = random.random(self.requests) < self.noise
            numbers[strayed] = random.integers(0, self.keys, np.count_nonzero(strayed))
        return self.trace(numbers, self.keys)
