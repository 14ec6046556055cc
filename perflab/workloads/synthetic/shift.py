"""Shift: a hot set that moves on, so that what was popular is forgotten."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from perflab.settings import setting
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import MAX_REQUESTS, Synthetic, keys_setting


class Shift(Synthetic):
    """A share of requests goes to a hot set, which moves on by a part of itself every so often.

    The other requests go to any key. Policies that count (LFU) hold on to what is over.
    """

    workload: ClassVar[str] = "shift"
    summary: ClassVar[str] = "a hot set that moves on"

    share: float = setting(
        0.9, "Share of requests that go to the hot set.", low=0.0, high=1.0, span=(0.0, 1.0)
    )
    hot_keys: int = keys_setting(1_000, "Number of keys in the hot set, all equally popular.")
    keys: int = keys_setting(100_000, "Number of keys; the hot set moves around them.")
    every: int = setting(
        100_000,
        "Requests after which the hot set moves.",
        unit="requests",
        low=1,
        high=MAX_REQUESTS,
        span=(1_000, 1_000_000),
        scale="log",
    )
    moved: float = setting(
        0.5, "Share of the hot set that is new after a move.", low=0.0, high=1.0, span=(0.0, 1.0)
    )

    def make(self) -> Trace:
        """Return the trace."""
        random = self.random()
        numbers = random.integers(0, self.keys, self.requests, dtype=np.int64)
        hot = np.flatnonzero(random.random(self.requests) < self.share)
        within = random.integers(0, self.hot_keys, len(hot), dtype=np.int64)
        step = round(self.hot_keys * self.moved)
        numbers[hot] = (hot // self.every * step + within) % self.keys
        return self.trace(numbers, self.keys)
