"""Metrics of a part of a workload's keys as those of all keys, and at the ends of a band."""

from __future__ import annotations

import math

from perflab.modelling.latency import missed, mix
from perflab.modelling.part_settings import SUMS
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


def grown(metrics: Metrics, load: LoadSettings, costs: Costs, trace: Trace) -> Metrics:
    """Return what a share of the keys says of all of them.

    Args:
        metrics: Those of the part.
        load: That of the whole.
        costs: What hits and misses cost.
        trace: The part.
    """
    share = trace.sample_rate
    result = {name: value / share if name in SUMS else value for name, value in metrics.items()}
    if trace.all_requests is not None:
        result |= _of_requests(result, trace.all_requests, load, costs)
    if "byte_hit_rate" in result:
        # Bytes of all keys are not known; requests that the part has too many ask for as many.
        result["byte_hit_rate"] = max(0.0, 1 - (1 - result["byte_hit_rate"]) * trace.density)
    server = costs.get("server_bytes", 0.0)
    result["memory_bytes"] = server + (metrics["memory_bytes"] - server) / share
    spent = result.get("latency_seconds_mean", 0.0) + costs.get("overhead_seconds", 0.0)
    fastest = load.concurrency / spent if spent > 0 else math.inf
    pace = metrics["throughput_per_second"] / (share * trace.density)
    result["throughput_per_second"] = min(fastest, pace)
    return result


def moved(metrics: Metrics, costs: Costs, off: float) -> Metrics:
    """Return hit rate and mean latency at an end of the band."""
    rate = min(1.0, max(0.0, metrics["hit_rate"] + off))
    result = {"hit_rate": rate}
    if "latency_seconds_mean" in metrics:
        hit = costs["hit"]["mean"]
        missed_seconds = metrics["latency_seconds_mean"] - metrics["hit_rate"] * hit
        if metrics["hit_rate"] < 1:
            miss = missed_seconds / (1 - metrics["hit_rate"])
            result["latency_seconds_mean"] = rate * hit + (1 - rate) * miss
    return result


def _of_requests(metrics: Metrics, requests: int, load: LoadSettings, costs: Costs) -> Metrics:
    """Return what follows from the misses where it is known how many requests there were."""
    misses = min(metrics["misses"], float(requests))
    hits = requests - misses
    return {
        "hit_rate": hits / requests,
        "requests": float(requests),
        "hits": hits,
        "misses": misses,
        **mix([(hits, costs["hit"]), (misses, missed(costs, load.backend_seconds))]),
    }
