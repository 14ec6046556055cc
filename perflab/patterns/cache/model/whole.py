"""The cache's models for a workload of which all keys, or a part of them, are at hand."""

from __future__ import annotations

from perflab.modelling.part_of_keys import PartModel, for_all_keys
from perflab.patterns.cache.model.part import CACHE
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel, is_large
from perflab.patterns.cache.model.sampled import SampledCacheModel
from perflab.workloads.kinds.trace import Trace


def cache_model(trace: Trace) -> CacheModel | PartModel:
    """Return the model that answers from all requests at hand."""
    return for_all_keys(trace, CacheModel, CACHE)


def quick_cache_model(trace: Trace) -> CacheModel | ProgressiveCacheModel | PartModel:
    """Return the model that begins with samples where there are many requests."""
    if not is_large(trace):
        return cache_model(trace)
    return for_all_keys(trace, ProgressiveCacheModel, CACHE, CacheModel)


def sampled_cache_model(trace: Trace, share: float, method: str) -> SampledCacheModel | PartModel:
    """Return the model that answers from a share of the keys at hand.

    Raises:
        BadInputError: If the share is not above 0 and at most 1, or there is no such method.
    """
    return for_all_keys(
        trace, lambda part: SampledCacheModel(part, share, method), CACHE, CacheModel
    )
