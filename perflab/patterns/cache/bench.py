"""The caching bench: how large, how long, and which policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.base import Bench
from perflab.bench.model import Histories, Model
from perflab.bench.parts import (
    Export,
    HeatMap,
    LiveChart,
    Objective,
    TimeChart,
    WhatIfChart,
    axis_values,
)
from perflab.bench.session import Measured, Session
from perflab.errors import BadInputError
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.cache.charts import BY_BYTES, BY_ENTRIES, OVER_TIME
from perflab.patterns.cache.policies import FUTURE_POLICIES, LIVE_POLICIES, no_bounds, why_not_live
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.modelling.history import History
    from perflab.modelling.part_settings import Scaling
    from perflab.primitives.clock import VirtualClock
    from perflab.settings import Settings
    from perflab.workloads.kinds.trace import Trace


class CacheBench(Bench):
    """Binds the in-process cache to its settings, model, workload and charts."""

    pattern = "cache"
    title = "Caching"
    question = "How large a cache, what TTL, and which eviction policy?"
    settings_class = CacheSettings
    default_workload = "flights"
    calibration_workload = "zipf:skew=0.8,keys=100k,requests=1M,seed=1"
    calibration_settings: ClassVar[Mapping[str, Any]] = {"max_cache_size": 20_000}
    panel_defaults: ClassVar[Mapping[str, Any]] = {
        "max_cache_size": 1000,
        "backend_seconds": 0.001,
        "concurrency": 4,
        "speedup": 500_000,
        "request_rate": 5000,
    }
    sliders = (
        "max_cache_size",
        "max_bytes",
        "ttl_seconds",
        "policy",
        "backend_seconds",
        "concurrency",
        "price_per_gib_hour",
        "price_per_backend_call",
    )
    what_if_charts = BY_ENTRIES
    bounded_charts = BY_BYTES
    heat_maps = (HeatMap("Hit rate by TTL and size", "hit_rate", "ttl_seconds", "max_cache_size"),)
    bounded_maps = (HeatMap("Hit rate by TTL and bytes", "hit_rate", "ttl_seconds", "max_bytes"),)
    time_charts = OVER_TIME
    time_note = "The hit rate is that of a cache that evicts nothing."
    live_charts = (
        LiveChart("Hit rate, live", ("hit_rate",)),
        LiveChart(
            "Latency, live", ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99")
        ),
        LiveChart("Memory, live", ("memory_bytes",)),
    )
    headline = (
        "hit_rate",
        "byte_hit_rate",
        "latency_seconds_mean",
        "latency_seconds_p50",
        "latency_seconds_p95",
        "latency_seconds_p99",
        "throughput_per_second",
        "memory_bytes",
        "cost_per_day",
        "evictions",
        "expirations",
    )
    levels = frozenset({"bytes", "entries"})
    objective = Objective("max", "hit_rate", tolerance=0.01)
    tuned = "max_cache_size"
    tuned_noun = "cache size"
    also_tuned = ("policy",)
    priced = True
    shipped_costs: ClassVar[Costs] = {
        "hit": {
            "mean": 5e-7,
            "quantiles": [4e-7] * 50 + [5e-7] * 45 + [8e-7] * 5 + [2e-6, 1e-5, 1e-3],
        },
        "miss": {
            "mean": 1.5e-5,
            "quantiles": [1.1e-5] * 50 + [1.4e-5] * 45 + [2e-5] * 5 + [4e-5, 1e-4, 2e-3],
        },
        "bytes_per_entry": 700.0,
        "overhead_seconds": 1.5e-6,
        "sleep_seconds": 7e-5,
        "backend_seconds": 0.0,
    }

    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Refuse the policies that have no live implementation.

        Raises:
            BadInputError: With the reason.
        """
        del load
        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        if settings.policy not in LIVE_POLICIES:
            raise BadInputError(why_not_live(settings.policy), "policy")

    def check_model(self, settings: Settings, load: LoadSettings, trace: Trace) -> None:
        """Refuse what knows the future where entries age or have sizes that bound.

        Raises:
            BadInputError: With the reason.
        """
        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        timed = trace.times is not None or load.request_rate is not None
        ages = timed and (settings.ttl_seconds is not None or trace.ttls is not None)
        bounded = settings.max_bytes is not None and trace.sizes is not None
        if settings.policy in FUTURE_POLICIES and (ages or bounded):
            raise BadInputError(no_bounds(settings.policy), "policy")

    def axis(self, key: str, trace: Trace) -> list[Any]:
        """Return sizes up to all keys, bytes up to theirs and TTLs up to the trace's length.

        Beyond them nothing changes.
        """
        from perflab.patterns.cache.axes import capacities, lifetimes

        info = self.info(key)
        if key == "ttl_seconds" and trace.times is not None:
            return axis_values(info, lifetimes(trace))
        if key == "max_bytes" and trace.sizes is not None:
            return axis_values(info, capacities(trace))
        if key != "max_cache_size":
            return axis_values(info)
        return axis_values(info, (max(1.0, min(10.0, trace.all_keys / 100)), float(trace.all_keys)))

    def charts_for(self, settings: Settings, workload: Trace) -> tuple[WhatIfChart, ...]:
        """Return charts by bytes where those bound, by entries elsewhere."""
        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        by_bytes = settings.max_bytes is not None and workload.sizes is not None
        return self.bounded_charts if by_bytes else self.what_if_charts

    def sliders_for(self, workload: Trace) -> tuple[str, ...]:
        """Return all sliders, that of bytes where requests have sizes only."""
        return _where_sized(workload, self.sliders, "max_bytes")

    def headline_for(self, workload: Trace) -> tuple[str, ...]:
        """Return all metrics, the byte hit rate where requests have sizes only."""
        return _where_sized(workload, self.headline, "byte_hit_rate")

    def maps_for(self, settings: Settings, workload: Trace) -> tuple[HeatMap, ...]:
        """Return the map of TTLs where requests have times, by what bounds as the charts are."""
        if workload.times is None:
            return ()
        by_bytes = self.charts_for(settings, workload) is self.bounded_charts
        return self.bounded_maps if by_bytes else self.heat_maps

    def time_charts_for(self, workload: Trace, load: LoadSettings) -> tuple[TimeChart, ...]:
        """Return live keys where requests have times, and live bytes where they have sizes too."""
        if workload.times is None and load.request_rate is None:
            return ()
        return self.time_charts if workload.sizes is not None else self.time_charts[:1]

    def time_values(
        self, workload: Trace, settings: Settings, load: LoadSettings
    ) -> list[float | None]:
        """Return the present TTL, two shorter ones and two longer ones."""
        from perflab.patterns.cache.axes import seconds_of, ttls_around

        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        return ttls_around(settings.ttl_seconds, seconds_of(workload, load.request_rate))

    def time_words(self, settings: Settings, present: History) -> Sequence[str]:
        """Return how much lives at once at the present TTL, and if the cache holds it."""
        from perflab.patterns.cache.words import working_set_words

        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        return working_set_words(settings, present)

    def histories(self, workload: Trace) -> Histories:
        """Return what counts the live keys of a workload."""
        from perflab.patterns.cache.model.working_set_histories import WorkingSetHistories

        return WorkingSetHistories(workload)

    def tuned_by(self, settings: Mapping[str, Any]) -> str:
        """Return bytes where they bound, else entries."""
        return self.tuned if settings.get("max_bytes") is None else "max_bytes"

    def tuning_sweep(self, trace: Trace, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return sizes, or bytes where they bound, up to all keys', and the policies that run."""
        from perflab.patterns.cache.axes import round_up

        key = self.tuned_by(values) if trace.sizes is not None else self.tuned
        axis = self.axis(key, trace)
        unit = self.info(key).unit
        most = round_up(axis[-1], unit) if unit == "bytes" else axis[-1]
        sizes = {*(round_up(size, unit) for size in axis[::3]), most}
        return {key: sorted(sizes), "policy": self.recommendable(LIVE_POLICIES, trace)}

    def line(self, settings: Settings, key: str, value: Any) -> Settings:
        """Return the settings of a chart's line; opt is the ceiling whatever else bounds."""
        if value in FUTURE_POLICIES:
            return settings.change(policy=value, ttl_seconds=None, max_bytes=None)
        return super().line(settings, key, value)

    def scaling(self) -> Scaling:
        """Return how entries and bytes follow the number of keys."""
        from perflab.patterns.cache.model.part import CACHE

        return CACHE

    def model(self, trace: Trace) -> Model:
        """Return the cache's model for a workload."""
        from perflab.patterns.cache.model.whole import cache_model

        return cache_model(trace)

    def quick_model(self, trace: Trace) -> Model:
        """Return the cache's model, which begins with samples where the workload is large."""
        from perflab.patterns.cache.model.whole import quick_cache_model

        return quick_cache_model(trace)

    def sampled_model(self, trace: Trace, share: float) -> Model:
        """Return the cache's model on a sample of the workload's keys, by strata of frequency."""
        return self.sampled_by(trace, share, "stratified")

    def sampled_by(self, trace: Trace, share: float, method: str) -> Model:
        """Return the cache's model on a sample that is ``stratified`` or ``spatial``."""
        from perflab.patterns.cache.model.whole import sampled_cache_model

        return sampled_cache_model(trace, share, method)

    def session(
        self,
        settings: Settings,
        load: LoadSettings,
        trace: Trace,
        clock: VirtualClock,
        run_name: str,
    ) -> Session:
        """Return a cache and its backend, ready to be asked."""
        from perflab.patterns.cache.session import CacheSession

        del run_name
        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        return CacheSession(settings, load, trace, clock)

    def metrics(self, measured: Measured) -> Metrics:
        """Return hit rate and counts."""
        counters = measured.counters
        hits, misses = counters.get("hits", 0), counters.get("misses", 0)
        names = ("hits", "misses", "evictions", "expirations", "errors", "entries", "coalesced")
        result = {name: float(counters.get(name, 0)) for name in names}
        result["requests"] = float(hits + misses)
        if hits + misses:
            result["hit_rate"] = hits / (hits + misses)
        if counters.get("asked_bytes"):
            result["byte_hit_rate"] = counters.get("hit_bytes", 0) / counters["asked_bytes"]
        return result

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a hit, a miss and an entry cost in a run; what it did not see is left out."""
        from perflab.modelling.latency import costs_of

        result = costs_of(measured.histograms, ("hit", "miss"))
        if "miss" in result:
            result["backend_seconds"] = measured.load.backend_seconds
        entries = measured.counters.get("entries", 0.0)
        if entries >= _FEWEST_ENTRIES and measured.memory_bytes > 0:
            result["bytes_per_entry"] = measured.memory_bytes / entries
        return result

    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings for perflab, for cachetools and as a node for Kailash."""
        from perflab.patterns.cache.exports import cache_exports

        assert isinstance(settings, CacheSettings)  # noqa: S101  (what read() made)
        return cache_exports(settings, load, workload)


def _where_sized(workload: Trace, names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if workload.sizes is not None else tuple(each for each in names if each != name)


_FEWEST_ENTRIES = 5_000
"""With fewer entries the growth of the process says more of other things than of them."""
