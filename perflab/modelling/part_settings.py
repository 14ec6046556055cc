"""The settings that a part of a workload's keys is asked with for those of the whole."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Generic, TypeVar

from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings, Settings

S = TypeVar("S", bound=Settings)
"""The settings of a pattern."""

SUMS = (
    *("requests", "hits", "misses", "evictions", "expirations", "refused", "entries"),
    *("cost_per_day", "memory_cost_per_day", "backend_cost_per_day"),
)
"""Metrics of which a part of the keys has its share; memory has it beyond the server's own."""

_WHOLE_STEPS = 50


def _no_caveat(_settings: Settings, _costs: Costs) -> None:
    return None


@dataclasses.dataclass(frozen=True)
class Scaling(Generic[S]):
    """How a pattern's settings follow the number of keys.

    Attributes:
        shrink: Returns the settings for a share of the keys, given the share and the costs.
        policy: The setting that names the policy.
        steps: The setting in whole numbers; where a part has few of them, answers lie between two.
        caveat: Returns what a run with the settings of a part must be taken with, if anything.
    """

    shrink: Callable[[S, float, Costs], S]
    policy: str
    steps: str | None = None
    caveat: Callable[[S, Costs], str | None] = _no_caveat

    def places(self, settings: S, share: float, costs: Costs) -> list[tuple[float, S]]:
        """Return the settings to ask a part for, and the weight of each answer."""
        there = self.shrink(settings, share, costs)
        if self.steps is None:
            return [(1.0, there)]
        exact = getattr(settings, self.steps) * share
        low = math.floor(exact)
        if exact >= _WHOLE_STEPS or exact == low or low < 1:
            return [(1.0, there)]
        above, below = (there.change(**{self.steps: low + more}) for more in (1, 0))
        return [(1 - (exact - low), below), (exact - low, above)]


def load_for_part(load: LoadSettings, share: float) -> LoadSettings:
    """Return the load of a share of the keys: so many requests per second less."""
    if load.request_rate is None:
        return load
    least = LoadSettings.info("request_rate").low or 0.0
    return load.change(request_rate=max(least, load.request_rate * share))
