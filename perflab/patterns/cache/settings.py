"""Settings of the in-process cache."""

from __future__ import annotations

from perflab.patterns.cache.policies import EXPIRIES, POLICIES, TITLES, WHAT_IF_POLICIES
from perflab.settings.base import Settings, setting

*_FIRST, _LAST = (TITLES[policy] for policy in WHAT_IF_POLICIES)
_WHAT_IF = f"{', '.join(_FIRST)} and {_LAST}"


class CacheSettings(Settings):
    """How much a cache holds, for how long, and what it evicts first."""

    max_cache_size: int = setting(
        1000,
        "Maximum number of entries; one more evicts one.",
        unit="entries",
        low=1,
        high=1_000_000_000,
        span=(10, 1_000_000),
        scale="log",
    )
    max_bytes: int | None = setting(
        None,
        "Maximum total size of the entries; none = no limit.",
        unit="bytes",
        low=1,
        high=2**50,
        span=(2**16, 2**36),
        scale="log",
    )
    ttl_seconds: float | None = setting(
        None,
        "Time to live of an entry after it was written; none = until it is evicted.",
        unit="seconds",
        low=0.001,
        high=10 * 365 * 86400,
        span=(1, 30 * 86400),
        scale="log",
    )
    policy: str = setting(
        "lru",
        f"Which entry to evict when the cache is full; {_WHAT_IF} are what-if only.",
        choices=POLICIES,
        titles=TITLES,
    )
    expiry: str = setting(
        "lazy",
        "When expired entries are removed: lazy (on lookup or eviction) or eager (immediately).",
        choices=EXPIRIES,
    )
    negative_ttl_seconds: float | None = setting(
        None,
        "How long a loader's error is kept and raised again; none = not at all.",
        unit="seconds",
        low=0.001,
        high=86400,
        span=(0.1, 3600),
        scale="log",
    )
