"""The cache's settings ready to paste: for perflab, for cachetools and for a Kailash workflow."""

from __future__ import annotations

from perflab.bench.exporting import arguments, heading, threads
from perflab.bench.parts import Export
from perflab.bench.templates import render
from perflab.patterns.cache.policies import CACHE_POLICIES, WHAT_IF_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

_CACHETOOLS = {"lru": "LRUCache", "fifo": "FIFOCache", "lfu": "LFUCache"}


def cache_exports(settings: CacheSettings, load: LoadSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as three complete programs, each with a ``load(key)`` to replace.

    A what-if policy has no implementation, so for it there is none.
    """
    if settings.policy in WHAT_IF_POLICIES:
        return ()
    first = heading(workload, threads(load))
    ours = {"remarks": [first], "arguments": arguments(settings, ("max_cache_size", "policy"))}
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **ours)),
        Export("cachetools", "python", _cachetools(settings, first)),
        Export("Kailash workflow", "python", render(__package__, "kailash.py.jinja", **ours)),
    )


def _cachetools(settings: CacheSettings, first: str) -> str:
    base = _CACHETOOLS.get(settings.policy, "LRUCache")
    return render(
        __package__,
        "cachetools.py.jinja",
        remarks=[first, *_remarks(settings)],
        base=base if settings.ttl_seconds is None else "TTLCache",
        max_entries=settings.max_cache_size,
        max_bytes=settings.max_bytes,
        ttl=settings.ttl_seconds,
    )


def _remarks(settings: CacheSettings) -> list[str]:
    """Say where cachetools has no equivalent and what stands in for it."""
    remarks = []
    title = CACHE_POLICIES[settings.policy].title
    nearest = "this is the nearest, LRU"
    if settings.ttl_seconds is not None:
        title += " with a TTL" if settings.policy in _CACHETOOLS else ""
        nearest = "this is the nearest, TTLCache, which evicts the least recently used"
    if settings.policy not in _CACHETOOLS or (settings.policy != "lru" and settings.ttl_seconds):
        remarks.append(f"cachetools has no {title}: {nearest}.")
        remarks.append(
            "Its hit rate differs from the prediction for your policy; predict lru instead."
        )
    if settings.negative_ttl_seconds is not None:
        remarks.append("cachetools does not cache errors: negative_ttl_seconds is left out.")
    return remarks
