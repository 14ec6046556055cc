"""The caching bench: how large, how long, and which policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perflab.bench.backend_waits import miss_costs, saved_share
from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan, renewed_outcomes
from perflab.bench.conditions import busier_per_lifetime, slower_misses
from perflab.bench.display import Bounded, Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live, clients_behind
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.overruled import overruled_by_trace
from perflab.bench.part_of_keys import PartOfKeys, recommendable
from perflab.bench.parts import Export, HeatMap, LiveChart, Objective, axis_values
from perflab.bench.session import Measured, Session
from perflab.bench.shadow import Shadow, ShadowPlan
from perflab.bench.tuning import Sweep, Tuning
from perflab.errors import BadInputError
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.cache.advice import ADVICE
from perflab.patterns.cache.calibration import CACHE_RUNS, FULL, cache_calibration, cache_runs
from perflab.patterns.cache.charts import BY_BYTES, BY_ENTRIES
from perflab.patterns.cache.over_time import WORKING_SET
from perflab.patterns.cache.policies import (
    FUTURE_POLICIES,
    LIVE_POLICIES,
    WHAT_IF_POLICIES,
    no_bounds,
    why_not_live,
)
from perflab.patterns.cache.settings import CacheSettings
from perflab.patterns.cache.stage import CacheStage
from perflab.settings import LoadSettings, SettingInfo

if TYPE_CHECKING:
    from perflab.modelling.part_settings import Scaling
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.registry.kind import WorkloadKind

_FEWEST_ENTRIES = 5_000
"""With fewer entries the growth of the process says more of other things than of them."""
_SAVED = "backend_seconds_saved_share"
_LEFT_OUT = dict.fromkeys(WHAT_IF_POLICIES, "what-if only")
_MAP = HeatMap("Hit rate by TTL and size", "hit_rate", "ttl_seconds", "max_cache_size")
_MAP_BY_BYTES = HeatMap("Hit rate by TTL and bytes", "hit_rate", "ttl_seconds", "max_bytes")


def _check_live(settings: CacheSettings, _load: LoadSettings) -> None:
    """Refuse the policies that have no live implementation.

    Raises:
        BadInputError: With the reason.
    """
    if settings.policy not in LIVE_POLICIES:
        raise BadInputError(why_not_live(settings.policy), "policy")


def _check_model(settings: CacheSettings, load: LoadSettings, workload: Trace) -> None:
    """Refuse a trace without reads, and what knows the future where more than entries bounds.

    Raises:
        BadInputError: With the reason.
    """
    workload.check_reads()
    timed = workload.times is not None or load.request_rate is not None
    own = workload.ttls is not None and load.ttl_from == "recorded"
    ages = timed and (settings.ttl_seconds is not None or own)
    bounded = settings.max_bytes is not None and workload.sizes is not None
    if settings.policy in FUTURE_POLICIES and (ages or bounded):
        raise BadInputError(no_bounds(settings.policy), "policy")


def _axis(info: SettingInfo, workload: Trace) -> list[Any]:
    """Return sizes up to all keys, bytes up to theirs and TTLs up to the workload's length.

    Beyond them nothing changes.
    """
    from perflab.patterns.cache.axes import capacities, lifetimes

    if info.key == "ttl_seconds" and workload.times is not None:
        return axis_values(info, lifetimes(workload))
    if info.key == "max_bytes" and workload.sizes is not None:
        return axis_values(info, capacities(workload))
    if info.key != "max_cache_size":
        return axis_values(info)
    return axis_values(
        info, (max(1.0, min(10.0, workload.all_keys / 100)), float(workload.all_keys))
    )


def _sweep(workload: Trace, settings: CacheSettings) -> Sweep:
    """Return sizes, or bytes where they bound, up to all keys', and the policies that run."""
    from perflab.patterns.cache.axes import round_up

    key = "max_bytes" if _bytes_bound(settings, workload) else "max_cache_size"
    axis = _axis(CacheSettings.info(key), workload)
    unit = CacheSettings.info(key).unit
    most = round_up(axis[-1], unit) if unit == "bytes" else axis[-1]
    sizes = {*(round_up(size, unit) for size in axis[::3]), most}
    return {key: sorted(sizes), "policy": recommendable(LIVE_POLICIES, workload)}


