"""From counts of chunks to a lazy loader's metrics: bytes, memory and latency, from its costs."""

from __future__ import annotations

import math

from perflab.modelling.latency import OutcomeCost, mix
from perflab.patterns.lazy_loading.model.chunk_counts import ChunkCounts
from perflab.patterns.lazy_loading.model.costs import LazyCosts, load_cost
from perflab.patterns.lazy_loading.model.shared_loads import SharedRun, Threads
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
    """Return metrics by name from counts and measured costs, where one thread asks.

    Args:
        counts: What happened to chunks.
        settings: The loader's settings.
        load: The load's settings.
        costs: What was measured.
        n_rows: How many rows the store has.
    """
    cost = load_cost(costs.loads, min(settings.chunk_size, n_rows))
    result = _of_chunks(counts, counts.misses + counts.ahead, settings, costs, n_rows)
    return result | _of_one_thread(counts, cost.time, load, costs)


def shared_metrics(
    run: SharedRun,
    threads: Threads,
    settings: LazyLoadingSettings,
    costs: LazyCosts,
    n_rows: int,
) -> dict[str, float]:
    """Return metrics by name of several threads that share loads.

    Args:
        run: What they did.
        threads: Their number and pace.
        settings: The loader's settings.
        costs: What was measured.
        n_rows: How many rows the store has.
    """
    counts = run.counts
    loads = round(run.loads) + counts.ahead
    result = _of_chunks(counts, loads, settings, costs, n_rows)
    result |= mix(run.outcomes(threads))
    if run.seconds > 0:
        result["throughput_per_second"] = counts.requests / run.seconds
        if costs.threads < threads.count:
            # Measured alone: among others, Python runs one thread at a time.
            each = costs.hit.mean + costs.overhead_seconds
            most = 1.0 / each if each > 0 else math.inf
            result["throughput_per_second"] = min(result["throughput_per_second"], most)
    return result


def _of_chunks(
    counts: ChunkCounts,
    loads: int,
    settings: LazyLoadingSettings,
    costs: LazyCosts,
    n_rows: int,
) -> dict[str, float]:
    """Return what counts tell without any time: rates, bytes and memory."""
    rows = min(settings.chunk_size, n_rows)
    asked = max(counts.requests, 1)
    bytes_read = loads * load_cost(costs.loads, rows).bytes
    # While one is evicted, the next is there already.
    held_rows = min((counts.held + (counts.evictions > 0)) * rows, n_rows)
    return {
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


def _of_one_thread(
    counts: ChunkCounts, cost: OutcomeCost, load: LoadSettings, costs: LazyCosts
) -> dict[str, float]:
    """Return latency and throughput where each request follows the one before it."""
    asked, hit = max(counts.requests, 1), costs.hit
    overhead = costs.overhead_seconds
    pace = math.inf if load.request_rate is None else load.request_rate
    plain = counts.hits - counts.first_touches
    # While one chunk is used, the next is on its way: the wait is what is left of its load. What
    # loads in the background take of the others' time is added to all alike.
    reached = max(counts.misses + counts.first_touches, 1)
    used = max(plain * (hit.mean + overhead), counts.requests / pace) / reached
    contention = costs.contention
    waits = max(cost.mean - used, 0.0) * (1 - contention)
    result = mix([(plain, hit), (counts.first_touches, hit.later(waits)), (counts.misses, cost)])
    result["latency_seconds_mean"] = (
        result.get("latency_seconds_mean", 0.0) + contention * counts.ahead * cost.mean / asked
    )
    spent = result["latency_seconds_mean"] + overhead
    fastest = 1.0 / spent if spent > 0 else 0.0
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
        said.append("requests that wait for a chunk that another thread loads count as misses")
    return tuple(said)
