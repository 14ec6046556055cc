"""From counts of chunks to a lazy loader's metrics: bytes, memory and latency, from its costs."""

from __future__ import annotations

import math

from perflab.modelling.latency import mix
from perflab.patterns.lazy_loading.model.chunk_counts import ChunkCounts
from perflab.patterns.lazy_loading.model.costs import LazyCosts, load_cost
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.units import counted


def lazy_metrics(
    counts: ChunkCounts,
    settings: LazyLoadingSettings,
    load: LoadSettings,
    costs: LazyCosts,
    n_rows: int,
) -> dict[str, float]:
    """Return metrics by name from counts and measured costs.

    Args:
        counts: What happened to chunks.
        settings: The loader's settings.
        load: The load's settings.
        costs: What was measured.
        n_rows: How many rows the store has.
    """
    rows = min(settings.chunk_size, n_rows)
    cost = load_cost(costs.loads, rows)
    asked = max(counts.requests, 1)
    loads = counts.misses + counts.ahead
    bytes_read = loads * cost.bytes
    # While one is evicted, the next is there already.
    held_rows = min((counts.held + (counts.evictions > 0)) * rows, n_rows)
    hit = costs.hit
    result = {
        "hit_rate": counts.hits / asked,
        "requests": float(counts.requests),
        "hits": float(counts.hits),
        "misses": float(counts.misses),
        "evictions": float(counts.evictions),
        "loads": float(loads),
        "chunks": float(counts.held),
        "bytes_read": bytes_read,
        "read_amplification": bytes_read / (asked * max(costs.stored_row_bytes, 1e-9)),
        "memory_bytes": costs.base_bytes + held_rows * costs.row_bytes,
    }
    overhead = costs.overhead_seconds
    pace = math.inf if load.request_rate is None else load.request_rate
    plain = counts.hits - counts.first_touches
    # While one chunk is used, the next is on its way: the wait is what is left of its load. What
    # loads in the background take of the others' time is added to all alike.
    reached = max(counts.misses + counts.first_touches, 1)
    used = max(plain * (hit.mean + overhead), counts.requests / pace) / reached
    contention = costs.contention
    waits = max(cost.time.mean - used, 0.0) * (1 - contention)
    result |= mix(
        [(plain, hit), (counts.first_touches, hit.later(waits)), (counts.misses, cost.time)]
    )
    result["latency_seconds_mean"] = (
        result.get("latency_seconds_mean", 0.0) + contention * counts.ahead * cost.time.mean / asked
    )
    spent = result.get("latency_seconds_mean", 0.0) + overhead
    fastest = load.concurrency / spent if spent > 0 else 0.0
    result["throughput_per_second"] = min(fastest, pace)
    return result


def lazy_remarks(
    settings: LazyLoadingSettings,
    load: LoadSettings,
    costs: LazyCosts,
    n_rows: int,
    distinct_chunks: int | None,
) -> tuple[str, ...]:
    """Return what a user must know to read predictions at such settings.

    Args:
        settings: The loader's settings.
        load: The load's settings.
        costs: Bytes a row, for the bound in bytes.
        n_rows: How many rows the store has.
        distinct_chunks: How many chunks are requested at all, where that is known.
    """
    said = []
    if costs.chunks_held(settings) == 0:
        said.append("one chunk is more than max_bytes: nothing is held, every access loads")
    if settings.chunk_size > n_rows:
        said.append(f"one chunk holds all of the store: {counted(n_rows, 'row')}")
    elif distinct_chunks is not None and costs.chunks_held(settings) >= distinct_chunks:
        said.append(f"everything requested fits into memory: {counted(distinct_chunks, 'chunk')}")
    if settings.read_ahead:
        if settings.max_chunks == 1:
            said.append("read_ahead has no effect: max_chunks leaves no room for a second chunk")
        else:
            said.append("latency with read-ahead is an estimate: a load meets what it overlaps")
    if load.concurrency > 1:
        said.append(
            "threads are taken to come one after another: what waits for a chunk that another "
            "thread loads is a hit here, and a miss in a run"
        )
    return tuple(said)
