"""The cache's what-if: exact hit counts of a trace at any size, policy and TTL."""

from __future__ import annotations

import dataclasses
import math
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.latency import missed, mix
from perflab.modelling.looped import LoopedTrace, within_two_passes
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.cache.model.counts import CacheCounts
from perflab.patterns.cache.model.daily_cost import daily_cost
from perflab.patterns.cache.model.lru_bytes import LruBytes
from perflab.patterns.cache.model.lru_lifetimes import MOST_REQUESTS, LruLifetimes
from perflab.patterns.cache.model.remarks import cache_remarks
from perflab.patterns.cache.policies import FUTURE_POLICIES, no_bounds
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace


class CacheModel:
    """Predictions for one trace; keeps every count that it has made.

    Hit counts are those of the kernels and exact. Latency is a mixture of what hits and misses
    were measured to cost, memory is entries times the measured bytes of one.

    Args:
        trace: The requests.
        places: How many requests of the whole came before each of these, where they are a sample of
            one that a rate dates; none where they are the whole.
    """

    def __init__(self, trace: Trace, places: npt.NDArray[np.int64] | None = None) -> None:
        self.trace = trace
        self._looped = LoopedTrace(trace, places)
        self._curve: npt.NDArray[np.int64] | None = None
        self._lru_bytes: LruBytes | None = None
        self._lru_lifetimes: LruLifetimes | None = None
        self._mean_size: float | None = None
        self._counts: KeptAnswers[tuple[Any, ...], CacheCounts] = KeptAnswers()
        self._slices: KeptAnswers[tuple[Any, ...], CacheCounts] = KeptAnswers(MOST_SLICES)
        self._lock = threading.Lock()

    def predict(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        if requests is not None:
            self._looped.expect_run()
        counts = self.counts(settings, load, requests)
        metrics = self.metrics(counts, load, costs)
        if requests is not None:
            asked = self._looped.asked_bytes(requests.start or 0, requests.stop or len(self.trace))
            metrics |= {"byte_hit_rate": counts.hit_bytes / asked} if asked else {}
        return Prediction(metrics, remarks=self.remarks(settings, load))

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        if self._is_plain(settings, load) and settings.policy == "lru" and self._curve is not None:
            return True
        if self._lru_bytes is not None and self._is_one_pass(settings, load):
            size, most = settings.max_cache_size, settings.max_bytes
            if self._lru_bytes.ready(size, most):
                return True
        return self._key(settings, load, 0, len(self.trace)) in self._counts

    def prepare(self) -> None:
        """Compute what all answers lean on: reuse, and the exact LRU curve of all sizes.

        From then on LRU over bytes is answered from one pass too, and that with lazy expiry leans
        on it where the trace has at most `MOST_REQUESTS`.
        """
        with self._lock:
            if self._curve is None:
                previous = self._looped.reuse(len(self.trace))[0]
                if len(self.trace) > MOST_REQUESTS:
                    self._curve = kernels.lru_curve(previous)
                else:
                    self._curve, distances = kernels.lru_curve_and_distances(previous)
                    self._lru_lifetimes = LruLifetimes(self.trace, self._looped, distances)
                if self.trace.sizes is not None:
                    self._lru_bytes = LruBytes(self.trace, self._looped)

    def counts(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> CacheCounts:
        """Return what the cache does over a slice of the requests, all where none is given."""
        length = len(self.trace)
        first = requests.start or 0 if requests else 0
        last = length if requests is None or requests.stop is None else requests.stop
        if last <= 2 * length:
            return self._counted(settings, load, first, last)
        parts = [
            (self._counted(settings, load, begin, end), times)
            for begin, end, times in within_two_passes(length, first, last)
        ]
        fields = ("requests", "hits", "misses", "evictions", "expirations", "hit_bytes")
        sums = {name: sum(getattr(part, name) * times for part, times in parts) for name in fields}
        # As full as after two passes, or after any later one.
        second = self._counted(settings, load, length, 2 * length)
        return CacheCounts(**sums, entries=second.entries, bytes=second.bytes)

    def outcomes(self, settings: CacheSettings, load: LoadSettings) -> kernels.Outcomes:
        """Return which of the trace's requests hit, and the entries held after each.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        length, policy = len(self.trace), settings.policy
        if self._is_plain(settings, load):
            size = min(settings.max_cache_size, self.trace.n_keys)
            hit = kernels.policy_hits(policy, self._requests(length), size, 1) > 0
            seen = np.cumsum(self._looped.reuse(length)[0] < 0)
            return kernels.Outcomes(hit, np.minimum(seen, size))
        if policy in FUTURE_POLICIES:
            raise BadInputError(no_bounds(policy), "policy")
        history = kernels.new_history(length)
        return kernels.Outcomes.of(history, self._simulated(settings, load, 0, length, history))

    def remarks(self, settings: CacheSettings, load: LoadSettings) -> tuple[str, ...]:
        """Return what a user must know to read predictions at such settings."""
        held = self._mean_bytes(min(settings.max_cache_size, self.trace.n_keys))
        return cache_remarks(self.trace, settings, load, held)

    def metrics(self, counts: CacheCounts, load: LoadSettings, costs: Costs) -> dict[str, float]:
        """Return metrics by name from counts and measured costs."""
        asked = max(counts.requests, 1)
        miss = missed(costs, load.backend_seconds)
        result = {
            "hit_rate": counts.hits / asked,
            "requests": float(counts.requests),
            "hits": float(counts.hits),
            "misses": float(counts.misses),
            "evictions": float(counts.evictions),
            "expirations": float(counts.expirations),
            "entries": float(counts.entries),
            **mix([(counts.hits, costs["hit"]), (counts.misses, miss)]),
            "memory_bytes": counts.entries * costs["bytes_per_entry"] + counts.bytes,
        }
        spent = result.get("latency_seconds_mean", 0.0) + costs.get("overhead_seconds", 0.0)
        fastest = load.concurrency / spent if spent > 0 else 0.0
        result["throughput_per_second"] = min(fastest, self._pace(load))
        if self.trace.sizes is not None and counts.requests == len(self.trace):
            result["byte_hit_rate"] = counts.hit_bytes / max(self._looped.all_bytes, 1)
        return result | daily_cost(result, load, self.trace)

    def _pace(self, load: LoadSettings) -> float:
        """Return how many requests per second come; infinite where they come as fast as can be."""
        if load.request_rate is not None:
            return load.request_rate
        if load.speedup is None or self.trace.times is None:
            return math.inf
        return load.speedup * len(self.trace) / pass_seconds(self.trace.times)

    def _counted(
        self, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> CacheCounts:
        if last <= first:
            return CacheCounts(0, 0, 0, 0, 0, 0, 0, 0)

        def compute() -> CacheCounts:
            one_pass = self._one_pass(settings, load, first, last)
            if one_pass is not None:
                return one_pass
            if self._is_plain(settings, load):
                return self._plain(settings, first, last)
            return self._bounded(settings, load, first, last)

        whole = first == 0 and last == len(self.trace)
        kept = self._counts if whole else self._slices
        return kept.answer(self._key(settings, load, first, last), compute)

    def _plain(self, settings: CacheSettings, first: int, last: int) -> CacheCounts:
        size = min(settings.max_cache_size, self.trace.n_keys)
        held = min(size, self._looped.distinct(last))
        held_before = min(size, self._looped.distinct(first)) if first else 0
        hits, hit_bytes = self._hits(settings.policy, size, first, last)
        misses = last - first - hits
        evictions = misses - held + held_before
        return CacheCounts(
            last - first, hits, misses, evictions, 0, hit_bytes, held, self._mean_bytes(held)
        )

    def _hits(self, policy: str, size: int, first: int, last: int) -> tuple[int, int]:
        """Return the hits of a slice of requests, and the sizes of those requests together."""
        sizes = self._looped.sizes(last)
        whole = first == 0 and last == len(self.trace)
        if policy == "lru" and whole and self._curve is not None and sizes is None:
            return int(self._curve[size]), 0
        requests = self._requests(last)
        if sizes is not None:
            hit = kernels.policy_hits(policy, requests, size, 1)[first:] > 0
            return int(hit.sum()), int(sizes[first:][hit].sum())
        if first == 0:
            return int(kernels.policy_hits(policy, requests, size).sum()), 0
        return int(kernels.policy_hits(policy, requests, size, first)[1:].sum()), 0

    def _requests(self, last: int) -> kernels.Requests:
        previous, following = self._looped.reuse(last)
        return kernels.Requests(self._looped.ids(last), self.trace.n_keys, previous, following)

    def _mean_bytes(self, entries: int) -> int:
        """Return what so many entries hold, where a kernel does not count it."""
        sizes = self.trace.sizes
        if sizes is None:
            return 0
        if self._mean_size is None:
            size_of = np.zeros(self.trace.n_keys, np.int64)
            size_of[self.trace.ids] = sizes
            self._mean_size = float(size_of.mean())
        return round(entries * self._mean_size)

    def _one_pass(
        self, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> CacheCounts | None:
        """Return what `LruBytes` answers, if it does, once `prepare` was called."""
        known, whole = self._lru_bytes, first == 0 and last == len(self.trace)
        size, most = settings.max_cache_size, settings.max_bytes
        if known is None or not whole or not self._is_one_pass(settings, load):
            return None
        if not known.answers(most):
            return None
        hits, hit_bytes = known.hits(size, most)
        entries, held = known.held(size, most)
        misses = last - hits
        return CacheCounts(last, hits, misses, misses - entries, 0, hit_bytes, entries, held)

    def _bounded(
        self, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> CacheCounts:
        if settings.policy in FUTURE_POLICIES:
            raise BadInputError(no_bounds(settings.policy), "policy")
        ttl = math.inf if settings.ttl_seconds is None else settings.ttl_seconds
        known, whole = self._lru_lifetimes, first == 0 and last == len(self.trace)
        if known is not None and whole and self._is_lazy_lru(settings, load):
            counted = known.counts(settings.max_cache_size, ttl, load.request_rate)
        else:
            counted = self._simulated(settings, load, first, last)
        counts = CacheCounts(last - first, **counted._asdict())
        if self.trace.sizes is not None:
            return counts
        return dataclasses.replace(counts, hit_bytes=0, bytes=0)

    def _simulated(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        first: int,
        last: int,
        history: npt.NDArray[np.int32] | None = None,
    ) -> kernels.Counts:
        sizes = self._looped.sizes(last)
        return kernels.policy_counts(
            settings.policy,
            self._looped.ids(last),
            self.trace.n_keys,
            settings.max_cache_size,
            sizes=sizes,
            max_bytes=(settings.max_bytes or 0) if sizes is not None else 0,
            times=self._looped.times(last, load.request_rate),
            ttl=math.inf if settings.ttl_seconds is None else settings.ttl_seconds,
            ttls=self._looped.ttls(last),
            start=first,
            eager=settings.expiry == "eager",
            history=history,
        )

    def _ages(self, settings: CacheSettings, load: LoadSettings) -> bool:
        timed = self.trace.times is not None or load.request_rate is not None
        return timed and (settings.ttl_seconds is not None or self.trace.ttls is not None)

    def _is_plain(self, settings: CacheSettings, load: LoadSettings) -> bool:
        if self._ages(settings, load):
            return False
        return self.trace.sizes is None or (
            settings.policy in FUTURE_POLICIES and settings.max_bytes is None
        )

    def _is_one_pass(self, settings: CacheSettings, load: LoadSettings) -> bool:
        return settings.policy == "lru" and not self._ages(settings, load)

    def _is_lazy_lru(self, settings: CacheSettings, load: LoadSettings) -> bool:
        if settings.policy != "lru" or settings.expiry != "lazy" or not self._ages(settings, load):
            return False
        return settings.max_bytes is None or self.trace.sizes is None

    def _key(
        self, settings: CacheSettings, load: LoadSettings, first: int, last: int
    ) -> tuple[Any, ...]:
        size = min(settings.max_cache_size, self.trace.n_keys)
        if self._is_plain(settings, load):
            return (settings.policy, size, first, last)
        if settings.max_bytes is not None:
            # A policy that shares out its bounds tells one beyond the number of keys from another.
            size = settings.max_cache_size
        rate = load.request_rate if self.trace.times is None else None
        ages = (settings.ttl_seconds, settings.expiry, rate)
        return (settings.policy, size, settings.max_bytes, *ages, first, last)
