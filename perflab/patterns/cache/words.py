"""What the working set says of a cache's settings, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from perflab.instrumentation.catalog import metric
from perflab.modelling.history import History
from perflab.patterns.cache.settings import CacheSettings
from perflab.units import format_quantity, percent

_NO_BOUND = CacheSettings.info("max_cache_size").high
_ALL = 0.9995
_NONE = 0.01


def working_set_words(settings: CacheSettings, present: History) -> tuple[str, ...]:
    """Return how much lives at once at the present TTL, and how often the cache holds all of it.

    Args:
        settings: With the bounds of the cache.
        present: The working set at its TTL.
    """
    ttl = format_quantity(present.value, "seconds")
    bounds = {"live_keys": settings.max_cache_size, "live_bytes": settings.max_bytes}
    held = [_amount(name, present) for name in bounds if name in present.peaks]
    about = "about " if present.sampled < 1 else ""
    rate = metric("hit_rate").format(present.metrics["hit_rate"])
    said = [
        f"TTL {ttl}: at most {about}{' and '.join(held)} at once",
        f"hit rate without evictions {about}{rate}",
    ]
    names = {"live_keys": "max_cache_size", "live_bytes": "max_bytes"}
    said += [
        _fit(names[name], bound, present.curves[name])
        for name, bound in bounds.items()
        if name in present.curves and bound is not None and bound != _NO_BOUND
    ]
    return tuple([*said, present.remark] if present.remark else said)


def _amount(name: str, present: History) -> str:
    peak = metric(name).format(round(present.peaks[name]))
    return f"{peak} live keys" if name == "live_keys" else peak


def _fit(key: str, bound: int, curve: Any) -> str:
    share = float(np.mean(curve <= bound))
    written = CacheSettings.info(key).format(bound)
    if share >= _ALL:
        return f"{key} {written} holds them at all times"
    if share < _NONE:
        return f"{key} {written} hardly ever holds them all"
    return f"{key} {written} holds them all {percent(share)} of the time"
