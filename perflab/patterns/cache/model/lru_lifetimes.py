"""`LruLifetimes`: exact answers of an LRU cache with lazy expiry at any TTL and size."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.looped import LoopedTrace
from perflab.patterns.cache.model.query import CacheCounts, Query
from perflab.workloads.kinds.trace import Trace

MOST_REQUESTS = 2_000_000
"""Of longer traces too much would be kept: 16 bytes per request, 32 with sizes and lifetimes."""

_MOST_BYTES = 16 << 20
"""Of departures, which are some 5 bits a request for each size."""


class LruLifetimes:
    """What an LRU cache without `max_bytes` does over all of a trace whose requests are dated.

    What does not depend on the TTL is found once: the stack distances with the curve of all sizes,
    the order of requests by key at the first question, what leaves a cache at the first question
    for its size. Safe for several threads.

    Args:
        trace: The workload, of at most `MOST_REQUESTS`.
        looped: The same, with what is known of its reuse and its times.
        distances: int32, one per request, from `kernels.lru_curve_and_distances`.
    """

    def __init__(self, trace: Trace, looped: LoopedTrace, distances: npt.NDArray[np.int32]) -> None:
        self._trace = trace
        self._looped = looped
        self._distances = distances
        self._lock = threading.Lock()
        self._dated: tuple[float | None, kernels.DatedRequests] | None = None
        self._departures: dict[int, kernels.Departures] = {}
        self._kept_bytes = 0

    def answers(self, query: Query) -> bool:
        """Say whether it is about all requests, entries bound, and expiry is lazy."""
        lazy = query.ages and not query.eager
        return query.policy == "lru" and lazy and query.whole and query.max_bytes is None

    def ready(self, _query: Query) -> bool:
        """Say that the requests are to be gone through, if quicker than by simulation."""
        return False

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts at a size and a TTL."""
        dated = self._at(query.rate)
        size = min(query.entries, dated.n_keys)
        found = kernels.lru_with_ttl(dated, self._leaving(size), size, query.ttl)
        counts = CacheCounts(query.last, **found._asdict())
        return counts if self._trace.sizes is not None else counts.without_bytes()

    def _at(self, rate: float | None) -> kernels.DatedRequests:
        """Return the requests with their times, or those of a rate; the last ones are kept."""
        with self._lock:
            if self._dated is None or self._dated[0] != rate:
                self._dated = rate, self._by_key(rate)
            return self._dated[1]

    def _by_key(self, rate: float | None) -> kernels.DatedRequests:
        clock = self._looped.times(len(self._trace), rate)
        assert clock is not None  # noqa: S101  (asked for dated requests)
        if self._dated is not None:
            known = self._dated[1]
            return known._replace(times=clock[known.positions], clock=clock)
        positions = kernels.by_key(self._trace.ids, self._trace.n_keys)
        sizes, ttls = self._trace.sizes, self._trace.ttls
        distances = self._distances[positions]
        self._distances = np.empty(0, np.int32)
        keys = int(np.count_nonzero(self._looped.reuse(len(self._trace))[0] < 0))
        return kernels.DatedRequests(
            keys,
            positions,
            distances,
            clock[positions],
            clock,
            np.empty(0, np.int64) if sizes is None else sizes[positions],
            np.empty(0, np.float64) if ttls is None else ttls[positions],
        )

    def _leaving(self, size: int) -> kernels.Departures:
        found = self._departures.get(size)
        if found is not None:
            return found
        found = kernels.lru_departures(*self._looped.reuse(len(self._trace)), size)
        with self._lock:
            if size not in self._departures:
                self._departures[size] = found
                self._kept_bytes += found.nbytes
            while self._kept_bytes > _MOST_BYTES:
                oldest = self._departures.pop(next(iter(self._departures)))
                self._kept_bytes -= oldest.nbytes
        return found
