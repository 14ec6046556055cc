"""The Redis cache's what-if: the server's own eviction over a trace, and what it costs."""

from __future__ import annotations

from perflab import kernels
from perflab.modelling.backend_times import SAVED_SHARE
from perflab.modelling.joined_loads import Asked, joined_loads, pace_of
from perflab.modelling.latency import mix
from perflab.modelling.operations import no_writes_remarks
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.redis_cache.model.costs import RedisCosts
from perflab.patterns.redis_cache.model.counter import RedisAnswer, RedisCounter, RedisQuery
from perflab.patterns.redis_cache.settings import RedisCacheSettings, not_predicted
from perflab.settings import LoadSettings
from perflab.units import counted, in_words
from perflab.workloads.kinds.trace import Trace

_FEWEST_ENTRIES = 100


class RedisCacheModel:
    """Predictions for one trace at given costs.

    Args:
        counter: What counts and keeps its counts.
        costs: What was measured.
    """

    def __init__(self, counter: RedisCounter, costs: RedisCosts) -> None:
        self.counter = counter
        self.costs = costs

    @classmethod
    def of(cls, trace: Trace, costs: Costs) -> RedisCacheModel:
        """Return the model of a trace at what a calibration measured."""
        return cls(RedisCounter(trace), RedisCosts.of(costs))

    def with_costs(self, costs: Costs) -> RedisCacheModel:
        """Return the model of the same trace at other costs; the two share all counts."""
        return RedisCacheModel(self.counter, RedisCosts.of(costs))

    def predict(
        self, settings: RedisCacheSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them."""
        length = len(self.counter.trace)
        first = (requests.start or 0) if requests else 0
        last = length if requests is None or requests.stop is None else requests.stop
        if requests is not None:
            self.counter.looped.expect_run()
        first = min(first, last)
        answer = self.counter.answer(RedisQuery(settings, load, self.costs, first, last))
        missed = answer.missed
        return Prediction(
            self._metrics(answer, self.counter.looped.gets(first, last), load),
            remarks=self._remarks(settings, load, answer.counts),
            missed=missed,
        )

    def ready(self, settings: RedisCacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests is known."""
        return self.counter.ready(self._query(settings, load))

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def outcomes(self, settings: RedisCacheSettings, load: LoadSettings) -> kernels.Outcomes:
        """Return which of the trace's requests hit, and the entries held after each."""
        return self.counter.outcomes(self._query(settings, load))

    def _query(self, settings: RedisCacheSettings, load: LoadSettings) -> RedisQuery:
        return RedisQuery(settings, load, self.costs, 0, len(self.counter.trace))

    def _metrics(self, answer: RedisAnswer, asked: int, load: LoadSettings) -> dict[str, float]:
        costs, (counts, missed) = self.costs, answer
        result = {
            "hit_rate": counts.hits / max(asked, 1),
            "requests": float(asked),
            "memory_bytes": costs.server_bytes + counts.bytes,
        }
        named = ("hits", "misses", "evictions", "expirations", "refused", "entries")
        result |= {name: float(getattr(counts, name)) for name in named}
        miss = costs.missed(load.backend_seconds) if missed is None else missed.cost(costs, load)
        result |= mix([(counts.hits, costs.hit), (counts.misses, miss)])
        saved = None if missed is None else missed.saved_share(load)
        result |= {} if saved is None else {SAVED_SHARE: saved}
        fastest = costs.fastest(load, result["hit_rate"], miss.mean, self._reads)
        trace = self.counter.trace
        pace = pace_of(trace, load)
        result["throughput_per_second"] = self._reads * min(fastest, pace)
        reads = Asked(asked, counts.misses, costs.hit, miss, costs.overhead_seconds)
        joined = joined_loads(trace, load, reads)
        if joined is None:
            return result
        fastest = load.concurrency / joined.seconds if joined.seconds > 0 else 0.0
        result["throughput_per_second"] = min(fastest, pace)
        return joined.among(result, reads)

    @property
    def _reads(self) -> float:
        """The share of the rows that are reads; throughput is of these."""
        return self.counter.trace.reads / len(self.counter.trace)

    def _remarks(
        self, settings: RedisCacheSettings, load: LoadSettings, counts: kernels.RedisCounts
    ) -> tuple[str, ...]:
        said, trace = [], self.counter.trace
        if trace.times is None and load.request_rate is None:
            hit_rate = counts.hits / max(counts.hits + counts.misses, 1)
            rate = self.counter.rate_at(self._query(settings, load), hit_rate)
            said.append(
                "requests are dated as fast as measured costs allow, about "
                f"{in_words(rate, '1/s')}, for TTLs and for the server's clock, which knows ages "
                "to 1 s; set request_rate to date them otherwise"
            )
        most = settings.maxmemory
        full = counts.evictions + counts.refused > 0
        if most is not None and full and counts.entries < _FEWEST_ENTRIES:
            said.append(
                f"maxmemory leaves room for {counted(counts.entries, 'entry')}: the server itself "
                f"takes {in_words(self.costs.server_bytes, 'bytes')}"
            )
        if settings.maxmemory_policy.startswith("volatile") and (
            settings.ttl_seconds is None and trace.ttls is None
        ):
            said.append(
                f"{settings.maxmemory_policy} finds no entry to evict: without a TTL nothing "
                "is a candidate, and writes are refused when the memory is full"
            )
        if trace.operations is not None and load.concurrency > 1:
            said.append("misses that wait for another thread's load are counted as hits")
        backend = self.counter.backend
        said += () if backend is None else backend.remarks(load)
        return (*said, *no_writes_remarks(trace, load), *not_predicted(settings))
