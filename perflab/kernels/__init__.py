"""Simulations of caches and queues as compiled loops: arrays in, arrays out."""

from perflab.kernels.counts import (
    POLICIES,
    Counts,
    Requests,
    policy_counts,
    policy_flags,
    policy_hits,
)
from perflab.kernels.curves.lru_bytes import lru_byte_distances
from perflab.kernels.curves.lru_curve import lru_curve, lru_curve_and_distances, lru_curve_up_to
from perflab.kernels.curves.lru_lifetimes import (
    DatedRequests,
    Departures,
    lru_departures,
    lru_with_ttl,
)
from perflab.kernels.curves.lru_operations import LruOperations, lru_curve_with, lru_references
from perflab.kernels.curves.working_set import WorkingSet, working_set
from perflab.kernels.ids import GrowingIds, bounded_ids, dense_ids
from perflab.kernels.misses import Misses, misses_of
from perflab.kernels.operations import next_gets, resolved, settled
from perflab.kernels.outcomes import Outcomes, new_history
from perflab.kernels.policies.read_ahead import ReadAheadCounts, lru_read_ahead
from perflab.kernels.policies.redis_eviction import RedisCounts, redis_eviction
from perflab.kernels.queueing.in_flight import InFlight, in_flight
from perflab.kernels.queueing.joiners import Joiners, joiners
from perflab.kernels.queueing.order import order_of
from perflab.kernels.queueing.pools import PooledQueues, pooled_waits
from perflab.kernels.queueing.prefetch import Prefetch, prefetch
from perflab.kernels.queueing.shared_loads import SharedLoads, shared_loads
from perflab.kernels.queueing.waits import Begun, Queue, queue_waits
from perflab.kernels.reuse import by_key, chunk_reuse, previous_and_next
from perflab.kernels.sampling.keys import by_count, key_counts, requests_of
from perflab.kernels.sampling.quantiles import quantiles_of, values_at
from perflab.kernels.sampling.thinning import thinned
from perflab.kernels.warm import (
    KERNELS,
    OF_SERVICES,
    OF_TEXTS,
    WITH_OPERATIONS,
    compile_all,
)

__all__ = [
    "KERNELS",
    "OF_SERVICES",
    "OF_TEXTS",
    "POLICIES",
    "WITH_OPERATIONS",
    "Begun",
    "Counts",
    "DatedRequests",
    "Departures",
    "GrowingIds",
    "InFlight",
    "Joiners",
    "LruOperations",
    "Misses",
    "Outcomes",
    "PooledQueues",
    "Prefetch",
    "Queue",
    "ReadAheadCounts",
    "RedisCounts",
    "Requests",
    "SharedLoads",
    "WorkingSet",
    "bounded_ids",
    "by_count",
    "by_key",
    "chunk_reuse",
    "compile_all",
    "dense_ids",
    "in_flight",
    "joiners",
    "key_counts",
    "lru_byte_distances",
    "lru_curve",
    "lru_curve_and_distances",
    "lru_curve_up_to",
    "lru_curve_with",
    "lru_departures",
    "lru_read_ahead",
    "lru_references",
    "lru_with_ttl",
    "misses_of",
    "new_history",
    "next_gets",
    "order_of",
    "policy_counts",
    "policy_flags",
    "policy_hits",
    "pooled_waits",
    "prefetch",
    "previous_and_next",
    "quantiles_of",
    "queue_waits",
    "redis_eviction",
    "requests_of",
    "resolved",
    "settled",
    "shared_loads",
    "thinned",
    "values_at",
    "working_set",
]
