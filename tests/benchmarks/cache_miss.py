"""Time of a cache miss of a decorated function against functools.lru_cache and cachetools.

Rerun: python tests/benchmarks/cache_miss.py

Goal: quicker than cachetools' ``@cached(LRUCache(...), lock=RLock())``. The function returns its
argument, and every call is of a new key, so that each evicts one. All ways take turns in short
rounds in one process, and what is counted is processor time, so that a busy machine slows all
alike; the loop that makes the calls is part of every figure. cachetools loads a key once at a time,
as ours does, only with a condition.
"""

from __future__ import annotations

import functools
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import count
from typing import Any

import cachetools

from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES

CALLS = 2_000
ROUNDS = 101
SIZE = 1_000
TTL = 3_600.0


def load(key: int) -> int:
    return key


def pair(key: int, other: int = 0) -> int:
    return key + other


def ways() -> dict[str, Callable[[int], Any]]:
    def peer(cache: Any, **how: Any) -> Callable[[int], Any]:
        return cachetools.cached(cache, **how)(load)  # type: ignore[no-any-return]

    lru: Any = cachetools.LRUCache
    found: dict[str, Callable[[int], Any]] = {
        "functools.lru_cache": functools.lru_cache(SIZE)(load),
        "cachetools LRUCache, lock": peer(lru(SIZE), lock=threading.RLock()),
        "cachetools LRUCache, condition": peer(lru(SIZE), condition=threading.Condition()),
        "cachetools TTLCache, lock": peer(cachetools.TTLCache(SIZE, TTL), lock=threading.RLock()),
    }
    for policy in LIVE_POLICIES:
        found[f"perflab @cache, {policy}"] = Cache(max_cache_size=SIZE, policy=policy)(load)
    found["perflab @cache, lru, TTL"] = Cache(max_cache_size=SIZE, ttl_seconds=TTL)(load)
    found["perflab @cache, lru, bytes"] = Cache(max_cache_size=SIZE, max_bytes="1GiB")(load)
    found["perflab @cache, lru, 2 parameters"] = Cache(max_cache_size=SIZE)(pair)
    asked = Cache[int, int](max_cache_size=SIZE)
    found["perflab get_or_load, lru"] = lambda key: asked.get_or_load(key, load)
    return found


def main() -> None:
    keys, ready = count(), ways()
    times: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(ROUNDS):
        for name, call in ready.items():
            batch = [next(keys) for _ in range(CALLS)]
            started = time.thread_time()
            for key in batch:
                call(key)
            times[name].append((time.thread_time() - started) / CALLS * 1e9)
    median = {name: statistics.median(values) for name, values in times.items()}
    lru, peer = median["functools.lru_cache"], median["cachetools LRUCache, lock"]
    load_average = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Python {platform.python_version()}, cachetools {version('cachetools')}")
    print(f"medians of {ROUNDS} rounds, ns a miss; load average {load_average}\n")
    print(f"{'':36}{'median':>8}{'least':>8}{'/ lru':>8}{'/ cachetools, lock':>20}")
    for name, value in median.items():
        ratios = f"{value / lru:8.1f}{value / peer:20.2f}"
        print(f"{name:36}{value:8.0f}{min(times[name]):8.0f}{ratios}")


if __name__ == "__main__":
    main()
