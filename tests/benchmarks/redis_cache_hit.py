"""Time of a `RedisCache` hit against a bare GET of redis-py, on the embedded server.

Rerun: python tests/benchmarks/redis_cache_hit.py

Goal: at most 1.25 times the time of the GET. Both take turns in one run, so that a busy machine
slows both alike; the same client class, the same socket, the same keys and bytes. The GET
decodes nothing; a hit checks and decodes a value of 100 bytes.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from perflab.patterns.redis_cache import RedisCache
from perflab.patterns.redis_cache._clients import open_client
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

KEYS = [f"key:{i % 500}" for i in range(1_000)]
ROUNDS = 31
VALUE = "x" * 100


def microseconds(call: Callable[[str], Any], keys: list[str]) -> float:
    started = time.perf_counter()
    for key in keys:
        call(key)
    return (time.perf_counter() - started) / len(keys) * 1e6


def main() -> None:
    with RedisServer.start() as server:
        settings = RedisCacheSettings(timeout=1.0)
        caches = {
            "RedisCache hit": RedisCache(settings, url=server.url),
            "RedisCache hit, signed": RedisCache(
                settings.change(cache_namespace="signed"), url=server.url, signing_key=b"k" * 32
            ),
        }
        for cache in caches.values():
            cache.set_many(dict.fromkeys(KEYS, VALUE))
        client = open_client(server.url, settings)
        names = [f"perflab:k:{key}" for key in KEYS]
        ways: dict[str, tuple[Callable[[str], Any], list[str]]] = {"GET": (client.get, names)}
        for name, cache in caches.items():
            ways[name] = (lambda key, c=cache: c.get_or_load(key, list), KEYS)  # type: ignore[misc]
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (call, keys) in ways.items():
                times[name].append(microseconds(call, keys))
        print(f"Python {platform.python_version()}, redis-py {version('redis')}, {server.version}")
        print(f"medians of {ROUNDS} rounds of {len(KEYS)}\n")
        bare = times["GET"]
        for name, values in times.items():
            ratio = statistics.median(a / b for a, b in zip(values, bare, strict=True))
            print(f"{name:26}{statistics.median(values):8.1f} us{ratio:7.3f} times the GET")
        for cache in caches.values():
            cache.close()
        client.close()


if __name__ == "__main__":
    main()
