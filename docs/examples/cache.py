"""A cache in front of a slow function: one load per key, resized while it is used.

Needs nothing else: pip install perflab
"""

from perflab.patterns.cache import Cache

asked = []
cache = Cache(max_cache_size=100, ttl_seconds=1800, policy="sieve")


@cache
def product(number: int) -> dict[str, int]:
    """Load a product."""
    asked.append(number)
    return {"number": number, "price": number * 10}


for visit in range(1000):
    product(visit % 50)
print(len(asked))  # 50
print(cache.stats()["hits"])  # 950

cache.apply(max_cache_size=10)
print(len(cache))  # 10
