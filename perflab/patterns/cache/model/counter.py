"""`CacheCounter`: exact counts of a cache over a trace, by the quickest way that answers."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.backend_times import backend_times_of
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.looped import LoopedTrace, within_two_passes
from perflab.modelling.miss_times import MissTimes
from perflab.patterns.cache.model.answerers import LruCurve, PolicyHits, Simulation
from perflab.patterns.cache.model.lru_bytes import LruBytes
from perflab.patterns.cache.model.lru_lifetimes import MOST_REQUESTS, LruLifetimes
from perflab.patterns.cache.model.operations import LruWithOperations, OptWithOperations
from perflab.patterns.cache.model.query import Answerer, CacheCounts, Query
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

_MOST_TIMES = 2_000_000
"""So many backend times of misses are kept for all settings together, 16 bytes each."""
_SUMS = ("requests", "hits", "misses", "evictions", "expirations", "hit_bytes")


class CacheCounter:
    """The counts of one trace, at any settings; keeps each that it has made.

    Requests are those of its rows that are gets; slices are of rows.

    Safe for several threads.

    Args:
        trace: The requests, as `replayed` returns them.
        places: How many requests of the whole came before each of these, where they are a sample of
            one that a rate dates; none where they are the whole.
    """

    def __init__(self, trace: Trace, places: npt.NDArray[np.int64] | None = None) -> None:
        self.trace = trace
        self.looped = LoopedTrace(trace, places)
        self._hits = PolicyHits(trace, self.looped)
        self._simulation = Simulation(trace, self.looped)
        self._always: tuple[Answerer, ...] = (self._hits, self._simulation)
        self._opt = OptWithOperations(trace, self.looped)
        if trace.operations is not None:
            self._always = (self._opt, self._simulation)
        self._answerers: tuple[Answerer, ...] = self._always
        self.backend = backend_times_of(trace)
        self._distances: npt.NDArray[np.int32] | None = None
        self._prepared = False
        self._whole: KeptAnswers[Query, CacheCounts] = KeptAnswers()
        self._slices: KeptAnswers[Query, CacheCounts] = KeptAnswers(MOST_SLICES)
        self._missed: KeptAnswers[Query, MissTimes] = KeptAnswers(_MOST_TIMES, len)
        self._missed_slices: KeptAnswers[Query, MissTimes] = KeptAnswers(MOST_SLICES)
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Compute what all answers lean on: reuse, and the exact LRU curve of all sizes.

        From then on LRU over bytes is answered from one pass too, and that with lazy expiry leans
        on it where the trace has at most `MOST_REQUESTS`.
        """
        with self._lock:
            if not self._prepared:
                self._answerers = (*self._prepare(), *self._always)
                self._prepared = True

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether the counts over all requests are known at once."""
        query = Query.of(self.trace, settings, load, 0, len(self.trace))
        return query in self._whole or self._answerer(query).ready(query)

    def counts(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> CacheCounts:
        """Return what the cache does over a slice of the requests, all where none is given.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        length = len(self.trace)
        first, last = self._bounds(requests)
        if last <= 2 * length:
            return self._counted(settings, load, first, last)
        parts = [
            (self._counted(settings, load, begin, end), times)
            for begin, end, times in within_two_passes(length, first, last)
        ]
        sums = {name: sum(getattr(part, name) * times for part, times in parts) for name in _SUMS}
        # As full as after two passes, or after any later one.
        second = self._counted(settings, load, length, 2 * length)
        return CacheCounts(**sums, entries=second.entries, bytes=second.bytes)

    def outcomes(self, settings: CacheSettings, load: LoadSettings) -> kernels.Outcomes:
        """Return which of the trace's requests hit, and the entries held after each.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        query = Query.of(self.trace, settings, load, 0, len(self.trace))
        by_hits = self.trace.operations is None and self._hits.answers(query)
        return (self._hits if by_hits else self._simulation).outcomes(query)

    def missed(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> MissTimes | None:
        """Return the backend times of the misses in a slice of the rows, all where none is given.

        None where no read of the trace has one.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        if self.backend is None:
            return None
        first, last = self._bounds(requests)
        if last <= first:
            return self.backend.missed(np.zeros(0, np.bool_))
        stretches = within_two_passes(len(self.trace), first, last)
        parts = [
            (times, self._missed_of(Query.of(self.trace, settings, load, begin, end)))
            for begin, end, times in stretches
        ]
        return parts[0][1] if len(parts) == 1 == parts[0][0] else MissTimes.together(parts)

    def knows_missed(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether `missed` over all requests would answer at once."""
        if self.backend is None:
            return True
        query = Query.of(self.trace, settings, load, 0, len(self.trace))
        return query in self._missed or self._by_distance(query)

    def _missed_of(self, query: Query) -> MissTimes:
        kept = self._missed if query.whole else self._missed_slices
        return kept.answer(query, lambda: self._miss_times(query))

    def _miss_times(self, query: Query) -> MissTimes:
        assert self.backend is not None  # noqa: S101  (asked for such traces)
        distances = self._distances
        if distances is not None and self._by_distance(query):
            return self.backend.missed(np.greater(distances, query.entries))
        # Those before the slice are counted too: they tell what is held at its start.
        everything = dataclasses.replace(query, first=0, whole=query.last == len(self.trace))
        return self.backend.missed(~self._hit(everything)[query.first :], query.first)

    def _by_distance(self, query: Query) -> bool:
        """Say whether stack distances tell which requests hit."""
        plain = query.plain and query.whole and query.policy == "lru"
        return self._distances is not None and plain

    def _hit(self, query: Query) -> npt.NDArray[np.bool_]:
        """Return which of the rows up to the last one are gets that hit."""
        if self.trace.operations is None:
            if self._hits.answers(query):
                return self._hits.flags(query)
        elif self._opt.answers(query):
            return self._opt.flags(query)
        return self._simulation.outcomes(query).hit

    def _bounds(self, requests: slice | None) -> tuple[int, int]:
        first = requests.start or 0 if requests else 0
        length = len(self.trace)
        return first, length if requests is None or requests.stop is None else requests.stop

    def _prepare(self) -> list[Answerer]:
        facts, trace = self.looped.facts, self.trace
        if trace.operations is not None:
            return LruWithOperations.found(trace)
        if len(trace) > MOST_REQUESTS:
            found: list[Answerer] = [LruCurve(self._hits, facts.curve_of(trace))]
        else:
            curve, distances = facts.curve_and_distances(trace)
            if self.backend is not None:
                self._distances = distances
            lifetimes = LruLifetimes(trace, self.looped, distances)
            found = [LruCurve(self._hits, curve), lifetimes]
        if trace.sizes is not None:
            found.append(LruBytes(trace, self.looped))
        return found

    def _answerer(self, query: Query) -> Answerer:
        return next(each for each in self._answerers if each.answers(query))

    def _counted(
        self, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> CacheCounts:
        if last <= first:
            return CacheCounts(0, 0, 0, 0, 0, 0, 0, 0)
        query = Query.of(self.trace, settings, load, first, last)
        kept = self._whole if query.whole else self._slices
        return kept.answer(query, lambda: self._answerer(query).counts(query))
