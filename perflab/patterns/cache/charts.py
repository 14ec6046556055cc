"""The charts of the caching bench: by entries, by bytes where those bound, and over time."""

from __future__ import annotations

import dataclasses

from perflab.bench.parts import TimeChart, WhatIfChart
from perflab.patterns.cache.policies import FUTURE_POLICIES, POLICIES

BY_ENTRIES = (
    WhatIfChart(
        "Hit rate by cache size",
        "hit_rate",
        "max_cache_size",
        "policy",
        POLICIES,
        also=("backend_seconds_saved_share",),
        compared=("lru", "sieve", "s3fifo", "wtinylfu", "opt"),
        reference="lru",
        ceiling="opt",
    ),
    WhatIfChart("Mean latency by cache size", "latency_seconds_mean", "max_cache_size"),
    WhatIfChart("Memory by cache size", "memory_bytes", "max_cache_size"),
    WhatIfChart(
        "Cost by cache size",
        "cost_per_day",
        "max_cache_size",
        also=("memory_cost_per_day", "backend_cost_per_day"),
        marks_best=True,
    ),
)
BY_BYTES = (
    WhatIfChart(
        "Hit rates by bytes",
        "hit_rate",
        "max_bytes",
        "policy",
        tuple(policy for policy in POLICIES if policy not in FUTURE_POLICIES),
        also=("byte_hit_rate", "backend_seconds_saved_share"),
        compared=("lru", "sieve", "s3fifo", "wtinylfu"),
        reference="lru",
    ),
    *(
        dataclasses.replace(chart, title=title, along="max_bytes")
        for chart, title in zip(
            BY_ENTRIES[1:],
            ("Mean latency by bytes", "Memory by bytes", "Cost by bytes"),
            strict=True,
        )
    ),
)
"""In the same places; an optimum within bytes is not computed, so there is no ceiling."""
OVER_TIME = (
    TimeChart("Live keys by TTL", "live_keys", "ttl_seconds", "max_cache_size"),
    TimeChart("Live bytes by TTL", "live_bytes", "ttl_seconds", "max_bytes"),
)
