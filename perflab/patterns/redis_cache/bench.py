"""The Redis bench: how much memory, which policy, and what happens when the server is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perflab.bench.backend_waits import miss_costs, saved_share
from perflab.bench.base import Bench
from perflab.bench.calibration import CalibrationPlan, renewed_outcomes, users_own
from perflab.bench.conditions import Conditions, busier, busier_per_lifetime, slower_misses
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live, clients_behind
from perflab.bench.model import Model
from perflab.bench.models import Models
from perflab.bench.overruled import overruled_by_trace
from perflab.bench.part_of_keys import PartOfKeys, recommendable
from perflab.bench.parts import Export, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Measured, Runs, Session
from perflab.bench.tuning import Sweep, Tuning
from perflab.bench.user_servers import UserServers
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.redis_cache.actions import ACTIONS
from perflab.patterns.redis_cache.advice import ADVICE
from perflab.patterns.redis_cache.settings import MAXMEMORY_POLICIES, RedisCacheSettings
from perflab.patterns.redis_cache.stage import RedisCacheStage
from perflab.patterns.redis_cache.users_server import (
    foreign_servers,
    remover,
    server_address,
    server_url,
)
from perflab.settings import LoadSettings, SettingInfo

if TYPE_CHECKING:
    from perflab.modelling.part_settings import Scaling
    from perflab.primitives.clock import VirtualClock
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.registry.kind import WorkloadKind

_SAVED = "backend_seconds_saved_share"
_LEFT_OUT = {
    "noeviction": "refuses writes once the memory is full",
    **dict.fromkeys(
        [name for name in MAXMEMORY_POLICIES if name.startswith("volatile")],
        "only for entries with a TTL",
    ),
}
_SERVER_BYTES = 1_100_000
_ENTRY_BYTES = 250.0
_LEAST_MEMORY = 2**21
_CALIBRATION_MEMORY = 2**27
_CALIBRATION = "zipf:skew=0.8,keys=50k,requests=1M,seed=1"
_SMALL_CALIBRATION = "zipf:skew=0.8,keys=2k,requests=1M,seed=1"
_SERVER_KEYS = ("redis_host", "redis_port", "cache_namespace")
_COUNTED = (
    *("hits", "misses", "errors", "server_errors", "fallbacks", "refused", "values_refused"),
    "coalesced",
)
_FROM_SERVER = ("evictions", "expirations", "entries", "memory_bytes", "breaker_open")


def _check_live(settings: RedisCacheSettings, _load: LoadSettings) -> None:
    """Refuse pickle, whose bytes need a key that only the user's own program has.

    Raises:
        BadInputError: With the reason.
    """
    if settings.serializer == "pickle":
        raise BadInputError(
            "pickle needs a signing key, which a run does not have; take msgpack or json",
            "serializer",
        )


def _check_model(_settings: RedisCacheSettings, _load: LoadSettings, workload: Trace) -> None:
    """Refuse a trace without reads.

    Raises:
        BadInputError: With the reason.
    """
    workload.check_reads()


def _own_runs(settings: RedisCacheSettings, _done: Runs) -> Iterator[Mapping[str, Any]]:
    """Return one short run on the server and under the namespace that the user named.

    On a server of the user's it takes no more memory than the run itself.
    """
    values = {key: getattr(settings, key) for key in _SERVER_KEYS}
    most: int | None = _CALIBRATION_MEMORY
    if server_address(settings) is not None:
        most = settings.maxmemory and min(_CALIBRATION_MEMORY, settings.maxmemory)
    yield {**values, "maxmemory": most}


def _kept_for(settings: RedisCacheSettings, load: LoadSettings, _workload: Trace | None) -> str:
    """Return the server and the backend."""
    try:
        where = server_address(settings) or "Redis"
    except BadInputError:
        where = "Redis at an address that is not valid"
    return f"{where}, backend {load.backend_name}"


def _axis(info: SettingInfo, workload: Trace) -> list[Any]:
    """Return memory sizes up to where the server holds every key."""
    if info.key != "maxmemory":
        return axis_values(info)
    size = _ENTRY_BYTES + (0.0 if workload.sizes is None else float(workload.sizes.mean()))
    most = max(2 * _LEAST_MEMORY, _SERVER_BYTES + 1.4 * size * workload.all_keys)
    return axis_values(info, (float(_SERVER_BYTES * 1.15), most))


def _sweep(workload: Trace, _settings: RedisCacheSettings) -> Sweep:
    """Return memory sizes that people would write, and the policies for a plain cache."""
    sizes = sorted(
        {_round_up(size) for size in _axis(RedisCacheSettings.info("maxmemory"), workload)[4::4]}
    )
    policies = ("allkeys-lru", "allkeys-lfu", "allkeys-random")
    return {
        "maxmemory": sizes,
        "maxmemory_policy": recommendable(policies, workload),
    }


def _hidden(workload: Trace) -> frozenset[str]:
    """Return what needs backend times that requests do not have."""
    return frozenset() if workload.backend_seconds is not None else frozenset({_SAVED})


def _scaling() -> Scaling[RedisCacheSettings]:
    """Return how memory follows the number of keys."""
    from perflab.patterns.redis_cache.model.costs import REDIS_CACHE

    return REDIS_CACHE


def _own_spec(settings: RedisCacheSettings, load: LoadSettings, spec: Any) -> Any:
    """Return a workload of few keys on a user's server, which may have little room."""
    own = users_own(load, spec)
    if own is not None:
        return own
    return _CALIBRATION if server_url(settings) is None else _SMALL_CALIBRATION


