"""The Redis cache's what-if: the server's own eviction over a trace at a `maxmemory`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.latency import missed, mix
from perflab.modelling.looped import LoopedTrace
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.units import counted, in_words
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

_UNBOUNDED = 2**62
_FEWEST_ENTRIES = 100


class RedisCacheModel:
    """Predictions for one trace; keeps every count that it has made.

    Hits are those of `kernels.redis_eviction`, with a fixed seed: another run of the same server
    differs by its draws, which is some hundredths of a point. An entry takes the measured
    ``bytes_per_entry`` and its own size; `maxmemory` less ``server_bytes`` is what there is.
    The server's clock, which ticks once a second, dates uses and lifetimes: it follows the
    trace's times, or the rate, or what the measured costs allow where requests are not paced.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._looped = LoopedTrace(trace)
        self._counts: KeptAnswers[tuple[Any, ...], kernels.RedisCounts] = KeptAnswers()
        self._slices: KeptAnswers[tuple[Any, ...], kernels.RedisCounts] = KeptAnswers(MOST_SLICES)
        self._costs: tuple[Any, ...] | None = None

    def predict(
        self,
        settings: RedisCacheSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them."""
        length = len(self.trace)
        first = (requests.start or 0) if requests else 0
        last = length if requests is None or requests.stop is None else requests.stop
        if requests is None:
            self._costs = _costs_key(costs)
        else:
            self._looped.expect_run()
        counts = self._known(settings, load, costs, min(first, last), last)
        metrics = self._metrics(counts, last - min(first, last), load, costs)
        return Prediction(metrics, remarks=self._remarks(settings, load, costs, counts))

    def ready(self, settings: RedisCacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests, at the costs last asked with, is known."""
        if self._costs is None:
            return False
        key = (*self._costs, *self._key(settings, load), 0, len(self.trace))
        return key in self._counts

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def _known(
        self, settings: RedisCacheSettings, load: LoadSettings, costs: Costs, first: int, last: int
    ) -> kernels.RedisCounts:
        key = (*_costs_key(costs), *self._key(settings, load), first, last)
        whole = first == 0 and last == len(self.trace)
        kept = self._counts if whole else self._slices
        return kept.answer(key, lambda: self._counted(settings, load, costs, first, last))

    def _counted(
        self, settings: RedisCacheSettings, load: LoadSettings, costs: Costs, first: int, last: int
    ) -> kernels.RedisCounts:
        asked, length = last - first, len(self.trace)
        if asked <= 0:
            return kernels.RedisCounts(0, 0, 0, 0, 0, 0, 0)
        if self._looped.settled(last) is None:
            return self._played(settings, load, costs, first, last)
        # From the second pass on every pass is like the second.
        begin = length + first % length if asked < length else length
        end = min(begin + asked, 2 * length)
        part = self._played(settings, load, costs, begin, end)
        times = asked / (end - begin)
        events = ("hits", "evictions", "expirations", "refused")
        scaled = {name: round(getattr(part, name) * times) for name in events}
        return part._replace(**scaled, misses=asked - scaled["hits"])

    def outcomes(
        self, settings: RedisCacheSettings, load: LoadSettings, costs: Costs
    ) -> kernels.Outcomes:
        """Return which of the trace's requests hit, and the entries held after each."""
        length = len(self.trace)
        history = kernels.new_history(length)
        rate = self._rate(settings, load, costs, 0, length)
        counts = self._at_rate(settings, load, costs, 0, length, rate, history)
        return kernels.Outcomes.of(history, counts)

    def _played(
        self, settings: RedisCacheSettings, load: LoadSettings, costs: Costs, first: int, last: int
    ) -> kernels.RedisCounts:
        rate = self._rate(settings, load, costs, first, last)
        return self._at_rate(settings, load, costs, first, last, rate)

    def _rate(
        self, settings: RedisCacheSettings, load: LoadSettings, costs: Costs, first: int, last: int
    ) -> float | None:
        """Return the rate that dates requests; none where the trace does."""
        rate = load.request_rate
        if self.trace.times is None and rate is None:
            # How many hits there are decides how fast requests come, and hardly the reverse.
            guess = self._at_rate(settings, load, costs, first, last, _fastest(load, costs, 0.5))
            return _fastest(load, costs, guess.hits / (last - first))
        return rate

    def _at_rate(
        self,
        settings: RedisCacheSettings,
        load: LoadSettings,
        costs: Costs,
        first: int,
        last: int,
        rate: float | None,
        history: npt.NDArray[np.int32] | None = None,
    ) -> kernels.RedisCounts:
        scope, _, policy = settings.maxmemory_policy.partition("-")
        most = settings.maxmemory
        if rate is None:
            times = self._looped.times(last, None)
            clock = load.speedup or 1.0
        else:
            times, clock = np.arange(last, dtype=np.float64) / rate, 1.0
        return kernels.redis_eviction(
            self._looped.ids(last),
            self.trace.n_keys,
            policy or scope,
            _UNBOUNDED if most is None else max(0, round(most - costs.get("server_bytes", 0.0))),
            self._entry_bytes(costs, last),
            volatile=scope == "volatile",
            samples=settings.maxmemory_samples,
            times=times,
            ttl=math.inf if settings.ttl_seconds is None else settings.ttl_seconds,
            ttls=self._looped.ttls(last),
            jitter=settings.ttl_jitter,
            clock_seconds=clock,
            start=first,
            seed=load.seed,
            history=history,
        )

    def _entry_bytes(self, costs: Costs, last: int) -> npt.NDArray[np.int64]:
        each = costs["bytes_per_entry"]
        sizes = self._looped.sizes(last)
        if sizes is None:
            return np.array([max(1, round(each + costs.get("value_bytes", 0.0)))], np.int64)
        taken: npt.NDArray[np.int64] = sizes + max(1, round(each))
        return taken

    def _metrics(
        self, counts: kernels.RedisCounts, asked: int, load: LoadSettings, costs: Costs
    ) -> dict[str, float]:
        result = {
            "hit_rate": counts.hits / max(asked, 1),
            "requests": float(asked),
            "memory_bytes": costs.get("server_bytes", 0.0) + counts.bytes,
        }
        named = ("hits", "misses", "evictions", "expirations", "refused", "entries")
        result |= {name: float(getattr(counts, name)) for name in named}
        miss = missed(costs, load.backend_seconds)
        result |= mix([(counts.hits, costs["hit"]), (counts.misses, miss)])
        fastest = _fastest(load, costs, result["hit_rate"])
        result["throughput_per_second"] = min(fastest, self._pace(load))
        return result

    def _pace(self, load: LoadSettings) -> float:
        if load.request_rate is not None:
            return load.request_rate
        if load.speedup is None or self.trace.times is None:
            return math.inf
        return load.speedup * len(self.trace) / pass_seconds(self.trace.times)

    def _remarks(
        self,
        settings: RedisCacheSettings,
        load: LoadSettings,
        costs: Costs,
        counts: kernels.RedisCounts,
    ) -> tuple[str, ...]:
        said = []
        if self.trace.times is None and load.request_rate is None:
            rate = _fastest(load, costs, counts.hits / max(counts.hits + counts.misses, 1))
            said.append(
                "requests are dated as fast as measured costs allow, about "
                f"{in_words(rate, '1/s')}, for TTLs and for the server's clock, which knows ages "
                "to 1 s; set request_rate to date them otherwise"
            )
        most = settings.maxmemory
        if most is not None and counts.hits + counts.misses and counts.entries < _FEWEST_ENTRIES:
            server = costs.get("server_bytes", 0.0)
            said.append(
                f"maxmemory leaves room for {counted(counts.entries, 'entry')}: the server itself "
                f"takes {in_words(server, 'bytes')}"
            )
        if settings.maxmemory_policy.startswith("volatile") and (
            settings.ttl_seconds is None and self.trace.ttls is None
        ):
            said.append(
                f"{settings.maxmemory_policy} finds no entry to evict: without a TTL nothing "
                "is a candidate, and writes are refused when the memory is full"
            )
        return tuple(said)

    def _key(self, settings: RedisCacheSettings, load: LoadSettings) -> tuple[Any, ...]:
        own = (
            settings.maxmemory,
            settings.maxmemory_policy,
            settings.maxmemory_samples,
            settings.ttl_seconds,
            settings.ttl_jitter,
            load.seed,
        )
        if load.request_rate is not None:
            return (*own, load.request_rate)
        if self.trace.times is not None:
            return (*own, None, load.speedup)
        return (*own, None, load.concurrency, load.backend_seconds)


def _costs_key(costs: Costs) -> tuple[Any, ...]:
    names = (
        "bytes_per_entry",
        "value_bytes",
        "server_bytes",
        "overhead_seconds",
        "backend_seconds",
        "sleep_seconds",
    )
    means = (costs[outcome]["mean"] for outcome in ("hit", "miss"))
    return (*(costs.get(name) for name in names), *means)


def _fastest(load: LoadSettings, costs: Mapping[str, Any], hit_rate: float) -> float:
    """Return how many requests per second the clients can make at a hit rate."""
    miss = missed(costs, load.backend_seconds)["mean"]
    spent = hit_rate * costs["hit"]["mean"] + (1 - hit_rate) * miss
    spent += costs.get("overhead_seconds", 0.0)
    return load.concurrency / spent if spent > 0 else math.inf
