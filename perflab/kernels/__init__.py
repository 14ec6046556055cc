"""Simulations of caches and queues as compiled loops: arrays in, arrays out."""

from perflab.kernels.by_key import by_key
from perflab.kernels.chunk_reuse import chunk_reuse
from perflab.kernels.counts import Counts
from perflab.kernels.dense import dense_ids
from perflab.kernels.fifo import fifo_hits
from perflab.kernels.in_flight import InFlight, in_flight
from perflab.kernels.lru import lru_hits
from perflab.kernels.lru_bytes import lru_byte_distances
from perflab.kernels.lru_curve import lru_curve, lru_curve_and_distances
from perflab.kernels.lru_curve_up_to import lru_curve_up_to
from perflab.kernels.lru_departures import Departures, lru_departures
from perflab.kernels.lru_with_ttl import DatedRequests, lru_with_ttl
from perflab.kernels.opt import opt_hits
from perflab.kernels.policies import BOUNDED_COUNTS, HIT_COUNTS, Requests, policy_hits
from perflab.kernels.prefetch import Prefetch, prefetch
from perflab.kernels.quantiles import quantiles_of
from perflab.kernels.queue import Queue, queue_waits
from perflab.kernels.queue_bounded import fifo_bounded, lru_bounded
from perflab.kernels.read_ahead import ReadAheadCounts, lru_read_ahead
from perflab.kernels.redis_eviction import RedisCounts, redis_eviction
from perflab.kernels.reuse import previous_and_next
from perflab.kernels.sampling import by_count, key_counts, requests_of
from perflab.kernels.sieve import sieve_hits
from perflab.kernels.sieve_bounded import sieve_bounded
from perflab.kernels.warm import KERNELS, compile_all
from perflab.kernels.working_set import WorkingSet, working_set

__all__ = [
    "BOUNDED_COUNTS",
    "HIT_COUNTS",
    "KERNELS",
    "Counts",
    "DatedRequests",
    "Departures",
    "InFlight",
    "Prefetch",
    "Queue",
    "ReadAheadCounts",
    "RedisCounts",
    "Requests",
    "WorkingSet",
    "by_count",
    "by_key",
    "chunk_reuse",
    "compile_all",
    "dense_ids",
    "fifo_bounded",
    "fifo_hits",
    "in_flight",
    "key_counts",
    "lru_bounded",
    "lru_byte_distances",
    "lru_curve",
    "lru_curve_and_distances",
    "lru_curve_up_to",
    "lru_departures",
    "lru_hits",
    "lru_read_ahead",
    "lru_with_ttl",
    "opt_hits",
    "policy_hits",
    "prefetch",
    "previous_and_next",
    "quantiles_of",
    "queue_waits",
    "redis_eviction",
    "requests_of",
    "sieve_bounded",
    "sieve_hits",
    "working_set",
]
