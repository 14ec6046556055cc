"""Scan: a hot set, and between its requests a walk over many keys, each requested once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.settings import setting
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import Synthetic, keys_setting


class Scan(Synthetic):
    """A share of requests walks over the scanned keys in order; the rest stays in a hot set.

    The walk begins again when it has passed all its keys. Plain LRU lets it push out the hot set.
    """

    workload: ClassVar[str] = "scan"
    summary: ClassVar[str] = "a hot set, disturbed by a walk over many keys"

    share: float = setting(
        0.5, "Share of requests that belong to the scan.", low=0.0, high=1.0, span=(0.0, 1.0)
    )
    hot_keys: int = keys_setting(10_000, "Number of keys in the hot set, all equally popular.")
    keys: int = keys_setting(1_000_000, "Number of keys in the scan.")

    def make(self) -> Trace:
        """Return the trace."""
        random = self.random()
        scanned = random.random(self.requests) < self.share
        numbers = random.integers(0, self.hot_keys, self.requests, dtype=np.int32)
        steps = int(np.count_nonzero(scanned))
        numbers[scanned] = self.hot_keys + np.arange(steps, dtype=np.int64) % self.keys
        return self.trace(numbers, self.hot_keys + self.keys)
