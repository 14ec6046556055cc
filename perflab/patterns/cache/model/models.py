"""The cache's models for a workload of which all keys, or a part of them, are at hand."""

from __future__ import annotations

from perflab.modelling.by_replay import by_replay
from perflab.modelling.model import Model
from perflab.modelling.part_of_keys import PartModel, for_all_keys
from perflab.modelling.part_settings import Scaling
from perflab.modelling.prediction import Costs
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel, is_large
from perflab.patterns.cache.model.sampled import SampledCacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.workloads.kinds.trace import Trace


def _cache_for_part(settings: CacheSettings, share: float, _costs: Costs) -> CacheSettings:
    """Return a cache of a share of the entries and bytes, at least one."""
    most = settings.max_bytes
    return settings.change(
        max_cache_size=max(1, round(settings.max_cache_size * share)),
        max_bytes=None if most is None else max(1, round(most * share)),
    )


CACHE: Scaling[CacheSettings] = Scaling(_cache_for_part, "policy", "max_cache_size")


def cache_model(trace: Trace, costs: Costs) -> Model[CacheSettings]:
    """Return the model that answers from all requests at hand."""
    return by_replay(trace, costs, _cache_model)


def quick_cache_model(trace: Trace, costs: Costs) -> Model[CacheSettings]:
    """Return the model that begins with samples where there are many requests."""
    if not is_large(trace):
        return cache_model(trace, costs)
    return by_replay(trace, costs, _progressive_model)


def sampled_cache_model(
    trace: Trace, costs: Costs, share: float, method: str
) -> Model[CacheSettings]:
    """Return the model that answers from a share of the keys at hand.

    Raises:
        BadInputError: If the share is not above 0 and at most 1, or there is no such method.
    """

    def of_part(part: Trace, at: Costs) -> SampledCacheModel:
        return SampledCacheModel.of(part, at, share, method)

    def sampled(whole: Trace, at: Costs) -> SampledCacheModel | PartModel[CacheSettings]:
        return for_all_keys(whole, at, of_part, CACHE, CacheModel.of)

    return by_replay(trace, costs, sampled)


def _cache_model(trace: Trace, costs: Costs) -> CacheModel | PartModel[CacheSettings]:
    return for_all_keys(trace, costs, CacheModel.of, CACHE)


def _progressive_model(
    trace: Trace, costs: Costs
) -> ProgressiveCacheModel | PartModel[CacheSettings]:
    return for_all_keys(trace, costs, ProgressiveCacheModel.of, CACHE, CacheModel.of)
