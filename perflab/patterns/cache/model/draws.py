"""Samples of a cache's requests, and the small caches that answer for the whole one."""

from __future__ import annotations

import dataclasses

from perflab.patterns.cache.model.estimates import Estimate
from perflab.patterns.cache.model.key_samples import KeySample
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

FEWEST_ENTRIES = 50
"""A cache that is scaled down to fewer tells little of the whole one."""


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
    """One sample and the models that answer for it."""

    def __init__(self, sample: KeySample) -> None:
        self._sample = sample
        self._model = CacheModel(sample.trace, sample.places)

    def prepare(self) -> None:
        """Compute what answers lean on: reuse, and LRU at all sizes."""
        self._model.prepare()

    def estimate(self, settings: CacheSettings, load: LoadSettings) -> Estimate:
        """Return what the sample says of a cache."""
        ages = settings.ttl_seconds is not None or self._sample.trace.ttls is not None
        if settings.policy == "lru" and not ages:
            self._model.prepare()
        scaled = settings.max_cache_size * self._sample.share
        if scaled >= FEWEST_ENTRIES or scaled == int(scaled):
            return self._at(round(scaled), settings, load)
        low, high = (self._at(int(scaled) + more, settings, load) for more in (0, 1))
        return Estimate.between(low, high, scaled - int(scaled))

    def _at(self, size: int, settings: CacheSettings, load: LoadSettings) -> Estimate:
        if size < 1:
            return Estimate(0.0, 0.0, 0.0, 0.0, 0.0)
        most = settings.max_bytes
        if most is not None:
            most = max(1, round(most * self._sample.bytes_share))
        there = settings.change(max_cache_size=size, max_bytes=most)
        return Estimate.of(self._sample, self._model.counts(there, load))
