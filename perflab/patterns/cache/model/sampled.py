"""The cache's what-if on samples of the keys, with an error from repeated draws."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Sequence

from perflab.errors import BadInputError
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.estimates import Estimate, half_band
from perflab.patterns.cache.model.metrics import CacheCosts
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.scaled_down import DRAWS, ScaledDown
from perflab.patterns.cache.policies import TITLES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


class SampledCacheModel:
    """Predictions at given costs from caches that are scaled down with their keys.

    Args:
        scaled: The small caches, which keep what they have said.
        whole: The model of all requests, for what does not scale down.
    """

    def __init__(self, scaled: ScaledDown, whole: CacheModel) -> None:
        self.scaled = scaled
        self.whole = whole
        self._sharp: KeptAnswers[Hashable, Prediction] = KeptAnswers()

    @classmethod
    def of(
        cls, trace: Trace, costs: Costs, share: float, method: str = "stratified", seed: int = 0
    ) -> SampledCacheModel:
        """Return the model of a share of a trace's keys; the arguments are those of `ScaledDown`.

        Raises:
            BadInputError: If the share is not above 0 and at most 1, or there is no such method.
        """
        scaled = ScaledDown(trace, share, method, seed)
        return cls(scaled, CacheModel(CacheCounter(trace), CacheCosts.of(costs)))

    def with_costs(self, costs: Costs) -> SampledCacheModel:
        """Return the same at other costs; the two share all draws and counts."""
        return SampledCacheModel(self.scaled, self.whole.with_costs(costs))

    def quick(self, requests: int) -> SampledCacheModel:
        """Return a model with as few keys as tell enough, and at most so many requests a draw."""
        return SampledCacheModel(self.scaled.quick(requests), self.whole)

    def prepare(self) -> None:
        """Draw the samples that all answers lean on, and find what is reused in each."""
        self.scaled.prepare()

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether all draws have an answer."""
        if self.scaled.in_full(settings):
            return self.whole.ready(settings, load)
        return self.scaled.known(settings, load) >= DRAWS

    def predict(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the mean of all draws.

        The error is half of the 95 % band that draws which differ tell of, and what a small cache
        is off in all of them alike: by measurement, scaled down to 50 entries, 0.2 points with LRU
        and FIFO, 2.8 with W-TinyLFU, whose ageing follows the size, 0.8 with other policies; with
        more entries less, by their root.

        Raises:
            BadInputError: If only some of the requests are asked for, or no exact answer is known.
        """
        if requests is not None:
            raise BadInputError("a sample answers for all requests only", "sample")
        if self.scaled.in_full(settings):
            exact = self.whole.predict(settings, load)
            remarks = exact.remarks
            if self.scaled.share < 1:
                text = (
                    f"{TITLES[settings.policy]} does not scale down with its keys: answered in full"
                )
                remarks = (*remarks, text)
            return dataclasses.replace(exact, remarks=remarks)
        for draw in range(DRAWS):
            self.scaled.draw(settings, load, draw)
        found = self.estimate(settings, load)
        assert found is not None  # noqa: S101  (all draws are there)
        return found

    def estimate(
        self, settings: CacheSettings, load: LoadSettings, band: float = 0.5
    ) -> Prediction | None:
        """Return the mean of the draws that are known; none where there is none.

        Args:
            settings: The cache's.
            load: The load's.
            band: The error where not all draws are known, which have no spread of their own.
        """
        found = self.scaled.draws(settings, load)
        if not found:
            return None
        if len(found) < DRAWS:
            return self._told(settings, load, Estimate.mean(found), band)
        # Asked for each point of each line of a panel, again and again.
        key = (self.scaled.line(settings, load), self.scaled.size(settings), load)
        return self._sharp.answer(
            key,
            lambda: self._told(
                settings,
                load,
                Estimate.mean(found),
                half_band([draw.hit_rate for draw in found]),
                _half_band_of_times(found, load),
            ),
        )

    def _told(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        mean: Estimate,
        error: float,
        error_of_times: float | None = None,
    ) -> Prediction:
        """Return the prediction of a mean, which may be off by so much.

        The ends of the band are those at which hit rate and backend time saved are both lower, and
        both higher.
        """
        alike = self.scaled.off_alike(settings)
        of_times = math.hypot(error if error_of_times is None else error_of_times, alike)
        error = math.hypot(error, alike)
        metrics, low, high = (
            self._at_end(mean, end * error, end * of_times, load) for end in (0, -1, 1)
        )
        return Prediction(
            metrics,
            sampled=self.scaled.looked_at(settings),
            error=error,
            remarks=(*self.whole.remarks(settings, load), *self.scaled.remarks),
            low=low,
            high=high,
            missed=mean.missed,
        )

    def _at_end(self, mean: Estimate, off: float, off_times: float, load: LoadSettings) -> Metrics:
        counts = self.scaled.counts(mean, off)
        missed = mean.missed
        if missed is not None and off:
            missed = missed.moved(-off_times, counts.misses, load)
        return self.whole.metrics(counts, load, missed)


def _half_band_of_times(draws: Sequence[Estimate], load: LoadSettings) -> float | None:
    """Return half the width of the 95 % band around the share of backend time that is saved.

    None where there is no such share.
    """
    shares = [draw.missed.missed_share(load) for draw in draws if draw.missed is not None]
    known = [share for share in shares if share is not None]
    return half_band(known) if len(known) == len(draws) else None
