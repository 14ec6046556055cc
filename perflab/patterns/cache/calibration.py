"""What a calibration runs of the cache, and what it reads out of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from perflab.bench.session import Runs
from perflab.patterns.cache.settings import CacheSettings

FULL = {"max_cache_size": 20_000}
"""Of the run whose costs count."""
_NEARLY_EMPTY = {"max_cache_size": 100}
_THREADS = 4
CACHE_RUNS = 3


def cache_runs(_settings: CacheSettings, _done: Runs) -> Iterator[Mapping[str, object]]:
    """Yield runs with next to no entries, of one thread and of several, and a full one.

    The memory of the first is the fixed part, what the second takes more is the threads': each has
    a connection to the backend of its own.
    """
    yield _NEARLY_EMPTY
    yield {**_NEARLY_EMPTY, "concurrency": _THREADS}
    yield FULL


def cache_calibration(runs: Runs) -> dict[str, Any]:
    """Return the costs of the full run, its memory parted by what the nearly empty ones take.

    Args:
        runs: Settings and costs of the runs of `cache_runs`, in that order.
    """
    costs = dict(runs[-1][1])
    held = [found["memory"] for _, found in runs if "memory" in found]
    if len(held) == len(runs) and "bytes_per_entry" in costs:
        small, several, large = held[0], held[1], held[-1]
        more = max(large["entries"] - small["entries"], 1.0)
        each = max(large["bytes"] - small["bytes"], 0.0) / more
        costs["bytes_per_entry"] = each
        costs["base_bytes"] = max(small["bytes"] - each * small["entries"], 0.0)
        costs["thread_bytes"] = max(several["bytes"] - small["bytes"], 0.0) / (_THREADS - 1)
    costs.pop("memory", None)
    return costs
