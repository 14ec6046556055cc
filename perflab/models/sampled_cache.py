"""The cache's what-if on a sample of the keys, with an error from repeated draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from perflab.models.cache import CacheModel
from perflab.models.prediction import Costs, Prediction
from perflab.settings import BadInputError, CacheSettings, LoadSettings
from perflab.workloads.trace import Trace

DRAWS = 4
FEWEST_KEYS = 100


class SampledCacheModel:
    """Predictions from a cache scaled down with its keys, made for several independent samples.

    The sample is stratified by frequency: keys are ordered by how often they are asked for, and
    one is drawn from each run of ``1 / share`` of them. A cache of ``share`` times the size sees
    the requests for those keys; hits are corrected by the difference between the requests that a
    sample should have and has (SHARDS-adj, Waldspurger et al., FAST 2015, section 4.2).

    Args:
        trace: The whole workload.
        share: The share of the keys, above 0 and at most 1.

    Raises:
        BadInputError: If fewer than 100 keys would be left.
    """

    def __init__(self, trace: Trace, share: float) -> None:
        if trace.n_keys * share < FEWEST_KEYS:
            least = min(1.0, FEWEST_KEYS / trace.n_keys)
            raise BadInputError(
                f"{share:g} of {trace.n_keys:,} keys leaves too few to tell; take at least "
                f"{least:.2g}, or none for an exact answer",
                "sample",
            )
        self._whole = CacheModel(trace)
        self._share = share
        self._trace = trace
        ranks = np.argsort(-np.bincount(trace.ids, minlength=trace.n_keys), kind="stable")
        self._draws = [
            CacheModel(_sample(trace, ranks, share, np.random.default_rng(seed)))
            for seed in range(DRAWS)
        ]

    def prepare(self) -> None:
        """Compute what all answers lean on."""
        for model in self._draws:
            model.prepare()

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether all samples have an answer."""
        return all(model.ready(self._scaled(settings), load) for model in self._draws)

    def predict(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the mean of the samples' predictions; the error is two standard errors.

        Raises:
            BadInputError: If only some of the requests are asked for, or no exact answer is known.
        """
        if requests is not None:
            raise BadInputError("a sample answers for all requests only", "sample")
        rates = np.array([self._hit_rate(model, settings, load) for model in self._draws])
        rate = float(np.clip(rates.mean(), 0.0, 1.0))
        counts = self._draws[0].counts(self._scaled(settings), load)
        asked = len(self._trace)
        hits = round(rate * asked)
        counts = dataclasses.replace(
            counts,
            requests=asked,
            hits=hits,
            misses=asked - hits,
            evictions=max(0, asked - hits - min(settings.max_cache_size, self._trace.n_keys)),
            expirations=round(counts.expirations / self._share),
            entries=round(counts.entries / self._share),
            bytes=round(counts.bytes / self._share),
            hit_bytes=round(counts.hit_bytes / self._share),
        )
        error = float(2 * rates.std(ddof=1) / np.sqrt(DRAWS))
        metrics = self._whole.metrics(counts, load, costs)
        remarks = self._whole.remarks(settings, load)
        return Prediction(metrics, sampled=self._share, error=error, remarks=remarks)

    def _hit_rate(self, model: CacheModel, settings: CacheSettings, load: LoadSettings) -> float:
        counts = model.counts(self._scaled(settings), load)
        expected = len(self._trace) * self._share
        return (counts.hits + expected - counts.requests) / expected

    def _scaled(self, settings: CacheSettings) -> CacheSettings:
        size = max(1, round(settings.max_cache_size * self._share))
        most = settings.max_bytes
        return settings.change(
            max_cache_size=size,
            max_bytes=None if most is None else max(1, round(most * self._share)),
        )


def _sample(
    trace: Trace, ranks: npt.NDArray[np.int64], share: float, draw: np.random.Generator
) -> Trace:
    """Return the requests for one key of each run of ``1 / share`` ranks, dated as they were."""
    runs = max(1, round(trace.n_keys * share))
    edges = np.linspace(0, trace.n_keys, runs + 1)
    places = (edges[:-1] + draw.random(runs) * np.diff(edges)).astype(np.int64)
    numbers = np.full(trace.n_keys, -1, dtype=np.int32)
    numbers[ranks[np.minimum(places, trace.n_keys - 1)]] = np.arange(runs, dtype=np.int32)
    ids = numbers[trace.ids]
    kept = ids >= 0
    return Trace(
        f"{trace.name} sampled",
        ids[kept],
        runs,
        None if trace.times is None else trace.times[kept],
        None if trace.sizes is None else trace.sizes[kept],
        None if trace.ttls is None else trace.ttls[kept],
        check=False,
    )