def _settings_for_line(settings: CacheSettings, key: str, value: object) -> CacheSettings:
    """Return the settings of a chart's line; opt is the ceiling whatever else bounds."""
    if value in FUTURE_POLICIES:
        return settings.change(policy=value, ttl_seconds=None, max_bytes=None)
    return settings.change(**{key: value})


def _scaling() -> Scaling[CacheSettings]:
    """Return how entries and bytes follow the number of keys."""
    from perflab.patterns.cache.model.models import CACHE

    return CACHE


def _quick_model(workload: Trace, costs: Costs) -> Model[CacheSettings]:
    """Return the cache's model, which begins with samples where the workload is large."""
    from perflab.patterns.cache.model.models import quick_cache_model

    return quick_cache_model(workload, costs)


def _sampled_model(workload: Trace, costs: Costs, share: float) -> Model[CacheSettings]:
    """Return the cache's model on a sample of the workload's keys, by strata of frequency."""
    return _sampled_by(workload, costs, share, "stratified")


def _sampled_by(workload: Trace, costs: Costs, share: float, method: str) -> Model[CacheSettings]:
    """Return the cache's model on a sample that is ``stratified`` or ``spatial``."""
    from perflab.patterns.cache.model.models import sampled_cache_model

    return sampled_cache_model(workload, costs, share, method)


def _shadow(workload: Trace, settings: CacheSettings, load: LoadSettings) -> Shadow[CacheSettings]:
    """Return a cache without a backend that does what a run's cache does."""
    from perflab.patterns.cache.shadow import CacheShadow

    return CacheShadow(workload, settings, load)


def _no_shadow(workload: Trace, settings: CacheSettings, load: LoadSettings) -> str | None:
    """Return why changes to such settings are not followed, if they are not."""
    from perflab.patterns.cache.shadow import why_no_shadow

    return why_no_shadow(workload, settings, load)


def _bytes_bound(settings: CacheSettings, workload: Trace) -> bool:
    return settings.max_bytes is not None and workload.sizes is not None


def _hidden(workload: Trace) -> frozenset[str]:
    """Return what needs sizes, times or backend times that requests do not have."""
    sized = () if workload.sizes is not None else ("max_bytes", "byte_hit_rate")
    cost = () if workload.backend_seconds is not None else (_SAVED,)
    timed = () if workload.times is not None else (_MAP.title, _MAP_BY_BYTES.title)
    return frozenset((*sized, *timed, *cost))


