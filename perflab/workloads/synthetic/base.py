"""What the synthetic workloads share: declared parameters, and the text that names them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from perflab.settings import SettingInfo, Settings, setting
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.numbering import first_appearance
from perflab.workloads.kinds.trace import Trace

MAX_REQUESTS = 100_000_000
MAX_KEYS = 50_000_000


def keys_setting(default: int, meaning: str) -> Any:
    """Declare a number of keys."""
    return setting(
        default,
        meaning,
        unit="keys",
        low=1,
        high=MAX_KEYS,
        span=(100, 10_000_000),
        scale="log",
    )


def rate_setting(default: float, meaning: str) -> Any:
    """Declare a rate of arrivals."""
    return setting(
        default,
        meaning,
        unit="requests/s",
        low=0.001,
        high=10_000_000,
        span=(1, 10_000),
        scale="log",
    )


class Recipe(Settings):
    """A rule that makes a workload; its fields are its parameters, bounds and meaning included."""

    workload: ClassVar[str]
    summary: ClassVar[str]

    requests: int = setting(
        1_000_000,
        "Number of requests.",
        unit="requests",
        low=1,
        high=MAX_REQUESTS,
        span=(10_000, 10_000_000),
        scale="log",
    )
    seed: int = setting(0, "Random seed.", low=0, high=2**32 - 1)

    @property
    def spec(self) -> str:
        """The text that makes this workload again, such as ``zipf:skew=0.9,keys=1M,...``."""
        own = [key for key in type(self).model_fields if key not in Recipe.model_fields]
        given = {key: getattr(self, key) for key in (*own, "requests", "seed")}
        values = [f"{key}={_exact(value)}" for key, value in given.items() if value is not None]
        return f"{self.workload}:{','.join(values)}"

    @classmethod
    def parameters(cls) -> dict[str, SettingInfo]:
        """Return what is known of every parameter: its own first, then those that all have."""
        own = {key: info for key, info in cls.infos().items() if key not in Recipe.model_fields}
        return own | {key: cls.info(key) for key in Recipe.model_fields}

    def random(self) -> np.random.Generator:
        """Return the generator that all chance of this workload comes from."""
        return np.random.default_rng(self.seed)


class Synthetic(Recipe):
    """A trace made by a rule."""

    @abstractmethod
    def make(self) -> Trace:
        """Return the trace; the same one for the same parameters."""

    def trace(
        self,
        numbers: npt.NDArray[np.integer],
        bound: int,
        times: npt.NDArray[np.float64] | None = None,
    ) -> Trace:
        """Return the trace of key numbers in ``0 .. bound - 1``, one per request."""
        ids, order = first_appearance(numbers, bound)
        return Trace(self.spec, ids, len(order), times, keys=order, source=self.spec)


class SyntheticArrivals(Recipe):
    """Arrivals made by a rule."""

    requests: int = setting(
        100_000,
        "Number of requests.",
        unit="requests",
        low=1,
        high=MAX_REQUESTS,
        span=(1_000, 1_000_000),
        scale="log",
    )

    @abstractmethod
    def make(self) -> Arrivals:
        """Return the arrivals; the same ones for the same parameters."""

    def arrivals(self, times: npt.NDArray[np.float64]) -> Arrivals:
        """Return the arrivals at these times, in seconds."""
        return Arrivals(self.spec, times, source=self.spec)


def _exact(value: float) -> str:
    if isinstance(value, int) and value:
        for suffix, factor in (("M", 1_000_000), ("k", 1_000)):
            if value % factor == 0:
                return f"{value // factor}{suffix}"
    return str(value)
