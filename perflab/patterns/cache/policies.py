"""The one list of the cache's eviction policies: panel, commands, reports and tests read it."""

from __future__ import annotations

import dataclasses

_NOT_BUILT = "is built as a simulation only"


@dataclasses.dataclass(frozen=True, slots=True)
class CachePolicy:
    """An eviction policy.

    Attributes:
        name: As settings spell it.
        title: As its authors write it.
        refusal: Why it cannot run live, to follow its title; none where it can.
        knows_future: Whether no cache can do as well, so that it is a ceiling and no choice; it is
            simulated without lifetimes and bytes.
    """

    name: str
    title: str
    refusal: str | None = None
    knows_future: bool = False


CACHE_POLICIES = {
    policy.name: policy
    for policy in (
        CachePolicy("lru", "LRU"),
        CachePolicy("fifo", "FIFO"),
        CachePolicy("sieve", "SIEVE"),
        CachePolicy("clock", "CLOCK"),
        CachePolicy("lfu", "LFU"),
        CachePolicy("s3fifo", "S3-FIFO"),
        CachePolicy("arc", "ARC", _NOT_BUILT),
        CachePolicy("twoq", "2Q", _NOT_BUILT),
        CachePolicy("wtinylfu", "W-TinyLFU", _NOT_BUILT),
        CachePolicy("random", "random", _NOT_BUILT),
        CachePolicy("opt", "OPT", "knows the future", knows_future=True),
    )
}
"""By name, in the order in which people are shown them."""

POLICIES = tuple(CACHE_POLICIES)
TITLES = {name: policy.title for name, policy in CACHE_POLICIES.items()}
LIVE_POLICIES = tuple(name for name, policy in CACHE_POLICIES.items() if policy.refusal is None)
WHAT_IF_POLICIES = tuple(name for name in POLICIES if name not in LIVE_POLICIES)
FUTURE_POLICIES = tuple(name for name, policy in CACHE_POLICIES.items() if policy.knows_future)
EXPIRIES = ("lazy", "eager")


def why_not_live(policy: str) -> str:
    """Return why a what-if policy cannot run, and what to take instead.

    Raises:
        KeyError: If there is no such policy.
    """
    said = CACHE_POLICIES[policy]
    live = ", ".join(LIVE_POLICIES)
    eviction = f"{said.title} eviction {said.refusal}"
    return f"{eviction}, so it is what-if only and cannot run; take one of {live}"


def no_bounds(policy: str) -> str:
    """Return what to say where a policy that knows the future is requested with a TTL or bytes.

    Raises:
        KeyError: If there is no such policy.
    """
    return (
        f"{CACHE_POLICIES[policy].title} is answered without a TTL and without a bound in bytes "
        "only; set ttl_seconds and max_bytes to none, and ttl_from to setting where the workload "
        "has TTLs of its own, or take another policy"
    )
