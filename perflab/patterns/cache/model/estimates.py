"""`Draw` and `Estimate`: samples of a cache's requests, and what they say of the whole cache."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from perflab.modelling.looped import LoopedTrace
from perflab.modelling.miss_times import MissTimes
from perflab.modelling.student import t_95
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.key_samples import KeySample
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

FEWEST_ENTRIES = 50
"""A cache that is scaled down to fewer tells little of the whole one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """Shares and counts of the whole cache, as one draw or the mean of several says.

    Attributes:
        hit_rate: From 0 to 1.
        byte_hit_rate: From 0 to 1; 0 where requests have no sizes.
        expirations: Over all requests.
        entries: Held at the end.
        bytes: Held at the end.
        evictions: Over all requests; told by misses where requests are gets alone.
        missed: The recorded backend times of the misses; none where the trace has none.
    """

    hit_rate: float
    byte_hit_rate: float
    expirations: float
    entries: float
    bytes: float
    evictions: float = 0.0
    missed: MissTimes | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """All but `missed`, in their order."""
        return tuple(getattr(self, name) for name in _NUMBERS)

    @classmethod
    def of(
        cls,
        sample: KeySample,
        counts: CacheCounts,
        looped: LoopedTrace,
        missed: MissTimes | None = None,
    ) -> Estimate:
        """Scale up what a cache did over a sample.

        Misses are taken as a share of the requests that such a sample has on average, not of those
        that this one has: whether the most popular keys were drawn decides over the number of
        requests, but these hit. That is the adjustment of SHARDS-adj (Waldspurger et al., FAST
        2015, section 4.2), and exact where all keys are drawn.
        """
        missed_bytes = 0.0
        if sample.trace.sizes is not None and sample.expected_bytes:
            asked = looped.all_bytes
            missed_bytes = (asked - counts.hit_bytes) / sample.expected_bytes
        return cls(
            1 - counts.misses / sample.expected,
            1 - missed_bytes,
            counts.expirations / (sample.share * sample.span),
            counts.entries / sample.share,
            counts.bytes / sample.bytes_share if sample.bytes_share else 0.0,
            counts.evictions / (sample.share * sample.span),
            None if missed is None else _of_whole(missed, sample),
        )

    @classmethod
    def mean(cls, draws: Sequence[Estimate]) -> Estimate:
        """Return the mean of several draws."""
        return cls._weighted([(1 / len(draws), draw) for draw in draws])

    @classmethod
    def between(cls, low: Estimate, high: Estimate, share: float) -> Estimate:
        """Return what lies at a share of the way between two."""
        return cls._weighted([(1 - share, low), (share, high)])

    @classmethod
    def _weighted(cls, parts: Sequence[tuple[float, Estimate]]) -> Estimate:
        numbers = np.array([part.numbers for _, part in parts])
        mean = np.array([weight for weight, _ in parts]) @ numbers
        missed = [(weight, part.missed) for weight, part in parts if part.missed is not None]
        values = dict(zip(_NUMBERS, mean.tolist(), strict=True))
        return cls(**values, missed=MissTimes.together(missed) if missed else None)

    def counts(self, requests: int, all_bytes: int, *, gets_alone: bool = True) -> CacheCounts:
        """Return the counts over so many gets that ask for so many bytes.

        Args:
            requests: The gets.
            all_bytes: What they ask for.
            gets_alone: Whether there is nothing but gets, so that misses tell evictions.
        """
        hits = round(min(max(self.hit_rate, 0.0), 1.0) * requests)
        misses = requests - hits
        expired, entries = round(self.expirations), round(self.entries)
        return CacheCounts(
            requests=requests,
            hits=hits,
            misses=misses,
            evictions=max(0, misses - expired - entries) if gets_alone else round(self.evictions),
            expirations=expired,
            hit_bytes=round(min(max(self.byte_hit_rate, 0.0), 1.0) * all_bytes),
            entries=entries,
            bytes=round(self.bytes),
        )


_NUMBERS = tuple(field.name for field in dataclasses.fields(Estimate) if field.name != "missed")


def half_band(rates: Sequence[float]) -> float:
    """Return half the width of the 95 % band around the mean of what at least two draws say."""
    count = len(rates)
    return float(t_95(count) * np.std(rates, ddof=1) / np.sqrt(count))


def _of_whole(missed: MissTimes, sample: KeySample) -> MissTimes:
    """Scale up the backend times of a sample's misses, as a share of what such a sample asks for.

    As with the misses themselves, what the reads of this sample take does not count.
    """
    times = 1 / (sample.share * sample.span)
    scaled = MissTimes.together([(times, missed)])
    return dataclasses.replace(
        scaled,
        asked_seconds=sample.expected_seconds * times,
        asked_unknown=sample.expected_unknown * times,
    )


@dataclasses.dataclass(eq=False)
class Layer:
    """Samples of one share of the keys over one share of the requests."""

    share: float
    span: float
    draws: list[Draw] = dataclasses.field(default_factory=list)

    @classmethod
    def down_from(cls, share: float, requests: int, most: float) -> list[Layer]:
        """Return layers with ten times as many keys each, up to all, over less and less time.

        Args:
            share: Of the keys in the first.
            requests: Of the whole trace.
            most: Requests that a sample of each layer has at most, on average.
        """
        shares = [share]
        while shares[-1] < 1:
            shares.append(min(1.0, 10 * shares[-1]))
        return [cls(each, min(1.0, most / (each * requests))) for each in shares]


class Draw:
    """One sample and the small caches that answer for it."""

    def __init__(self, sample: KeySample) -> None:
        self._sample = sample
        self._counter = CacheCounter(sample.trace, sample.places)

    def prepare(self) -> None:
        """Compute what answers lean on: reuse, and LRU at all sizes."""
        self._counter.prepare()

    def estimate(self, settings: CacheSettings, load: LoadSettings) -> Estimate:
        """Return what the sample says of a cache."""
        ages = settings.ttl_seconds is not None or self._sample.trace.ttls is not None
        if settings.policy == "lru" and not ages:
            self._counter.prepare()
        scaled = settings.max_cache_size * self._sample.share
        if scaled >= FEWEST_ENTRIES or scaled == int(scaled):
            return self._at(round(scaled), settings, load)
        low, high = (self._at(int(scaled) + more, settings, load) for more in (0, 1))
        return Estimate.between(low, high, scaled - int(scaled))

    def _at(self, size: int, settings: CacheSettings, load: LoadSettings) -> Estimate:
        if size < 1:
            backend = self._counter.backend
            missed = None if backend is None else _of_whole(backend.whole, self._sample)
            return Estimate(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, missed)
        most = settings.max_bytes
        if most is not None:
            most = max(1, round(most * self._sample.bytes_share))
        there = settings.change(max_cache_size=size, max_bytes=most)
        counts = self._counter.counts(there, load)
        missed = self._counter.missed(there, load)
        return Estimate.of(self._sample, counts, self._counter.looped, missed)
