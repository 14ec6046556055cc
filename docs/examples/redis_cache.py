"""A cache in Redis that never lets a failure reach the caller: REDIS_URL names the server.

Needs a client: pip install 'perflab[redis]'
"""

import os

from perflab.patterns.redis_cache import RedisCache, RedisCacheSettings

settings = RedisCacheSettings(cache_namespace="example")
with RedisCache(settings, url=os.environ["REDIS_URL"]) as prices:
    prices.delete("price:7")
    print(prices.get_or_load("price:7", lambda: 70))  # 70
    print(prices.get_or_load("price:7", lambda: 71))  # 70
    print(prices.stats()["hits"])  # 1

with RedisCache(settings, url="redis://127.0.0.1:1") as away:
    print(away.get_or_load("price:7", lambda: 72))  # 72
