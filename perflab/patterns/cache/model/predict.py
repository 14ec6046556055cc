"""The cache's what-if: exact hit counts of a trace at any size, policy and TTL."""

from __future__ import annotations

from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.miss_times import MissTimes
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.metrics import CacheCosts, cache_remarks, threads_metrics
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

_Key = tuple[CacheCounts, LoadSettings]


class CacheModel:
    """Predictions for one trace at given costs.

    Hit counts are those of the kernels and exact. Latency is a mixture of what hits and misses
    were measured to cost; where the trace has backend times, a miss waits for its own (see
    `miss_seconds`). Of several threads some wait for another's load, see `joined_loads`. Memory is
    entries times the measured bytes of one.

    Args:
        counter: What counts and keeps its counts.
        costs: What was measured.
    """

    def __init__(self, counter: CacheCounter, costs: CacheCosts) -> None:
        self.counter = counter
        self.costs = costs
        self._metrics: KeptAnswers[_Key, dict[str, float]] = KeptAnswers()

    @classmethod
    def of(cls, trace: Trace, costs: Costs) -> CacheModel:
        """Return the model of a trace at what a calibration measured."""
        return cls(CacheCounter(trace), CacheCosts.of(costs))

    def with_costs(self, costs: Costs) -> CacheModel:
        """Return the model of the same trace at other costs; the two share all counts."""
        return CacheModel(self.counter, CacheCosts.of(costs))

    def predict(
        self, settings: CacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        looped = self.counter.looped
        if requests is not None:
            looped.expect_run()
        counts = self.counter.counts(settings, load, requests)
        missed = self.counter.missed(settings, load, requests)
        # A run asks for another slice each time, and for none of them again.
        of = self.metrics if requests is None else self._compute
        metrics = of(counts, load, missed)
        if requests is not None:
            last = len(self.counter.trace) if requests.stop is None else requests.stop
            asked = looped.asked_bytes(requests.start or 0, last)
            metrics |= {"byte_hit_rate": counts.hit_bytes / asked} if asked else {}
        return Prediction(
            metrics,
            remarks=self.remarks(settings, load),
            missed=missed,
        )

    def prepare(self) -> None:
        """Compute what all answers lean on."""
        self.counter.prepare()

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        known = self.counter.knows_missed(settings, load)
        return known and self.counter.ready(settings, load)

    def remarks(self, settings: CacheSettings, load: LoadSettings) -> tuple[str, ...]:
        """Return what a user must know to read predictions at such settings."""
        trace, looped = self.counter.trace, self.counter.looped
        backend = self.counter.backend
        of_backend = () if backend is None else backend.remarks(load)
        return (*cache_remarks(trace, settings, load, looped.mean_key_size), *of_backend)

    def metrics(
        self, counts: CacheCounts, load: LoadSettings, missed: MissTimes | None
    ) -> dict[str, float]:
        """Return metrics by name from counts and, where there are such, the misses' own times.

        Args:
            counts: Of reads that come one after another.
            load: With pace and threads.
            missed: The recorded backend times of the misses, if there are such.
        """
        if missed is not None:  # which is made for the question, and would be kept for no other
            return self._compute(counts, load, missed)
        # A panel asks for each point of each line again and again.
        return dict(self._metrics.answer((counts, load), lambda: self._compute(counts, load, None)))

    def _compute(
        self, counts: CacheCounts, load: LoadSettings, missed: MissTimes | None
    ) -> dict[str, float]:
        known = (self.counter.trace, self.counter.looped, load, self.costs, missed)
        return threads_metrics(counts, *known)
