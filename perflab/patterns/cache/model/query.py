"""`Query` and `CacheCounts`: what a cache is asked over some requests, and what it did."""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol, Self

from perflab.patterns.cache.policies import FUTURE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


@dataclasses.dataclass(frozen=True, slots=True)
class CacheCounts:
    """What a cache did over some requests; `entries` and `bytes` are held at their end."""

    requests: int
    hits: int
    misses: int
    evictions: int
    expirations: int
    hit_bytes: int
    entries: int
    bytes: int

    def without_bytes(self) -> CacheCounts:
        """Return it as that of requests without sizes, where a kernel takes 1 for each."""
        return dataclasses.replace(self, hit_bytes=0, bytes=0)


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """What decides over a cache's counts; equal for settings that a trace does not tell apart.

    Attributes:
        policy: The eviction policy.
        entries: The most entries, at most all keys where bytes do not bound.
        max_bytes: The most bytes; none where they do not bound or requests have no sizes.
        ages: Whether entries expire.
        ttl: Seconds; infinite where the setting is none or nothing expires.
        eager: Whether expired entries leave at once.
        rate: Requests per second that date them; none where nothing expires or the trace does.
        plain: Whether entries alone bound and nothing expires, so that hits tell all.
        first: The first request that is counted.
        last: The first request after them; at most two passes.
        whole: Whether they are all requests of one pass.
    """

    policy: str
    entries: int
    max_bytes: int | None
    ages: bool
    ttl: float
    eager: bool
    rate: float | None
    plain: bool
    first: int
    last: int
    whole: bool

    @classmethod
    def of(
        cls, trace: Trace, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> Self:
        """Return what is asked of a trace at some settings."""
        timed = trace.times is not None or load.request_rate is not None
        ages = timed and (settings.ttl_seconds is not None or trace.ttls is not None)
        most = settings.max_bytes if trace.sizes is not None else None
        unsized = trace.sizes is None or (settings.policy in FUTURE_POLICIES and most is None)
        ttl = settings.ttl_seconds if ages else None
        # A policy that shares out its bounds tells one beyond the number of keys from another.
        clipped = most is None
        size = settings.max_cache_size
        return cls(
            policy=settings.policy,
            entries=min(size, trace.n_keys) if clipped else size,
            max_bytes=most,
            ages=ages,
            ttl=math.inf if ttl is None else ttl,
            eager=ages and settings.expiry == "eager",
            rate=load.request_rate if ages and trace.times is None else None,
            plain=unsized and not ages,
            first=first,
            last=last,
            whole=first == 0 and last == len(trace),
        )


class Answerer(Protocol):
    """One way to come to counts; the first of a list that answers a query is asked."""

    def answers(self, query: Query) -> bool:
        """Say whether it answers such a query, exactly."""

    def ready(self, query: Query) -> bool:
        """Say whether it answers this one at once."""

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts of a query that it answers."""
