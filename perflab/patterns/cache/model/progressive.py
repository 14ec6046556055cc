"""The cache's what-if for large traces: a sample's answer at once, then sharper, then exact."""

from __future__ import annotations

import threading

from perflab.callbacks import Cancelled
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.cache.model.exact_points import ExactPoints
from perflab.patterns.cache.model.key_samples import FEWEST_KEYS
from perflab.patterns.cache.model.sampled import SampledCacheModel
from perflab.patterns.cache.model.scaled_down import DRAWS
from perflab.patterns.cache.policies import TITLES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

LARGE = 5_000_000
"""Requests up to which an exact answer comes within about 100 ms."""

_SHARE = 0.01
_SAMPLED_REQUESTS = 1_000_000
_FIRST_REQUESTS = 100_000
_WORTH_IT = 0.25


class ProgressiveCacheModel:
    """Predictions of one large trace at given costs, as sharp as they are known by now.

    A first preview is of samples of 10,000 keys and at most 100,000 requests; a second one is a
    draw of a hundredth of the keys, or of fewer where that would be more than a million requests.
    `predict` takes all such draws, and `settle` makes the present point exact, or all sizes where
    one pass answers them. What is known is kept by the workload's fingerprint on disk. LFU does
    not scale down: it is answered in full.

    Args:
        quick: The first, small samples.
        sampled: The large ones.
        exact: What is known exactly.
        settling: Held while a point is made exact, so that they are made one after the other.
    """

    def __init__(
        self,
        quick: SampledCacheModel,
        sampled: SampledCacheModel,
        exact: ExactPoints,
        settling: threading.Lock,
    ) -> None:
        self._quick = quick
        self._sampled = sampled
        self._exact = exact
        self._settling = settling
        self._scaled = sampled.scaled
        self._whole = sampled.whole

    @classmethod
    def of(cls, trace: Trace, costs: Costs) -> ProgressiveCacheModel:
        """Return the model of a trace at what a calibration measured."""
        sampled = SampledCacheModel.of(trace, costs, panel_share(trace))
        exact = ExactPoints(sampled.whole.counter, sampled.scaled)
        return cls(sampled.quick(_FIRST_REQUESTS), sampled, exact, threading.Lock())

    def with_costs(self, costs: Costs) -> ProgressiveCacheModel:
        """Return the same at other costs; the two share all draws and counts."""
        sampled = self._sampled.with_costs(costs)
        quick = SampledCacheModel(self._quick.scaled, sampled.whole)
        return ProgressiveCacheModel(quick, sampled, self._exact, self._settling)

    def prepare(self) -> None:
        """Draw the samples, those of the first pictures first."""
        self._quick.prepare()
        self._sampled.prepare()

    def predict(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the exact answer where it is known or some requests are asked for, else sampled.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        if requests is not None:
            return self._whole.predict(settings, load, requests)
        if self._scaled.in_full(settings) and not self._exact.knows(settings, load):
            self._exact.count(settings, load)
        if not self._exact.knows(settings, load):
            fresh = self._scaled.known(settings, load) < DRAWS
            answer = self._sampled.predict(settings, load)
            if fresh:
                self._exact.note(settings, load)
            return answer
        missed = self._whole.counter.missed(settings, load)
        return Prediction(
            self._whole.metrics(self._exact.counts(settings, load), load, missed),
            remarks=self._remarks(settings, load),
            missed=missed,
        )

    def preview(self, settings: CacheSettings, load: LoadSettings) -> Prediction:
        """Return a rough answer: first of the quickest samples, then of a draw of the large ones.

        A single draw is given the band that the quick samples tell, which have fewer keys.
        """
        if self._scaled.in_full(settings) or self.ready(settings, load):
            return self.predict(settings, load)
        if not self._quick.ready(settings, load):
            return self._quick.predict(settings, load)
        self._scaled.draw(settings, load, 0)
        found = self.best_known(settings, load)
        assert found is not None  # noqa: S101  (a draw is there)
        return found

    def best_known(self, settings: CacheSettings, load: LoadSettings) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""
        if self.ready(settings, load):
            return self.predict(settings, load)
        if self._scaled.in_full(settings):
            return None
        first = self._quick.estimate(settings, load)
        band = 0.5 if first is None else first.error
        return self._sampled.estimate(settings, load, band) or first

    def has_rough_answer(self, settings: CacheSettings) -> bool:
        """Say whether a sample answers settings."""
        return not self._scaled.in_full(settings)

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` would answer at once."""
        if self._exact.knows(settings, load):
            return True
        if self._scaled.in_full(settings):
            return False
        return self._scaled.known(settings, load) >= DRAWS

    def settle(self, settings: CacheSettings, load: LoadSettings, cancelled: Cancelled) -> None:
        """Make a point exact, one after the other, unless it is cancelled before it begins."""
        with self._settling:
            if cancelled() or self._exact.knows(settings, load):
                return
            if settings.policy == "lru":
                self._whole.prepare()
            self._exact.count(settings, load)

    def _remarks(self, settings: CacheSettings, load: LoadSettings) -> tuple[str, ...]:
        said = self._whole.remarks(settings, load)
        if not self._scaled.in_full(settings):
            return said
        title = TITLES[settings.policy]
        return (*said, f"{title} does not scale down with its keys: answered in full")


def panel_share(trace: Trace) -> float:
    """Return the share of the keys that answers a slider."""
    share = min(_SHARE, _SAMPLED_REQUESTS / len(trace))
    return min(1.0, max(share, FEWEST_KEYS / trace.n_keys))


def is_large(trace: Trace) -> bool:
    """Say whether a trace is answered sooner from a sample, and the sample is much smaller."""
    return len(trace) > LARGE and panel_share(trace) <= _WORTH_IT
