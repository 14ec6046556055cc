"""`ScaledDown`: small caches with samples of a trace's keys, which tell of the whole cache."""

from __future__ import annotations

import copy
import dataclasses
import threading
from collections.abc import Hashable
from functools import cached_property

from perflab.errors import BadInputError
from perflab.modelling.looped import LoopedTrace
from perflab.modelling.scaling import IN_FULL, off_by_scaling
from perflab.patterns.cache.model.estimates import FEWEST_ENTRIES, Draw, Estimate, Layer
from perflab.patterns.cache.model.key_samples import FEWEST_KEYS, KeySampler
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.units import counted, percent
from perflab.workloads.kinds.trace import Trace

DRAWS = 4
_ON_A_LINE = sorted(CacheSettings.model_fields.keys() - {"max_cache_size", "negative_ttl_seconds"})
_LAYER_REQUESTS = 1_000_000
_WARMING = 40


class ScaledDown:
    """Several independent samples of the keys, and what each has said by now.

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
        self._asked = share
        self._seeds = range(DRAWS * seed, DRAWS * (seed + 1))
        self._sampler = KeySampler(trace, method)
        self._begin(max(_LAYER_REQUESTS, self.share * len(trace)))
        if method == "spatial":
            del self._layers[1:]
        self._lock = threading.Lock()

    def quick(self, requests: int) -> ScaledDown:
        """Return one with as few keys as tell enough, and at most so many requests a draw."""
        other = copy.copy(self)
        other.share = min(1.0, FEWEST_KEYS / self.trace.n_keys)
        other._begin(requests)  # noqa: SLF001 - one of its own kind
        return other

    def _begin(self, most: float) -> None:
        self._layers = Layer.down_from(self.share, len(self.trace), most)
        self._estimates: dict[Hashable, dict[int, dict[int, Estimate]]] = {}

    def prepare(self) -> None:
        """Draw the samples that all answers lean on, and find what is reused in each."""
        if self.share < 1:
            for layer in self._layers:
                for draw in self._drawn(layer):
                    draw.prepare()

    def in_full(self, settings: CacheSettings) -> bool:
        """Say whether settings are answered from all requests."""
        return self.share >= 1 or settings.policy in IN_FULL

    def known(self, settings: CacheSettings, load: LoadSettings) -> int:
        """Return how many draws have an answer."""
        return len(self._found(settings, load))

    def draws(self, settings: CacheSettings, load: LoadSettings) -> list[Estimate]:
        """Return the answers of the draws that have one."""
        return list(self.answers(self.line(settings, load)).get(self.size(settings), {}).values())

    def draw(self, settings: CacheSettings, load: LoadSettings, number: int) -> None:
        """Compute the answer of one draw, unless it is known."""
        found = self._found(settings, load)
        if number in found:
            return
        layer = self._layer(settings)
        found[number] = self._drawn(layer)[number].estimate(settings, load)

    def line(self, settings: CacheSettings, load: LoadSettings) -> tuple[Hashable, ...]:
        """Return what an answer depends on besides the size."""
        values = (getattr(settings, name) for name in _ON_A_LINE)
        rate = load.request_rate if self._ages(settings) and self.trace.times is None else None
        return (*values, rate)

    def size(self, settings: CacheSettings) -> int:
        """Return the entries that decide over an answer, at most all keys."""
        return min(settings.max_cache_size, self.trace.n_keys)

    def answers(self, line: Hashable) -> dict[int, dict[int, Estimate]]:
        """Return what is known on a line, by size and draw; what is put into it is known too."""
        return self._estimates.setdefault(line, {})

    def looked_at(self, settings: CacheSettings) -> float:
        """Return the share of the workload that a draw looks at."""
        layer = self._layer(settings)
        return layer.share * layer.span

    def off_alike(self, settings: CacheSettings) -> float:
        """Return how far all draws are off alike, for being small or cold at first."""
        layer = self._layer(settings)
        if layer.share * layer.span >= 1:
            return 0.0
        entries = max(1.0, self._entries(settings) * layer.share)
        policy, ages = settings.policy, self._ages(settings)
        if layer.share < 1:
            return off_by_scaling(policy, entries, ages=ages)
        # Not scaled down at all, but cold at first: the less, the longer it is looked at.
        looked_at = layer.span * len(self.trace) / _WARMING
        return off_by_scaling(policy, looked_at / entries, ages=ages)

    def counts(self, mean: Estimate, off: float) -> CacheCounts:
        """Return the counts over all requests at a hit rate so far off the mean's."""
        moved = dataclasses.replace(mean, hit_rate=mean.hit_rate + off)
        alone = self.trace.operations is None
        return moved.counts(self.trace.reads, self._all_bytes, gets_alone=alone)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user must know of the sample."""
        if self.share <= self._asked:
            return ()
        kept = f"{counted(FEWEST_KEYS, 'key')} are kept, since fewer say too little"
        return (
            f"sampled {percent(self.share)} of the keys instead of {percent(self._asked)}: {kept}",
        )

    def _ages(self, settings: CacheSettings) -> bool:
        return settings.ttl_seconds is not None or self.trace.ttls is not None

    def _found(self, settings: CacheSettings, load: LoadSettings) -> dict[int, Estimate]:
        return self.answers(self.line(settings, load)).setdefault(self.size(settings), {})

    def _entries(self, settings: CacheSettings) -> float:
        entries = float(self.size(settings))
        if settings.max_bytes is not None and self.trace.sizes is not None:
            return min(entries, settings.max_bytes / self._mean_size)
        return entries

    def _layer(self, settings: CacheSettings) -> Layer:
        entries = self._entries(settings)
        fitting = (each for each in self._layers if entries * each.share >= FEWEST_ENTRIES)
        return next(fitting, self._layers[-1])

    def _drawn(self, layer: Layer) -> list[Draw]:
        with self._lock:
            if not layer.draws:
                samples = self._sampler.draw(layer.share, layer.span, self._seeds)
                layer.draws = [Draw(sample) for sample in samples]
            return layer.draws

    @cached_property
    def _all_bytes(self) -> int:
        return LoopedTrace(self.trace).all_bytes

    @cached_property
    def _mean_size(self) -> float:
        return max(1.0, self._all_bytes / self.trace.reads)
