"""Forty situations in which advice is easily wrong.

They are overload, targets out of reach, one point only, all points equal, and noise.

Each names what must come out: ``enough`` where some setting reaches what is looked for,
``unreached`` where none does, ``broken`` where nothing keeps the limits.
"""

import dataclasses

import numpy as np

from perflab.workloads.kinds.trace import Trace


@dataclasses.dataclass(frozen=True)
class Situation:
    kind: str
    pattern: str
    workload: object
    outcome: str
    settings: dict = dataclasses.field(default_factory=dict)
    objective: str | None = None
    limits: tuple = ()

    @property
    def name(self):
        about = self.workload if isinstance(self.workload, str) else self.workload.name
        return f"{self.kind}-{self.pattern}-{about}-{self.objective or ''}"


def trace(keys, name):
    return Trace.from_keys(np.asarray(keys), name=name)


def once(count):
    return trace(np.arange(count) * 3, f"{count} keys once")


def drawn(keys, requests, seed=1):
    draw = np.random.default_rng(seed)
    return trace(draw.zipf(1.4, requests) % keys, f"{keys} keys drawn")


POOL = "poisson:rate=3500,requests=6k"
ITEMS = "items:count=10k"
ROWS = "hotspot:share=0.9,part=0.1,run=5,requests=10k,seed=2"
CALLS = "poisson:rate=400,requests=4k,seed=3"

OVERLOADED = [
    Situation("overload", "connection_pool", POOL, "unreached", {"query": "aggregate"}),
    Situation(
        "overload",
        "connection_pool",
        "bursty:rate=4000,requests=6k",
        "unreached",
        {"query": "aggregate", "timeout": 0.3, "max_connections": 100},
        "min:latency_seconds_mean",
    ),
    Situation(
        "overload",
        "connection_pool",
        "steady:rate=12k,requests=6k",
        "unreached",
        {"timeout": 0.05, "max_connections": 7},
        "max:throughput_per_second",
    ),
    Situation(
        "overload",
        "connection_pool",
        POOL,
        "unreached",
        {"query": "aggregate", "max_connections": 2},
        None,
        ("connections<=12",),
    ),
    Situation(
        "overload",
        "async_io",
        "poisson:rate=3k,requests=4k,seed=1",
        "unreached",
        {"load_model": "open", "latency_seconds": 0.05, "capacity": 20},
    ),
    Situation(
        "overload",
        "async_io",
        CALLS,
        "enough",
        {"latency_seconds": 0.02, "capacity": 4, "server_queue": 2, "max_concurrent": 200},
    ),
    Situation("overload", "prefetching", ITEMS, "enough", {"request_rate": 10_000_000}),
    Situation("overload", "redis_cache", drawn(900, 4_000), "enough", {"request_rate": 90_000}),
    Situation(
        "overload",
        "lazy_loading",
        ROWS,
        "enough",
        {"request_rate": 900_000, "max_chunks": 3},
        "max:throughput_per_second",
    ),
]
OUT_OF_REACH = [
    Situation("target", "cache", drawn(400, 9_000), "broken", limits=("hit_rate>=0.9999",)),
    Situation(
        "target", "cache", drawn(400, 9_000), "broken", limits=("latency_seconds_mean<=1ns",)
    ),
    Situation(
        "target",
        "cache",
        "loop:keys=9k,requests=30k",
        "unreached",
        {"max_cache_size": 40},
        limits=("memory_bytes<=20KiB",),
    ),
    Situation("target", "redis_cache", drawn(900, 4_000), "broken", limits=("hit_rate>=0.999",)),
    Situation(
        "target",
        "connection_pool",
        "poisson:rate=900,requests=5k",
        "broken",
        {"query": "point"},
        limits=("wait_seconds_p95<=1ms", "connections<=1"),
    ),
    Situation("target", "connection_pool", POOL, "unreached", {"query": "point", "timeout": 9}),
    Situation(
        "target",
        "prefetching",
        "items:count=30k",
        "unreached",
        {"backend_seconds": 0.01, "batch_size": 1, "buffer_size": 5, "consume_seconds": 2e-5},
    ),
    Situation(
        "target",
        "lazy_loading",
        ROWS,
        "broken",
        objective="min:latency_seconds_mean",
        limits=("latency_seconds_mean<=1us",),
    ),
    Situation("target", "streaming", "flights", "broken", limits=("throughput_per_second>=90M",)),
    Situation(
        "target",
        "async_io",
        CALLS,
        "broken",
        {"latency_seconds": 0.1},
        limits=("latency_seconds_p95<=50ms",),
    ),
]
ONE_POINT = [
    Situation("one", "cache", trace([5] * 300, "one key"), "enough"),
    Situation("one", "redis_cache", trace([5] * 300, "one key"), "enough"),
    Situation("one", "lazy_loading", "hotspot:requests=1,seed=1", "enough"),
    Situation(
        "one", "connection_pool", "steady:rate=5,requests=1", "enough", {"max_connections": 1}
    ),
    Situation("one", "prefetching", "items:count=1", "unreached"),
    Situation("one", "streaming", "table:rows=1", "enough"),
    Situation("one", "async_io", "steady:rate=5,requests=1", "enough", limits=("limit<=1",)),
]
ALL_EQUAL = [
    Situation("equal", "async_io", CALLS, "enough", {"max_concurrent": 30}, "min:errors"),
    Situation("equal", "async_io", CALLS, "enough", {"latency_seconds": 0.01}, "min:timeouts"),
    Situation(
        "equal", "connection_pool", "steady:rate=20,requests=800", "enough", {}, "min:timeouts"
    ),
    Situation("equal", "cache", trace([1, 2] * 900, "two keys"), "enough", {}, "min:expirations"),
    Situation("equal", "prefetching", ITEMS, "enough", {"consume_seconds": 0.01, "workers": 9}),
    Situation("equal", "redis_cache", trace([1, 2] * 900, "two keys"), "enough"),
    Situation("equal", "streaming", "table:rows=3", "enough", {"engine": "arrow"}),
]
NOISE = [
    Situation("noise", "cache", once(6_000), "unreached"),
    Situation("noise", "cache", "uniform:keys=5M,requests=20k", "unreached", {"policy": "sieve"}),
    Situation("noise", "redis_cache", once(2_500), "unreached"),
    Situation("noise", "cache", drawn(40, 900, 8), "enough", {"policy": "random"}),
    Situation("noise", "cache", drawn(300, 4_000, 9), "enough", {"policy": "opt"}),
    Situation(
        "noise",
        "lazy_loading",
        "hotspot:share=0.5,part=0.5,run=1,requests=3k,seed=7",
        "enough",
        {"max_chunks": 4},
    ),
    Situation(
        "noise",
        "async_io",
        "poisson:rate=90,requests=3k,seed=4",
        "enough",
        {"latency_shape": "exponential", "load_model": "open", "max_concurrent": 90},
    ),
]
SITUATIONS = [*OVERLOADED, *OUT_OF_REACH, *ONE_POINT, *ALL_EQUAL, *NOISE]
