"""Zipf: a few keys are requested often, many seldom."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from perflab.settings import setting
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.synthetic.base import Synthetic, keys_setting

MAX_SKEW = 5.0


def skew_setting(default: float) -> float:
    """Declare a Zipf exponent."""
    value: float = setting(
        default,
        "How fast popularity falls: key r is requested in proportion to 1 / r^skew.",
        low=0.0,
        high=MAX_SKEW,
        span=(0.0, 2.0),
    )
    return value


def zipf_numbers(
    random: np.random.Generator, skew: float, keys: int, requests: int
) -> npt.NDArray[np.int32]:
    """Draw key numbers, 0 the most popular, each by itself in proportion to ``1 / (r + 1)^skew``.

    Counts a key are drawn first (multinomial), then their order: the same law as drawing one by
    one, without a search a request.
    """
    weights = np.arange(1, keys + 1, dtype=np.float64) ** -skew
    counts = random.multinomial(requests, weights / weights.sum())
    numbers = np.repeat(np.arange(keys, dtype=np.int32), counts)
    random.shuffle(numbers)
    return numbers


class Zipf(Synthetic):
    """Independent requests over keys whose popularity falls as a power of their rank."""

    workload: ClassVar[str] = "zipf"
    summary: ClassVar[str] = "a few keys often, many seldom, by Zipf's law"

    skew: float = skew_setting(0.9)
    keys: int = keys_setting(100_000, "Number of keys.")

    def make(self) -> Trace:
        """Return the trace."""
        numbers = zipf_numbers(self.random(), self.skew, self.keys, self.requests)
        return self.trace(numbers, self.keys)
