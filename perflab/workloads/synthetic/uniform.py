"""Uniform: every key is as likely as any other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import Synthetic, keys_setting


class Uniform(Synthetic):
    """Independent requests, all keys alike: the hit rate is the share of keys that fit."""

    workload: ClassVar[str] = "uniform"
    summary: ClassVar[str] = "every key as likely as any other"

    keys: int = keys_setting(100_000, "Number of keys.")

    def make(self) -> Trace:
        """Return the trace."""
        numbers = self.random().integers(0, self.keys, self.requests, dtype=np.int32)
        return self.trace(numbers, self.keys)
