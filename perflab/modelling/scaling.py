"""How far a cache that is scaled down with its keys is off the whole one, by its policy."""

from __future__ import annotations

import math

IN_FULL = ("lfu",)
"""Policies that a small cache does not tell of: how often keys were used does not scale down."""

_OFF = {"lru": 0.014, "fifo": 0.014, "wtinylfu": 0.2}
_OFF_OTHERS = 0.06
"""What a cache of one entry is off by its smallness; with more, over the root of their number."""

_OFF_AT_LEAST = {"wtinylfu": (0.01, 0.035)}
"""What a cache of any size was measured to be off; the second where its entries expire.

Who is let in by W-TinyLFU hangs on which keys share counters: other numbers for the same keys move
its exact hit rate as much.
"""

_OFF_IN_FULL = 0.28
"""The most that a small cache was measured to be off with a policy that does not scale down."""


def scales_down(policy: str) -> bool:
    """Say whether a small cache tells of a large one; of Redis's policies too."""
    return policy.rpartition("-")[2] not in IN_FULL


def off_by_scaling(policy: str, entries: float, *, ages: bool) -> float:
    """Return how far the hit rate of a cache that is scaled down to some entries is off.

    Args:
        policy: Of the cache's or Redis's.
        entries: That the small cache holds.
        ages: Whether they expire.
    """
    if not scales_down(policy):
        return _OFF_IN_FULL
    rule = policy.rpartition("-")[2]
    least = _OFF_AT_LEAST.get(rule, (0.0, 0.0))[ages]
    return max(least, _OFF.get(rule, _OFF_OTHERS) / math.sqrt(max(1.0, entries)))
