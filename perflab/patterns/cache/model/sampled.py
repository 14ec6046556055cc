"""The cache's what-if on samples of the keys, with an error from repeated draws."""

from __future__ import annotations

import copy
import dataclasses
import math
import threading
from collections.abc import Hashable
from functools import cached_property
from typing import Any

from perflab.errors import BadInputError
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Prediction
from perflab.modelling.scaling import IN_FULL, off_by_scaling
from perflab.patterns.cache.model.draws import FEWEST_ENTRIES, Draw, Layer
from perflab.patterns.cache.model.estimates import Estimate, half_band
from perflab.patterns.cache.model.key_samples import FEWEST_KEYS, KeySampler
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.units import counted, percent
from perflab.workloads.kinds.trace import Trace

DRAWS = 4
_ON_A_LINE = sorted(CacheSettings.model_fields.keys() - {"max_cache_size", "negative_ttl_seconds"})
_LAYER_REQUESTS = 1_000_000
_WARMING = 40


class SampledCacheModel:
    """Predictions from a cache scaled down with its keys, made for several independent samples.

    A cache of ``share`` times the size sees the requests for ``share`` of the keys: miniature
    simulation (Waldspurger et al., "Cache modeling and optimization using miniature simulations",
    USENIX ATC 2017). Scaled down to less than 50 entries it tells little; but a small cache has a
    short memory, so that it is asked with ten times as many keys over a tenth of the time.

    Args:
        trace: The whole workload.
        share: The share of the keys; raised where fewer than 10,000 would be left.
        method: ``stratified`` or ``spatial``, see `KeySampler`; the latter is used as published,
            with the same keys at every size.
        seed: What chance starts from.

    Raises:
        BadInputError: If the share is not above 0 and at most 1, or there is no such method.
    """

    def __init__(
        self, trace: Trace, share: float, method: str = "stratified", seed: int = 0
    ) -> None:
        if not 0 < share <= 1:
            raise BadInputError("a sample is a share of the keys, above 0 and at most 1", "sample")
        self.trace = trace
        self.share = min(1.0, max(share, FEWEST_KEYS / trace.n_keys))
        self.whole = CacheModel(trace)
        self._asked = share
        self._seeds = range(DRAWS * seed, DRAWS * (seed + 1))
        self._sampler = KeySampler(trace, method)
        self._begin(max(_LAYER_REQUESTS, self.share * len(trace)))
        if method == "spatial":
            del self._layers[1:]
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Draw the samples that all answers lean on, and find what is reused in each."""
        if self.share < 1:
            for layer in self._layers:
                for draw in self._drawn(layer):
                    draw.prepare()

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether all draws have an answer."""
        if self.in_full(settings):
            return self.whole.ready(settings, load)
        return self.known(settings, load) >= DRAWS

    def predict(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
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
        if self.in_full(settings):
            exact = self.whole.predict(settings, load, costs)
            remarks = exact.remarks
            if self.share < 1:
                text = f"{settings.policy} does not scale down with its keys: answered in full"
                remarks = (*remarks, text)
            return dataclasses.replace(exact, remarks=remarks)
        for draw in range(DRAWS):
            self.draw(settings, load, draw)
        found = self.estimate(settings, load, costs)
        assert found is not None  # noqa: S101  (all draws are there)
        return found

    def in_full(self, settings: CacheSettings) -> bool:
        """Say whether settings are answered from all requests."""
        return self.share >= 1 or settings.policy in IN_FULL

    def known(self, settings: CacheSettings, load: LoadSettings) -> int:
        """Return how many draws have an answer."""
        return len(self._found(settings, load))

    def draw(self, settings: CacheSettings, load: LoadSettings, number: int) -> None:
        """Compute the answer of one draw, unless it is known."""
        found = self._found(settings, load)
        if number in found:
            return
        layer = self._layer(settings)
        found[number] = self._drawn(layer)[number].estimate(settings, load)

    def quick(self, requests: int) -> SampledCacheModel:
        """Return a model with as few keys as tell enough, and at most so many requests a draw."""
        other = copy.copy(self)
        other.share = min(1.0, FEWEST_KEYS / self.trace.n_keys)
        other._begin(requests)  # noqa: SLF001 - one of its own kind
        return other

    def _begin(self, most: float) -> None:
        self._layers = Layer.down_from(self.share, len(self.trace), most)
        self._estimates: dict[Hashable, dict[int, dict[int, Estimate]]] = {}
        self._sharp: KeptAnswers[Hashable, tuple[Costs, Prediction]] = KeptAnswers()

    def estimate(
        self, settings: CacheSettings, load: LoadSettings, costs: Costs, band: float = 0.5
    ) -> Prediction | None:
        """Return the mean of the draws that are known; none where there is none.

        Args:
            settings: The cache's.
            load: The load's.
            costs: What it costs.
            band: The error where not all draws are known, which have no spread of their own.
        """
        line, size = self.line(settings, load), self._size(settings)
        found = list(self.answers(line).get(size, {}).values())
        if not found:
            return None
        if len(found) < DRAWS:
            return self._told(settings, load, costs, Estimate.mean(found), band)
        told = self._sharp.get((line, size, load))
        if told is None or told[0] is not costs:
            error = half_band(found)
            answer = self._told(settings, load, costs, Estimate.mean(found), error)
            told = costs, answer
            self._sharp.keep((line, size, load), told)
        return told[1]

    def _told(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        costs: Costs,
        mean: Estimate,
        error: float,
    ) -> Prediction:
        layer = self._layer(settings)
        error = math.hypot(error, self._off_alike(settings, layer))
        metrics, low, high = (
            self.whole.metrics(self._counts(mean, off), load, costs) for off in (0, -error, error)
        )
        return Prediction(
            metrics,
            sampled=layer.share * layer.span,
            error=error,
            remarks=(*self.whole.remarks(settings, load), *self._raised),
            low=low,
            high=high,
        )

    def line(self, settings: CacheSettings, load: LoadSettings) -> tuple[Any, ...]:
        """Return what an answer depends on besides the size."""
        values = (getattr(settings, name) for name in _ON_A_LINE)
        ages = settings.ttl_seconds is not None or self.trace.ttls is not None
        rate = load.request_rate if ages and self.trace.times is None else None
        return (*values, rate)

    def answers(self, line: Hashable) -> dict[int, dict[int, Estimate]]:
        """Return what is known on a line, by size and draw; what is put into it is known too."""
        return self._estimates.setdefault(line, {})

    def _found(self, settings: CacheSettings, load: LoadSettings) -> dict[int, Estimate]:
        return self.answers(self.line(settings, load)).setdefault(self._size(settings), {})

    def _size(self, settings: CacheSettings) -> int:
        return min(settings.max_cache_size, self.trace.n_keys)

    def _entries(self, settings: CacheSettings) -> float:
        entries = float(self._size(settings))
        if settings.max_bytes is not None and self.trace.sizes is not None:
            return min(entries, settings.max_bytes / self._mean_size)
        return entries

    def _layer(self, settings: CacheSettings) -> Layer:
        entries = self._entries(settings)
        fitting = (each for each in self._layers if entries * each.share >= FEWEST_ENTRIES)
        return next(fitting, self._layers[-1])

    def _off_alike(self, settings: CacheSettings, layer: Layer) -> float:
        if layer.share * layer.span >= 1:
            return 0.0
        entries = max(1.0, self._entries(settings) * layer.share)
        policy = settings.policy
        ages = settings.ttl_seconds is not None or self.trace.ttls is not None
        if layer.share < 1:
            return off_by_scaling(policy, entries, ages=ages)
        # Not scaled down at all, but cold at first: the less, the longer it is looked at.
        looked_at = layer.span * len(self.trace) / _WARMING
        return off_by_scaling(policy, looked_at / entries, ages=ages)

    def _drawn(self, layer: Layer) -> list[Draw]:
        with self._lock:
            if not layer.draws:
                samples = self._sampler.draw(layer.share, layer.span, self._seeds)
                layer.draws = [Draw(sample) for sample in samples]
            return layer.draws

    def _counts(self, mean: Estimate, off: float) -> Any:
        moved = dataclasses.replace(mean, hit_rate=mean.hit_rate + off)
        return moved.counts(len(self.trace), self._all_bytes)

    @cached_property
    def _all_bytes(self) -> int:
        return 0 if self.trace.sizes is None else int(self.trace.sizes.sum())

    @cached_property
    def _mean_size(self) -> float:
        return max(1.0, self._all_bytes / len(self.trace))

    @property
    def _raised(self) -> tuple[str, ...]:
        if self.share <= self._asked:
            return ()
        kept = f"{counted(FEWEST_KEYS, 'key')} are kept, since fewer say too little"
        return (
            f"sampled {percent(self.share)} of the keys instead of {percent(self._asked)}: {kept}",
        )
