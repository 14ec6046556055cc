"""The cache of one process.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.cache._cache import Cache
    from perflab.patterns.cache.settings import CacheSettings

__all__ = ["Cache", "CacheSettings"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "Cache": "perflab.patterns.cache._cache",
        "CacheSettings": "perflab.patterns.cache.settings",
    },
)
