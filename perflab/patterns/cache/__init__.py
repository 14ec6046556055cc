"""The cache of one process.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.cache._cache import Cache
    from perflab.patterns.cache._memoize import CacheInfo, Memoized
    from perflab.patterns.cache._removal import Removal
    from perflab.patterns.cache.settings import CacheSettings

__all__ = ["Cache", "CacheInfo", "CacheSettings", "Memoized", "Removal"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "Cache": "perflab.patterns.cache._cache",
        "CacheInfo": "perflab.patterns.cache._memoize",
        "CacheSettings": "perflab.patterns.cache.settings",
        "Memoized": "perflab.patterns.cache._memoize",
        "Removal": "perflab.patterns.cache._removal",
    },
)