def _busier(
    now: Conditions[RedisCacheSettings], workload: Trace, factor: float
) -> Conditions[RedisCacheSettings] | None:
    """Return conditions with more requests per lifetime; a rate that is set dates all requests."""
    if now.load.request_rate is not None:
        return busier(now, workload, factor)
    return busier_per_lifetime(now, workload, factor)


class RedisCacheBench(Bench[RedisCacheSettings, "Trace"]):
    """Binds the cache in Redis to its settings, model, server and charts."""

    identity = Identity(
        pattern="redis_cache",
        title="Redis cache",
        question="How much memory, which eviction policy, and what happens when Redis is down?",
        settings_class=RedisCacheSettings,
    )
    default_workload = "zipf:skew=0.9,keys=50k,requests=1M,seed=1"
    display = Display(
        sliders=(
            "maxmemory",
            "maxmemory_policy",
            "ttl_seconds",
            "timeout",
            "backend_seconds",
            "backend_scale",
            "concurrency",
            "ttl_from",
            "writes",
        ),
        what_if_charts=(
            WhatIfChart(
                "Hit rate by maxmemory",
                "hit_rate",
                "maxmemory",
                "maxmemory_policy",
                ("allkeys-lru", "allkeys-lfu", "allkeys-random"),
                also=(_SAVED,),
            ),
            WhatIfChart("Mean latency by maxmemory", "latency_seconds_mean", "maxmemory"),
            WhatIfChart("Entries by maxmemory", "entries", "maxmemory"),
        ),
        live_charts=(
            LiveChart(
                "Hit rate and breaker, live", ("hit_rate", "server_hit_rate", "breaker_open")
            ),
            LiveChart(
                "Latency, live",
                ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99"),
            ),
            LiveChart("Server's memory, live", ("memory_bytes",)),
        ),
        headline=(
            "hit_rate",
            "server_hit_rate",
            _SAVED,
            "latency_seconds_mean",
            "latency_seconds_p50",
            "latency_seconds_p95",
            "latency_seconds_p99",
            "throughput_per_second",
            "memory_bytes",
            "entries",
            "evictions",
            "expirations",
            "fallbacks",
            "breaker_open",
        ),
        panel_defaults={
            "maxmemory": 8 * 2**20,
            "backend_seconds": 0.001,
            "concurrency": 4,
            "speedup": 500_000,
            "request_rate": 2000,
        },
        metric_infos=(
            MetricInfo("server_hit_rate", "hit rate, server", "ratio", "higher"),
            MetricInfo("server_errors", "server errors", "requests", "lower"),
            MetricInfo("fallbacks", "served by the loader", "requests", "lower"),
            MetricInfo("breaker_open", "breaker", "ratio", "lower"),
            MetricInfo("refused", "writes refused", "requests", "lower"),
            MetricInfo("values_refused", "values not stored", "requests", "lower"),
        ),
        hidden=_hidden,
        overruled=overruled_by_trace,
        axis=_axis,
    )
    tuning = Tuning(
        objective=Objective("max", "hit_rate", tolerance=0.01),
        tuned="maxmemory",
        tuned_noun="memory limit",
        also_tuned=("maxmemory_policy",),
        sweep=_sweep,
        busier=_busier,
        slower=slower_misses,
        serves="misses",
        relieved_by=("ttl_seconds",),
        left_out=_LEFT_OUT,
    )
    calibration = CalibrationPlan(
        workload=_CALIBRATION,
        settings={"maxmemory": _CALIBRATION_MEMORY},
        shipped_costs={
            "hit": {
                "mean": 9e-5,
                "quantiles": [6e-5] * 50 + [8e-5] * 45 + [1.5e-4] * 5 + [3e-4, 8e-4, 5e-3],
            },
            "miss": {
                "mean": 3e-4,
                "quantiles": [2.2e-4] * 50 + [2.8e-4] * 45 + [5e-4] * 5 + [9e-4, 2e-3, 1e-2],
            },
            "bytes_per_entry": _ENTRY_BYTES,
            "value_bytes": 0.0,
            "server_bytes": float(_SERVER_BYTES),
            "overhead_seconds": 3e-6,
            "sleep_seconds": 7e-5,
            "backend_seconds": 0.0,
        },
        own_runs=_own_runs,
        own_count=lambda _settings: 1,
        kept_for=_kept_for,
        own_spec=_own_spec,
        renewed=renewed_outcomes,
    )
    live = Live(
        remarks=clients_behind,
        actions=ACTIONS,
        measures=frozenset(
            {
                "breaker_open",
                "entries",
                "errors",
                "evictions",
                "expirations",
                "fallbacks",
                "hit_rate",
                "hits",
                "misses",
                "refused",
                "server_errors",
                "server_hit_rate",
                "values_refused",
            }
        ),
        levels=frozenset(
            {"breaker_open", "entries", "expiring_entries", "memory_bytes", "moving_bytes"}
            | {"server_bytes", "slot_entries", "usage_bytes"}
        ),
        check=_check_live,
    )
    models = Models(check=_check_model)
    servers = UserServers(used=foreign_servers, variable="PERFLAB_REDIS_URL", remover=remover)
    part_of_keys = PartOfKeys(_scaling)
    stage = RedisCacheStage()
    advice = ADVICE

    @property
    def workload_kind(self) -> WorkloadKind[Trace]:
        """Traces of requests."""
        from perflab.workloads.registry.traces import TRACES

        return TRACES

    def model(self, workload: Trace, costs: Costs) -> Model[RedisCacheSettings]:
        """Return the model of Redis's own eviction for a workload."""
        from perflab.modelling.by_replay import by_replay
        from perflab.modelling.part_of_keys import for_all_keys
        from perflab.patterns.redis_cache.model.predict import RedisCacheModel

        def whole(trace: Trace, at: Costs) -> Model[RedisCacheSettings]:
            return for_all_keys(trace, at, RedisCacheModel.of, _scaling())

        return by_replay(workload, costs, whole)

    def session(
        self,
        settings: RedisCacheSettings,
        load: LoadSettings,
        workload: Trace,
        _clock: VirtualClock,
        run_name: str,
    ) -> Session[RedisCacheSettings]:
        """Return a cache in a real server, ready to be asked."""
        from perflab.patterns.redis_cache.session import RedisCacheSession

        return RedisCacheSession(settings, load, workload, run_name)

    def metrics(self, measured: Measured) -> Metrics:
        """Return the hit rate as the client counts it and as the server does, and counts."""
        counters = measured.counters
        result = {name: float(counters.get(name, 0)) for name in _COUNTED}
        result |= {name: float(counters[name]) for name in _FROM_SERVER if name in counters}
        asked = result["hits"] + result["misses"]
        result["requests"] = asked
        if asked:
            result["hit_rate"] = result["hits"] / asked
        known = counters.get("server_hits", 0) + counters.get("server_misses", 0)
        if known:
            result["server_hit_rate"] = counters.get("server_hits", 0) / known
        return result | saved_share(counters)

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a hit, a miss and an entry cost in a run; what it did not see is left out."""
        from perflab.modelling.latency import costs_of
        from perflab.patterns.redis_cache.model.tables import without_tables

        counters = measured.counters
        result = costs_of(measured.histograms, ("hit", "miss")) | miss_costs(measured)
        entries = counters.get("entries", 0.0)
        server = counters.get("server_bytes", 0.0)
        if server:
            result["server_bytes"] = server
        if entries >= _FEWEST_ENTRIES and server:
            loads = max(counters.get("loads", 0.0), 1.0)
            own = counters.get("loaded_bytes", 0.0) / loads
            memory = counters["memory_bytes"] - server - counters.get("moving_bytes", 0.0)
            result["bytes_per_entry"] = memory / entries - own
            result |= without_tables(result["bytes_per_entry"], counters)
        if counters.get("usage_bytes"):
            result["usage_bytes_per_entry"] = counters["usage_bytes"]
        return result

    def exports(
        self, settings: RedisCacheSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for perflab, redis-py, redis.conf and a node for Kailash."""
        from perflab.patterns.redis_cache.exports import redis_cache_exports

        return redis_cache_exports(settings, load, workload)

    def configurations(
        self, settings: RedisCacheSettings, load: LoadSettings, workload: str
    ) -> Sequence[Export]:
        """Return the settings for frameworks and platforms."""
        from perflab.patterns.redis_cache.exports.configurations import redis_cache_configurations

        return redis_cache_configurations(settings, load, workload)


_FEWEST_ENTRIES = 2_000
"""With fewer entries the memory of the server says more of other things than of them."""


def _round_up(size: int) -> int:
    """Return a whole number of half mebibytes, not below the given one."""
    step = 2**19
    return -(-size // step) * step
