"""`PartOfKeys`: what a bench does with a workload that holds a part of its keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Generic

from perflab.bench.identity import S
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.modelling.part_settings import Scaling


def share_of_keys(workload: object) -> float:
    """Return the share of its keys that a workload holds; all of them where it has no keys."""
    return float(getattr(workload, "sample_rate", 1.0))


def _density(workload: object) -> float:
    """Return how many requests the part has for its share; 1 where that of its reads is unknown."""
    if getattr(workload, "operations", None) is not None:
        return 1.0
    return float(getattr(workload, "density", 1.0))


@dataclasses.dataclass(frozen=True, slots=True)
class PartOfKeys(Generic[S]):
    """How settings follow the number of keys.

    Settings are those of the whole workload, whatever part is at hand.

    Attributes:
        scaling: Returns how they follow.
    """

    scaling: Callable[[], Scaling[S]]

    def replayed(
        self, settings: S, load: LoadSettings, workload: object, costs: Costs
    ) -> tuple[S, LoadSettings]:
        """Return the settings that a live run has: of a part of the keys, that part's share.

        Args:
            settings: Those of the whole.
            load: The load of the whole.
            workload: What is replayed.
            costs: What the model knows of the costs.
        """
        from perflab.modelling.part_settings import load_for_part

        share = share_of_keys(workload)
        if share >= 1:
            return settings, load
        asked = share * _density(workload)
        return self.scaling().shrink(settings, share, costs), load_for_part(load, asked)


def recommendable(policies: Iterable[str], workload: object) -> list[str]:
    """Return the policies that tuning looks at: of a part of the keys, those it tells of."""
    from perflab.modelling.scaling import scales_down

    part = share_of_keys(workload) < 1
    return [policy for policy in policies if scales_down(policy) or not part]


def of_the_whole(measured: Mapping[str, float], workload: object) -> dict[str, float]:
    """Return of a run's metrics those that stand beside predictions for the whole.

    Where the part has more or fewer requests than its share, its hit rates are those of a
    whole that is not this one: misses then count as in the prediction.
    """
    from perflab.modelling.part_settings import SUMS

    if share_of_keys(workload) >= 1:
        return dict(measured)
    of_the_part = {*SUMS, "memory_bytes", "throughput_per_second"}
    density = _density(workload)
    told = {name: value for name, value in measured.items() if name not in of_the_part}
    if density == 1:
        return told
    told = {name: value for name, value in told.items() if "latency" not in name}
    for name in ("hit_rate", "byte_hit_rate", "backend_seconds_saved_share"):
        if name in told:
            told[name] = max(0.0, 1 - (1 - told[name]) * density)
    return told
