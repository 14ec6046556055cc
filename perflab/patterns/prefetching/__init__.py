"""Prefetching: pages fetched ahead of their consumer.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.prefetching._async import AsyncPrefetcher
    from perflab.patterns.prefetching._parts import FetchTimeoutError, ShortPageError
    from perflab.patterns.prefetching._prefetching import Prefetcher
    from perflab.patterns.prefetching.settings import PrefetchingSettings

__all__ = [
    "AsyncPrefetcher",
    "FetchTimeoutError",
    "Prefetcher",
    "PrefetchingSettings",
    "ShortPageError",
]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "AsyncPrefetcher": "perflab.patterns.prefetching._async",
        "FetchTimeoutError": "perflab.patterns.prefetching._parts",
        "Prefetcher": "perflab.patterns.prefetching._prefetching",
        "PrefetchingSettings": "perflab.patterns.prefetching.settings",
        "ShortPageError": "perflab.patterns.prefetching._parts",
    },
)