class CacheBench(Bench[CacheSettings, "Trace"]):
    """Binds the in-process cache to its settings, model, workload and charts."""

    identity = Identity(
        pattern="cache",
        title="Caching",
        question="How large a cache, what TTL, and which eviction policy?",
        settings_class=CacheSettings,
    )
    default_workload = "flights"
    display = Display(
        sliders=(
            "max_cache_size",
            "max_bytes",
            "ttl_seconds",
            "policy",
            "backend_seconds",
            "backend_scale",
            "concurrency",
            "price_per_gib_hour",
            "price_per_backend_call",
            "ttl_from",
            "writes",
        ),
        what_if_charts=BY_ENTRIES,
        heat_maps=(_MAP,),
        bounded=Bounded(charts=BY_BYTES, maps=(_MAP_BY_BYTES,), applies=_bytes_bound),
        live_charts=(
            LiveChart("Hit rate, live", ("hit_rate",)),
            LiveChart(
                "Latency, live",
                ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99"),
            ),
            LiveChart("Memory, live", ("memory_bytes",)),
        ),
        headline=(
            "hit_rate",
            "byte_hit_rate",
            _SAVED,
            "latency_seconds_mean",
            "latency_seconds_p50",
            "latency_seconds_p95",
            "latency_seconds_p99",
            "throughput_per_second",
            "memory_bytes",
            "cost_per_day",
            "evictions",
            "expirations",
        ),
        panel_defaults={
            "max_cache_size": 1000,
            "backend_seconds": 0.001,
            "concurrency": 4,
            "speedup": 500_000,
            "request_rate": 5000,
        },
        hidden=_hidden,
        overruled=overruled_by_trace,
        axis=_axis,
        settings_for_line=_settings_for_line,
    )
    tuning = Tuning(
        objective=Objective("max", "hit_rate", tolerance=0.01),
        tuned="max_cache_size",
        tuned_noun="cache size",
        also_tuned=("policy",),
        bounded_by="max_bytes",
        priced=True,
        sweep=_sweep,
        busier=busier_per_lifetime,
        slower=slower_misses,
        serves="misses",
        relieved_by=("ttl_seconds",),
        left_out=_LEFT_OUT,
    )
    calibration = CalibrationPlan(
        workload="zipf:skew=0.8,keys=100k,requests=1M,seed=1",
        settings=FULL,
        own_runs=cache_runs,
        own_count=lambda _settings: CACHE_RUNS,
        costs_of=cache_calibration,
        shipped_costs={
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
        },
        renewed=renewed_outcomes,
    )
    live = Live(
        remarks=clients_behind,
        measures=frozenset(
            {
                "byte_hit_rate",
                "entries",
                "errors",
                "evictions",
                "expirations",
                "hit_rate",
                "hits",
                "misses",
            }
        ),
        levels=frozenset({"bytes", "entries"}),
        check=_check_live,
    )
    models = Models(
        check=_check_model,
        quick=_quick_model,
        sampled=_sampled_model,
        sampled_by=_sampled_by,
    )
    over_time = WORKING_SET
    stage = CacheStage()
    part_of_keys = PartOfKeys(_scaling)
    advice = ADVICE
    shadow = ShadowPlan(make=_shadow, refusal=_no_shadow)

    @property
    def workload_kind(self) -> WorkloadKind[Trace]:
        """Traces of requests."""
        from perflab.workloads.registry.traces import TRACES

        return TRACES

    def model(self, workload: Trace, costs: Costs) -> Model[CacheSettings]:
        """Return the cache's model for a workload."""
        from perflab.patterns.cache.model.models import cache_model

        return cache_model(workload, costs)

    def session(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        workload: Trace,
        clock: VirtualClock,
        _run_name: str,
    ) -> Session[CacheSettings]:
        """Return a cache and its backend, ready to be asked."""
        from perflab.patterns.cache.session import CacheSession

        return CacheSession(settings, load, workload, clock)

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
        return result | saved_share(counters)

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a hit, a miss and an entry cost in a run; what it did not see is left out."""
        from perflab.modelling.latency import costs_of

        result = costs_of(measured.histograms, ("hit", "miss")) | miss_costs(measured)
        entries = measured.counters.get("entries", 0.0)
        if not entries or measured.memory_bytes <= 0:
            return result
        # Where values have sizes of the workload's, these are added by the model.
        counters = measured.counters
        held = counters.get("bytes", 0.0) if "asked_bytes" in counters else 0.0
        result["memory"] = {"entries": entries, "bytes": measured.memory_bytes - held}
        if entries >= _FEWEST_ENTRIES:
            result["bytes_per_entry"] = max(measured.memory_bytes - held, 0.0) / entries
            result["base_bytes"] = result["thread_bytes"] = 0.0
        return result

    def exports(
        self, settings: CacheSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, for cachetools and as a node for Kailash."""
        from perflab.patterns.cache.exports import cache_exports

        return cache_exports(settings, load, workload)

    def configurations(
        self, settings: CacheSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for frameworks and platforms."""
        from perflab.patterns.cache.exports.configurations import cache_configurations

        return cache_configurations(settings, load, workload)
