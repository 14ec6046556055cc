"""`LruBytes`: exact answers of an LRU cache at any number of bytes and entries, from one pass."""

from __future__ import annotations

import dataclasses
import threading
from functools import cached_property

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.looped import LoopedTrace
from perflab.patterns.cache.model.query import CacheCounts, Query
from perflab.workloads.kinds.trace import Trace

_KEPT = 4

Numbers = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class ByteCurve:
    """Hits by capacity in bytes.

    Attributes:
        distances: Bytes from which on each of the hits is one, in their order.
        hit_bytes: The size of the hits up to each of them together.
    """

    distances: Numbers
    hit_bytes: Numbers

    def at(self, max_bytes: int) -> tuple[int, int]:
        """Return hits and their bytes at a capacity."""
        hits = int(np.searchsorted(self.distances, max_bytes, side="right"))
        return hits, int(self.hit_bytes[hits - 1]) if hits else 0


class LruBytes:
    """What an LRU cache without a TTL does over all of a trace whose requests have sizes.

    It holds the most recently used keys that fit, by bytes and by number, where every key has one
    size and fits by itself: then all capacities follow from the distances of one pass. Elsewhere
    it has no answer.
    """

    def __init__(self, trace: Trace, looped: LoopedTrace) -> None:
        assert trace.sizes is not None  # noqa: S101  (asked for traces with sizes)
        self._trace = trace
        self._sizes = trace.sizes
        self._looped = looped
        self._lock = threading.RLock()
        self._curves: dict[int, ByteCurve] = {}
        self._distances: Numbers | None = None
        self._by_entries: tuple[Numbers, Numbers] | None = None
        size_of = looped.facts.key_sizes(trace)
        self._one_size_a_key = bool((size_of[trace.ids] == trace.sizes).all())
        self._largest = int(size_of.max(initial=0))

    def answers(self, query: Query) -> bool:
        """Say whether it is about all requests, and the answers at such a capacity are exact."""
        if query.policy != "lru" or query.ages or not query.whole or not self._one_size_a_key:
            return False
        return query.max_bytes is None or query.max_bytes >= self._largest

    def ready(self, query: Query) -> bool:
        """Say whether the curve of such an answer is known."""
        if query.max_bytes is None:
            return self._by_entries is not None
        return self._entries_bound(query.entries) in self._curves

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts at a capacity."""
        size, most = query.entries, query.max_bytes
        hits, hit_bytes = self.hits(size, most)
        entries, held = self.held(size, most)
        misses = query.last - hits
        return CacheCounts(query.last, hits, misses, misses - entries, 0, hit_bytes, entries, held)

    def hits(self, max_entries: int, max_bytes: int | None) -> tuple[int, int]:
        """Return hits and their bytes at a capacity for which the answers are exact."""
        if max_bytes is not None:
            return self._curve(self._entries_bound(max_entries)).at(max_bytes)
        with self._lock:
            if self._by_entries is None:
                previous = self._looped.reuse(len(self._trace))[0]
                of_bytes = kernels.lru_curve(previous, weights=self._sizes)
                self._by_entries = self._looped.facts.curve_of(self._trace), of_bytes
        hits, of_bytes = self._by_entries
        bound = self._entries_bound(max_entries)
        return int(hits[bound]), int(of_bytes[bound])

    def held(self, max_entries: int, max_bytes: int | None) -> tuple[int, int]:
        """Return the entries after the last request, and their bytes."""
        entries, sums = self._entries_bound(max_entries), self._recent_bytes
        if max_bytes is not None:
            entries = min(entries, int(np.searchsorted(sums, max_bytes, side="right")))
        return entries, int(sums[entries - 1]) if entries else 0

    @cached_property
    def _recent_bytes(self) -> Numbers:
        """The bytes of the keys requested last, of so many together."""
        following = self._looped.reuse(len(self._trace))[1]
        last_uses = np.flatnonzero(following >= len(self._trace))[::-1]
        return np.cumsum(self._sizes[last_uses])

    def _entries_bound(self, max_entries: int) -> int:
        return min(max_entries, self._trace.n_keys)

    def _curve(self, max_entries: int) -> ByteCurve:
        with self._lock:
            if max_entries not in self._curves:
                while len(self._curves) >= _KEPT:
                    del self._curves[next(iter(self._curves))]
                self._curves[max_entries] = self._made(max_entries)
            return self._curves[max_entries]

    def _made(self, max_entries: int) -> ByteCurve:
        length = len(self._trace)
        previous, following = self._looped.reuse(length)
        if self._distances is None:
            self._distances = kernels.lru_byte_distances(previous, self._sizes)
        counted = previous >= 0
        if max_entries < self._trace.n_keys:
            requests = kernels.Requests(previous=previous, next_use=following)
            counted = kernels.policy_flags("lru", requests, max_entries)
        distances, sizes = self._distances[counted], self._sizes[counted]
        order = np.argsort(distances)
        return ByteCurve(distances[order], np.cumsum(sizes[order]))
