"""`Estimate`: what a sample of the keys says of the whole cache, and of several the mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from perflab.modelling.student import t_95
from perflab.patterns.cache.model.counts import CacheCounts
from perflab.patterns.cache.model.key_samples import KeySample


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """Shares and counts of the whole cache, as one draw or the mean of several says.

    Attributes:
        hit_rate: From 0 to 1.
        byte_hit_rate: From 0 to 1; 0 where requests have no sizes.
        expirations: Over all requests.
        entries: Held at the end.
        bytes: Held at the end.
    """

    hit_rate: float
    byte_hit_rate: float
    expirations: float
    entries: float
    bytes: float

    @classmethod
    def of(cls, sample: KeySample, counts: CacheCounts) -> Estimate:
        """Scale up what a cache did over a sample.

        Misses are taken as a share of the requests that such a sample has on average, not of those
        that this one has: whether the most popular keys were drawn decides over the number of
        requests, but these hit. That is the adjustment of SHARDS-adj (Waldspurger et al., FAST
        2015, section 4.2), and exact where all keys are drawn.
        """
        missed_bytes = 0.0
        if sample.trace.sizes is not None and sample.expected_bytes:
            asked = int(sample.trace.sizes.sum())
            missed_bytes = (asked - counts.hit_bytes) / sample.expected_bytes
        return cls(
            1 - counts.misses / sample.expected,
            1 - missed_bytes,
            counts.expirations / (sample.share * sample.span),
            counts.entries / sample.share,
            counts.bytes / sample.bytes_share if sample.bytes_share else 0.0,
        )

    @classmethod
    def mean(cls, draws: Sequence[Estimate]) -> Estimate:
        """Return the mean of several draws."""
        columns = zip(*(dataclasses.astuple(draw) for draw in draws), strict=True)
        return cls(*(sum(column) / len(draws) for column in columns))

    @classmethod
    def between(cls, low: Estimate, high: Estimate, share: float) -> Estimate:
        """Return what lies at a share of the way between two."""
        pairs = zip(dataclasses.astuple(low), dataclasses.astuple(high), strict=True)
        return cls(*(a + share * (b - a) for a, b in pairs))

    def counts(self, requests: int, all_bytes: int) -> CacheCounts:
        """Return the counts over so many requests that ask for so many bytes."""
        hits = round(min(max(self.hit_rate, 0.0), 1.0) * requests)
        misses = requests - hits
        expired, entries = round(self.expirations), round(self.entries)
        return CacheCounts(
            requests=requests,
            hits=hits,
            misses=misses,
            evictions=max(0, misses - expired - entries),
            expirations=expired,
            hit_bytes=round(min(max(self.byte_hit_rate, 0.0), 1.0) * all_bytes),
            entries=entries,
            bytes=round(self.bytes),
        )


def half_band(draws: Sequence[Estimate]) -> float:
    """Return half the width of the 95 % band around the mean hit rate of at least two draws."""
    rates = np.array([draw.hit_rate for draw in draws])
    count = len(rates)
    return float(t_95(count) * rates.std(ddof=1) / np.sqrt(count))
