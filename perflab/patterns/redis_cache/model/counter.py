"""`RedisCounter`: the server's own eviction over a trace at a `maxmemory`."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.backend_times import backend_times_of
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.looped import LoopedTrace
from perflab.modelling.miss_times import MissTimes
from perflab.patterns.redis_cache.model.costs import RedisCosts
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

_UNBOUNDED = 2**62
_EVENTS = ("hits", "evictions", "expirations", "refused")


@dataclasses.dataclass(frozen=True)
class RedisQuery:
    """What decides over the counts of a server over some requests.

    Attributes:
        settings: The pattern's; of them the memory, its policy and lifetimes decide.
        load: The load's; of it the seed and what dates requests.
        costs: What dates requests where nothing else does, and what memory there is.
        first: The first request that is counted.
        last: The first request after them.
    """

    settings: RedisCacheSettings
    load: LoadSettings
    costs: RedisCosts
    first: int
    last: int

    def key(self, miss_seconds: float, *, timed: bool) -> tuple[object, ...]:
        """Return what tells it from others.

        Args:
            miss_seconds: What a miss takes, for the rate of requests that nothing dates.
            timed: Whether the trace has times.
        """
        settings, load, costs = self.settings, self.load, self.costs
        own = (
            *(settings.maxmemory, settings.maxmemory_policy, settings.maxmemory_samples),
            *(settings.ttl_seconds, settings.ttl_jitter, load.seed),
            *(costs.bytes_per_entry, costs.value_bytes, costs.server_bytes),
            *(costs.plain_bytes_per_entry, costs.slot_entries),
            *(self.first, self.last),
        )
        if load.request_rate is not None:
            return (*own, load.request_rate)
        if timed:
            return (*own, None, load.speedup)
        paced = (load.concurrency, costs.hit.mean, miss_seconds)
        return (*own, None, *paced, costs.overhead_seconds)


class RedisAnswer(NamedTuple):
    """What a server does over some requests.

    Attributes:
        counts: Its events.
        missed: The recorded backend times of the misses; none where the trace has none.
    """

    counts: kernels.RedisCounts
    missed: MissTimes | None


class RedisCounter:
    """The counts of one trace, at any settings and costs; keeps each that it has made.

    Hits are those of `kernels.redis_eviction`, with a fixed seed: another run of the same server
    differs by its draws, which is some hundredths of a point. An entry takes its own size and what
    `RedisCosts.entry_bytes` has at the fill that the memory leads to; `maxmemory` less
    ``server_bytes`` is what there is. The server's clock, which ticks once a second, dates uses
    and lifetimes: it follows the trace's times, or the rate, or what the measured costs allow
    where requests are not paced; a miss then takes what a miss of any read of the trace takes on
    average.

    Args:
        trace: The requests, as `replayed` returns them.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.looped = LoopedTrace(trace)
        self.backend = backend_times_of(trace)
        self._whole: KeptAnswers[tuple[object, ...], RedisAnswer] = KeptAnswers()
        self._slices: KeptAnswers[tuple[object, ...], RedisAnswer] = KeptAnswers(MOST_SLICES)

    def answer(self, query: RedisQuery) -> RedisAnswer:
        """Return what the server does."""
        whole = query.first == 0 and query.last == len(self.trace)
        kept = self._whole if whole else self._slices
        return kept.answer(self._key(query), lambda: self._counted(query))

    def ready(self, query: RedisQuery) -> bool:
        """Say whether the counts over all requests are known."""
        return self._key(query) in self._whole

    def outcomes(self, query: RedisQuery) -> kernels.Outcomes:
        """Return which of the requests hit, and the entries held after each."""
        history = kernels.new_history(len(self.trace))
        return kernels.Outcomes.of(history, self._at_rate(query, self._rate(query), history))

    def _key(self, query: RedisQuery) -> tuple[object, ...]:
        seconds = self._any_miss_seconds(query)
        return query.key(seconds, timed=self.trace.times is not None)

    def _any_miss_seconds(self, query: RedisQuery) -> float:
        """Return what a miss of any read takes on average."""
        costs, load = query.costs, query.load
        if self.backend is None:
            return costs.missed(load.backend_seconds).mean
        return self.backend.mean_miss(costs, load)

    def rate_at(self, query: RedisQuery, hit_rate: float) -> float:
        """Return how many rows per second measured costs allow at a hit rate."""
        reads = self.trace.reads / len(self.trace)
        seconds = self._any_miss_seconds(query)
        return query.costs.fastest(query.load, hit_rate, seconds, reads)

    def _counted(self, query: RedisQuery) -> RedisAnswer:
        first, last = query.first, query.last
        rows, length = last - first, len(self.trace)
        if rows <= 0:
            nothing = np.zeros(0, np.bool_)
            missed = None if self.backend is None else self.backend.missed(nothing)
            return RedisAnswer(kernels.RedisCounts(0, 0, 0, 0, 0, 0, 0), missed)
        if self.looped.settled(last) is None:
            return self._played(query)
        # From the second pass on every pass is like the second.
        begin = length + first % length if rows < length else length
        end = min(begin + rows, 2 * length)
        there = dataclasses.replace(query, first=begin, last=end)
        part, missed = self._played(there)
        times = rows / (end - begin)
        scaled = {name: round(getattr(part, name) * times) for name in _EVENTS}
        misses = self.looped.gets(first, last) - scaled["hits"]
        more = None if missed is None else MissTimes.together([(times, missed)])
        return RedisAnswer(part._replace(**scaled, misses=misses), more)

    def _played(self, query: RedisQuery) -> RedisAnswer:
        """Return what the server does over requests of the first two passes."""
        rate = self._rate(query)
        if self.backend is None:
            return RedisAnswer(self._at_rate(query, rate), None)
        history = kernels.new_history(query.last)
        counts = self._at_rate(query, rate, history)
        hit = kernels.Outcomes.of(history, counts).hit[query.first :]
        return RedisAnswer(counts, self.backend.missed(~hit, query.first))

    def _rate(self, query: RedisQuery) -> float | None:
        """Return the rate that dates requests; none where the trace does."""
        if self.trace.times is None and query.load.request_rate is None:
            # How many hits there are decides how fast requests come, and hardly the reverse.
            guess = self._at_rate(query, self.rate_at(query, 0.5))
            gets = max(1, guess.hits + guess.misses)
            return self.rate_at(query, guess.hits / gets)
        return query.load.request_rate

    def _at_rate(
        self,
        query: RedisQuery,
        rate: float | None,
        history: npt.NDArray[np.int32] | None = None,
    ) -> kernels.RedisCounts:
        settings, load, last = query.settings, query.load, query.last
        scope, _, policy = settings.maxmemory_policy.partition("-")
        most = settings.maxmemory
        if rate is None:
            times = self.looped.times(last, None)
            clock = load.speedup or 1.0
        else:
            times, clock = np.arange(last, dtype=np.float64) / rate, 1.0
        return kernels.redis_eviction(
            self.looped.ids(last),
            self.trace.n_keys,
            policy or scope,
            _UNBOUNDED if most is None else query.costs.room(most),
            self._entry_bytes(query, last),
            volatile=scope == "volatile",
            samples=settings.maxmemory_samples,
            times=times,
            ttl=math.inf if settings.ttl_seconds is None else settings.ttl_seconds,
            ttls=self.looped.ttls(last),
            jitter=settings.ttl_jitter,
            clock_seconds=clock,
            start=query.first,
            seed=load.seed,
            history=history,
            operations=self.looped.operations(last),
        )

    def _entry_bytes(self, query: RedisQuery, last: int) -> npt.NDArray[np.int64]:
        costs, settings = query.costs, query.settings
        expiring = settings.ttl_seconds is not None or self.trace.ttls is not None
        sizes = self.trace.sizes
        value = costs.value_bytes if sizes is None else float(sizes.mean())
        each = costs.entry_bytes(settings.maxmemory, value, self.trace.n_keys, expiring=expiring)
        rows = self.looped.sizes(last)
        if rows is None:
            return np.array([max(1, round(each + value))], np.int64)
        taken: npt.NDArray[np.int64] = rows + max(1, round(each))
        return taken
