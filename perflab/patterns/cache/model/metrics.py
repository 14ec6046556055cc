"""From what a cache did to what people read: metrics by name, money, and remarks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from perflab.modelling.backend_times import SAVED_SHARE
from perflab.modelling.joined_loads import Asked, joined_loads, pace_of
from perflab.modelling.latency import HitMissCosts, mix
from perflab.modelling.looped import LoopedTrace
from perflab.modelling.miss_times import MissTimes
from perflab.modelling.operations import no_writes_remarks
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.policies import FUTURE_POLICIES, TITLES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.units import counted, format_quantity
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

_GIB = 2.0**30
_HOURS = 24.0
_SECONDS = 86_400.0


@dataclasses.dataclass(frozen=True)
class CacheCosts(HitMissCosts):
    """What the cache's model must be told: a hit, a miss, an entry, and what surrounds them.

    Attributes:
        base_bytes: What a cache in use takes without entries, and one client.
        thread_bytes: What each further client takes, with its connection to the backend.
    """

    base_bytes: float = 0.0
    thread_bytes: float = 0.0

    def fixed_bytes(self, clients: int) -> float:
        """Return what is taken without entries."""
        return self.base_bytes + self.thread_bytes * (clients - 1)


def cache_metrics(
    counts: CacheCounts,
    trace: Trace,
    looped: LoopedTrace,
    load: LoadSettings,
    costs: CacheCosts,
    missed: MissTimes | None = None,
) -> dict[str, float]:
    """Return metrics by name.

    Args:
        counts: What the cache did.
        trace: The requests of one pass.
        looped: The same, as often as they are played.
        load: The load's settings.
        costs: What was measured.
        missed: The recorded backend times of the misses; without, each takes the same.
    """
    asked = max(counts.requests, 1)
    miss = costs.missed(load.backend_seconds) if missed is None else missed.cost(costs, load)
    result = {
        "hit_rate": counts.hits / asked,
        "requests": float(counts.requests),
        "hits": float(counts.hits),
        "misses": float(counts.misses),
        "evictions": float(counts.evictions),
        "expirations": float(counts.expirations),
        "entries": float(counts.entries),
        **mix([(counts.hits, costs.hit), (counts.misses, miss)]),
        "memory_bytes": counts.entries * costs.bytes_per_entry + counts.bytes,
    }
    result["memory_bytes"] += costs.fixed_bytes(load.concurrency)
    # Of rows that are no reads each is taken to take what a hit does; throughput is of reads.
    reads = trace.reads / len(trace)
    spent = reads * result.get("latency_seconds_mean", 0.0) + (1 - reads) * costs.hit.mean
    spent += costs.overhead_seconds
    fastest = load.concurrency / spent if spent > 0 else 0.0
    result["throughput_per_second"] = reads * min(fastest, pace_of(trace, load))
    if trace.sizes is not None and counts.requests == trace.reads:
        result["byte_hit_rate"] = counts.hit_bytes / max(looped.all_bytes, 1)
    saved = None if missed is None else missed.saved_share(load)
    result |= {} if saved is None else {SAVED_SHARE: saved}
    return result | daily_cost(result, load, trace)


def threads_metrics(
    counts: CacheCounts,
    trace: Trace,
    looped: LoopedTrace,
    load: LoadSettings,
    costs: CacheCosts,
    missed: MissTimes | None = None,
) -> dict[str, float]:
    """Return metrics by name, with the reads of several threads that wait for another's load.

    Args:
        counts: What the cache does with reads that come one after another.
        trace: The requests of one pass.
        looped: The same, as often as they are played.
        load: With pace and threads.
        costs: What was measured.
        missed: The recorded backend times of the misses; without, each takes the same.
    """
    found = cache_metrics(counts, trace, looped, load, costs, missed)
    miss = costs.missed(load.backend_seconds) if missed is None else missed.cost(costs, load)
    asked = Asked(counts.requests, counts.misses, costs.hit, miss, costs.overhead_seconds)
    joined = joined_loads(trace, load, asked)
    if joined is None:
        return found
    fastest = load.concurrency / joined.seconds if joined.seconds > 0 else 0.0
    found["throughput_per_second"] = min(fastest, pace_of(trace, load))
    return joined.among(found, asked)


def daily_cost(
    metrics: Mapping[str, float], load: LoadSettings, workload: Trace
) -> dict[str, float]:
    """Return memory, backend calls and both together a day, in the currency of the prices.

    Requests come as they are dated, however fast they are replayed; nothing is returned where
    neither times nor ``request_rate`` date them.

    Args:
        metrics: With ``memory_bytes``, ``misses`` and ``requests``.
        load: With the prices.
        workload: The requests.
    """
    if workload.times is not None:
        rate = workload.reads / pass_seconds(workload.times)
    elif load.request_rate is not None:
        rate = load.request_rate * workload.reads / len(workload)
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


def cache_remarks(
    trace: Trace, settings: CacheSettings, load: LoadSettings, mean_key_size: float
) -> tuple[str, ...]:
    """Return which settings have no effect on a trace, or less than they seem to.

    Args:
        trace: The workload.
        settings: The cache's.
        load: The load's.
        mean_key_size: The bytes of a key, on average.
    """
    said = []
    timed = trace.times is not None or load.request_rate is not None
    if not timed and (settings.ttl_seconds is not None or trace.ttls is not None):
        said.append(
            "ttl_seconds has no effect: the trace has no times and request_rate is none; "
            "set request_rate to date its requests"
        )
    size, most, keys = settings.max_cache_size, settings.max_bytes, trace.n_keys
    held = round(min(size, keys) * mean_key_size)
    if most is not None and trace.sizes is None:
        said.append("max_bytes has no effect: the trace has no sizes")
    elif most is not None and size < keys and held < most:
        said.append(
            f"max_cache_size bounds before max_bytes does: {counted(size, 'entry')}, about "
            f"{format_quantity(held, 'bytes')}; raise it to bound by bytes"
        )
    said += no_writes_remarks(trace, load)
    if trace.operations is not None and settings.policy in FUTURE_POLICIES:
        said.append(
            f"{TITLES[settings.policy]} tells the hit rate where there are operations: entries, "
            "evictions and memory are the most that they can be"
        )
    if trace.operations is not None and load.concurrency > 1:
        said.append("misses that wait for another thread's load are counted as hits")
    if size >= keys and most is None:
        every = f"all {counted(keys, 'key')}" if keys > 1 else "the only key"
        said.append(f"the cache holds {every} of the trace")
    return tuple(said)
