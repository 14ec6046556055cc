"""The cache that a part of a workload's keys is asked with for that of the whole."""

from __future__ import annotations

from perflab.modelling.part_settings import Scaling
from perflab.modelling.prediction import Costs
from perflab.patterns.cache.settings import CacheSettings


def cache_for_part(settings: CacheSettings, share: float, costs: Costs) -> CacheSettings:
    """Return a cache of a share of the entries and bytes, at least one."""
    del costs
    most = settings.max_bytes
    return settings.change(
        max_cache_size=max(1, round(settings.max_cache_size * share)),
        max_bytes=None if most is None else max(1, round(most * share)),
    )


CACHE = Scaling(cache_for_part, "policy", "max_cache_size")
