"""The cache in Redis.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.redis_cache._async import AsyncRedisCache
    from perflab.patterns.redis_cache._redis_cache import RedisCache
    from perflab.patterns.redis_cache.settings import RedisCacheSettings

__all__ = ["AsyncRedisCache", "RedisCache", "RedisCacheSettings"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "AsyncRedisCache": "perflab.patterns.redis_cache._async",
        "RedisCache": "perflab.patterns.redis_cache._redis_cache",
        "RedisCacheSettings": "perflab.patterns.redis_cache.settings",
    },
    extra="redis",
)
