"""`CacheCounts`: what a cache did."""

from __future__ import annotations

import dataclasses


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
