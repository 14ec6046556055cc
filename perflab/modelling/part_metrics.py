"""Metrics of a part of a workload's keys as those of all keys, and at the ends of a band."""

from __future__ import annotations

import math

from perflab.modelling.backend_times import SAVED_SHARE
from perflab.modelling.latency import HitMissCosts, OutcomeCost, SpreadCost, mix
from perflab.modelling.part_settings import SUMS
from perflab.modelling.prediction import Metrics
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


def grown(
    metrics: Metrics,
    load: LoadSettings,
    costs: HitMissCosts,
    trace: Trace,
    miss: OutcomeCost | SpreadCost | None = None,
) -> Metrics:
    """Return what a share of the keys says of all of them.

    Args:
        metrics: Those of the part.
        load: That of the whole.
        costs: What hits and misses cost.
        trace: The part.
        miss: What a miss costs; none where each takes what the load's setting says.
    """
    miss = costs.missed(load.backend_seconds) if miss is None else miss
    share = trace.sample_rate
    result = {name: value / share if name in SUMS else value for name, value in metrics.items()}
    if trace.all_requests is not None:
        result |= _of_requests(result, trace.all_requests, costs, miss)
    for name in {"byte_hit_rate", SAVED_SHARE} & result.keys():
        # Those of all keys are not known; requests that the part has too many ask for as many.
        result[name] = max(0.0, 1 - (1 - result[name]) * trace.density)
    server = costs.server_bytes
    result["memory_bytes"] = server + (metrics["memory_bytes"] - server) / share
    spent = result.get("latency_seconds_mean", 0.0) + costs.overhead_seconds
    fastest = load.concurrency / spent if spent > 0 else math.inf
    pace = metrics["throughput_per_second"] / (share * trace.density)
    result["throughput_per_second"] = min(fastest, pace)
    return result


def moved(metrics: Metrics, costs: HitMissCosts, off: float) -> Metrics:
    """Return hit rate and mean latency at an end of the band."""
    rate = min(1.0, max(0.0, metrics["hit_rate"] + off))
    result = {"hit_rate": rate}
    if "latency_seconds_mean" in metrics:
        hit = costs.hit.mean
        missed_seconds = metrics["latency_seconds_mean"] - metrics["hit_rate"] * hit
        if metrics["hit_rate"] < 1:
            miss = missed_seconds / (1 - metrics["hit_rate"])
            result["latency_seconds_mean"] = rate * hit + (1 - rate) * miss
    return result


def widen(low: Metrics, high: Metrics, metrics: Metrics, errors: tuple[float, float]) -> None:
    """Put backend time saved into both ends of a band, and let its latency be as far off as that.

    Args:
        low: At the lower end, from `moved`; it is changed.
        high: At the upper end, likewise.
        metrics: Between them.
        errors: Half the width of the band of backend time saved, and of its seconds per read.
    """
    of_share, of_seconds = errors
    for end, sign in ((low, -1), (high, 1)):
        if SAVED_SHARE in metrics:
            end[SAVED_SHARE] = min(1.0, max(0.0, metrics[SAVED_SHARE] + sign * of_share))
        if "latency_seconds_mean" in end:
            mean = metrics["latency_seconds_mean"]
            off = max(of_seconds, abs(end["latency_seconds_mean"] - mean))
            end["latency_seconds_mean"] = max(0.0, mean - sign * off)


def _of_requests(
    metrics: Metrics, requests: int, costs: HitMissCosts, miss: OutcomeCost | SpreadCost
) -> Metrics:
    """Return what follows from the misses where it is known how many requests there were."""
    misses = min(metrics["misses"], float(requests))
    hits = requests - misses
    return {
        "hit_rate": hits / requests,
        "requests": float(requests),
        "hits": hits,
        "misses": misses,
        **mix([(hits, costs.hit), (misses, miss)]),
    }
