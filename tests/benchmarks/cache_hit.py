"""Time of a cache hit against functools.lru_cache and cachetools, one thread and four.

Rerun: python tests/benchmarks/cache_hit.py

Goals: one thread at most 4.5 times ``functools.lru_cache`` and at most 0.3 times cachetools'
``@cached(TTLCache(...), lock=RLock())``; four threads at most 1.2 times one, an operation. All
ways take turns in one process, so that a busy machine slows all alike. The loop that makes the
calls is part of every figure.
"""

from __future__ import annotations

import functools
import platform
import statistics
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import cachetools

from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES

KEYS = [i % 500 for i in range(20_000)]
ROUNDS = 41
SIZE = 1_000
TTL = 3_600.0
THREADS = 4


def load(key: int) -> int:
    return key


def one_argument(call: Callable[[int], Any]) -> None:
    for key in KEYS:
        call(key)


def with_loader(call: Callable[..., Any]) -> None:
    for key in KEYS:
        call(key, load)


def two_arguments(call: Callable[[int, int], Any]) -> None:
    for key in KEYS:
        call(key, 1)


def pair(key: int, other: int) -> int:
    return key + other


def nanoseconds(loop: Callable[[Any], None], call: Any, threads: int) -> float:
    """Return wall time an operation over all threads."""
    workers = [threading.Thread(target=loop, args=(call,)) for _ in range(threads)]
    started = time.perf_counter()
    if threads == 1:
        loop(call)
    else:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return (time.perf_counter() - started) / (len(KEYS) * threads) * 1e9


def ways() -> dict[str, tuple[Callable[[Any], None], Any]]:
    ttl_cache: cachetools.TTLCache[Any, int] = cachetools.TTLCache(SIZE, TTL)
    lru = functools.lru_cache(SIZE)
    found = {
        "functools.lru_cache": (one_argument, lru(load)),
        "cachetools @cached TTLCache lock": (
            one_argument,
            cachetools.cached(ttl_cache, lock=threading.RLock())(load),
        ),
        "functools.lru_cache, 2 arguments": (two_arguments, functools.lru_cache(SIZE)(pair)),
    }
    for policy in LIVE_POLICIES:
        for ttl in (None, TTL):
            named = f"{policy}, TTL" if ttl else policy
            new = functools.partial(Cache, max_cache_size=SIZE, ttl_seconds=ttl, policy=policy)
            found[f"perflab @cache, {named}"] = (one_argument, new()(load))
            found[f"perflab get_or_load, {named}"] = (with_loader, new().get_or_load)
            if policy == "lru":
                found[f"perflab @cache, {named}, 2 arguments"] = (two_arguments, new()(pair))
    return found


def main() -> None:
    ready = ways()
    for loop, call in ready.values():
        loop(call)
    times: dict[tuple[str, int], list[float]] = {}
    for threads in (1, THREADS):
        for _ in range(ROUNDS):
            for name, (loop, call) in ready.items():
                times.setdefault((name, threads), []).append(nanoseconds(loop, call, threads))
    median = {key: statistics.median(values) for key, values in times.items()}
    lru = median["functools.lru_cache", 1]
    peer = median["cachetools @cached TTLCache lock", 1]
    print(f"Python {platform.python_version()}, cachetools {version('cachetools')}")
    print(f"medians of {ROUNDS} rounds; ns a hit\n")
    print(f"{'':40} 1 thread  / lru   / ct {THREADS} threads   / 1")
    for name in ready:
        one, many = median[name, 1], median[name, THREADS]
        print(f"{name:40}{one:9.0f}{one / lru:7.2f}{one / peer:7.2f}{many:10.0f}{many / one:6.2f}")


if __name__ == "__main__":
    main()
