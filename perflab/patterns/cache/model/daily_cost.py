"""What a cache costs a day: the memory that it holds, and the calls that its misses make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds

_GIB = 2.0**30
_HOURS = 24.0
_SECONDS = 86_400.0


def daily_cost(metrics: Mapping[str, float], load: LoadSettings, workload: Any) -> dict[str, float]:
    """Return memory, backend calls and both together, in the currency of the prices.

    Requests come as they are dated, however fast they are replayed; nothing is returned where
    neither times nor ``request_rate`` date them.

    Args:
        metrics: With ``memory_bytes``, ``misses`` and ``requests``.
        load: With the prices.
        workload: Has ``times`` in seconds, or None.
    """
    if workload.times is not None:
        rate = len(workload) / pass_seconds(workload.times)
    elif load.request_rate is not None:
        rate = load.request_rate
    else:
        return {}
    calls = rate * _SECONDS * metrics["misses"] / max(metrics["requests"], 1.0)
    memory = metrics["memory_bytes"] / _GIB * _HOURS * load.price_per_gib_hour
    backend = calls * load.price_per_backend_call
    return {
        "cost_per_day": memory + backend,
        "memory_cost_per_day": memory,
        "backend_cost_per_day": backend,
    }
