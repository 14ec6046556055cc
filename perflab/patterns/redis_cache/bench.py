"""The Redis bench: how much memory, which policy, and what happens when the server is down."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.base import Bench
from perflab.bench.model import Model
from perflab.bench.parts import Export, LiveChart, Objective, WhatIfChart, axis_values
from perflab.bench.session import Action, Measured, Runs, Session
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.run_name import PREFIX
from perflab.settings import LoadSettings
from perflab.units import format_quantity

if TYPE_CHECKING:
    from perflab.modelling.part_settings import Scaling
    from perflab.primitives.clock import VirtualClock
    from perflab.servers.consent import ForeignServer
    from perflab.settings import Settings
    from perflab.workloads.kinds.trace import Trace

_SERVER_BYTES = 1_100_000
_ENTRY_BYTES = 250.0
_LEAST_MEMORY = 2**21
_SMALL_CALIBRATION = "zipf:skew=0.8,keys=2k,requests=1M,seed=1"
_SERVER_KEYS = ("redis_host", "redis_port", "cache_namespace")
_COUNTED = (
    *("hits", "misses", "errors", "server_errors", "fallbacks", "refused", "values_refused"),
    "coalesced",
)
_FROM_SERVER = ("evictions", "expirations", "entries", "memory_bytes", "breaker_open")


class RedisCacheBench(Bench):
    """Binds the cache in Redis to its settings, model, server and charts."""

    pattern = "redis_cache"
    title = "Redis cache"
    question = "How much memory, which eviction policy, and what happens when Redis is down?"
    settings_class = RedisCacheSettings
    default_workload = "zipf:skew=0.9,keys=50k,requests=1M,seed=1"
    calibration_workload = "zipf:skew=0.8,keys=50k,requests=1M,seed=1"
    calibration_settings: ClassVar[Mapping[str, Any]] = {"maxmemory": 2**27}
    panel_defaults: ClassVar[Mapping[str, Any]] = {
        "maxmemory": 8 * 2**20,
        "backend_seconds": 0.001,
        "concurrency": 4,
        "speedup": 500_000,
        "request_rate": 2000,
    }
    sliders = (
        "maxmemory",
        "maxmemory_policy",
        "ttl_seconds",
        "timeout",
        "backend_seconds",
        "concurrency",
    )
    what_if_charts = (
        WhatIfChart(
            "Hit rate by maxmemory",
            "hit_rate",
            "maxmemory",
            "maxmemory_policy",
            ("allkeys-lru", "allkeys-lfu", "allkeys-random"),
        ),
        WhatIfChart("Mean latency by maxmemory", "latency_seconds_mean", "maxmemory"),
        WhatIfChart("Entries by maxmemory", "entries", "maxmemory"),
    )
    live_charts = (
        LiveChart("Hit rate and breaker, live", ("hit_rate", "server_hit_rate", "breaker_open")),
        LiveChart(
            "Latency, live", ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99")
        ),
        LiveChart("Server's memory, live", ("memory_bytes",)),
    )
    headline = (
        "hit_rate",
        "server_hit_rate",
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
    )
    metric_infos = (
        MetricInfo("server_hit_rate", "hit rate, server", "ratio", "higher"),
        MetricInfo("server_errors", "server errors", "requests", "lower"),
        MetricInfo("fallbacks", "served by the loader", "requests", "lower"),
        MetricInfo("breaker_open", "breaker", "ratio", "lower"),
        MetricInfo("refused", "writes refused", "requests", "lower"),
        MetricInfo("values_refused", "values not stored", "requests", "lower"),
    )
    levels = frozenset({"breaker_open", "entries", "memory_bytes", "server_bytes", "usage_bytes"})
    objective = Objective("max", "hit_rate", tolerance=0.01)
    server_variable = "PERFLAB_REDIS_URL"
    tuned = "maxmemory"
    tuned_noun = "memory limit"
    also_tuned = ("maxmemory_policy",)
    actions = (
        Action(
            "kill", "Kill Redis", "bolt", "Kill the server with SIGKILL; it loses all its entries."
        ),
        Action("restart", "Start Redis", "refresh", "Start the killed server again, empty."),
        Action(
            "slow",
            "Slow Redis",
            "hourglass-half",
            "Make the server stall for most of the next five seconds, so that commands take longer "
            "than a timeout below 0.2 s.",
        ),
    )
    shipped_costs: ClassVar[Costs] = {
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
    }

    def check_live(self, settings: Settings, load: LoadSettings) -> None:
        """Refuse pickle, whose bytes need a key that only the user's own program has.

        Raises:
            BadInputError: With the reason.
        """
        del load
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        if settings.serializer == "pickle":
            raise BadInputError(
                "pickle needs a signing key, which a run does not have; take msgpack or json",
                "serializer",
            )

    def foreign_servers(self, settings: Settings, load: LoadSettings) -> tuple[ForeignServer, ...]:
        """Return the user's own server, if one is named, and what is written there."""
        from perflab.servers.consent import ForeignServer

        del load
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        address = _address(settings)
        if address is None:
            return ()
        most = settings.maxmemory
        bound = "what is free there" if most is None else format_quantity(most, "bytes")
        keys = f"{settings.cache_namespace}:{PREFIX}..."
        return (
            ForeignServer(
                address,
                f"puts load on it, writes keys under {keys}, up to {bound} (maxmemory), and "
                "removes them at its end; no other key is read, changed or removed",
                (settings.cache_namespace, *(("unbounded",) if most is None else ())),
                () if most is None else (("bytes", float(most)),),
            ),
        )

    def calibration_runs(self, settings: Settings, done: Runs) -> Iterator[Mapping[str, Any]]:
        """Return one short run on the server and under the namespace that the user named.

        On a server of the user's it takes no more memory than the run itself.
        """
        del done
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        values = {key: getattr(settings, key) for key in _SERVER_KEYS}
        most = self.calibration_settings["maxmemory"]
        if _address(settings) is not None:
            most = settings.maxmemory and min(most, settings.maxmemory)
        yield {**self.calibration_settings, **values, "maxmemory": most}

    def calibrated_with(self, settings: Settings, load: LoadSettings, workload: Any = None) -> str:
        """Return the server and the backend."""
        del workload
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        try:
            where = _address(settings) or "Redis"
        except BadInputError:
            where = "Redis at an address that is not valid"
        return f"{where}, backend {load.backend_name}"

    def axis(self, key: str, trace: Trace) -> list[Any]:
        """Return memory sizes up to where the server holds every key."""
        info = self.info(key)
        if key != "maxmemory":
            return axis_values(info)
        size = _ENTRY_BYTES + (0.0 if trace.sizes is None else float(trace.sizes.mean()))
        most = max(2 * _LEAST_MEMORY, _SERVER_BYTES + 1.4 * size * trace.all_keys)
        return axis_values(info, (float(_SERVER_BYTES * 1.15), most))

    def tuning_sweep(self, trace: Trace, values: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return memory sizes that people would write, and the policies for a plain cache."""
        del values
        sizes = sorted({_round_up(size) for size in self.axis("maxmemory", trace)[4::4]})
        policies = ("allkeys-lru", "allkeys-lfu", "allkeys-random")
        return {
            "maxmemory": sizes,
            "maxmemory_policy": self.recommendable(policies, trace),
        }

    def scaling(self) -> Scaling:
        """Return how memory follows the number of keys."""
        from perflab.patterns.redis_cache.model.part import REDIS_CACHE

        return REDIS_CACHE

    def model(self, trace: Trace) -> Model:
        """Return the model of Redis's own eviction for a workload."""
        from perflab.modelling.part_of_keys import for_all_keys
        from perflab.patterns.redis_cache.model.predict import RedisCacheModel

        return for_all_keys(trace, RedisCacheModel, self.scaling())

    def sampled_model(self, trace: Trace, share: float) -> Model:
        """Refuse a sample: Redis's counters and samples do not scale down.

        Raises:
            BadInputError: Always.
        """
        del trace, share
        raise BadInputError(
            "is not supported by redis_cache, whose predictions are exact", "sample"
        )

    def session(
        self,
        settings: Settings,
        load: LoadSettings,
        trace: Trace,
        clock: VirtualClock,
        run_name: str,
    ) -> Session:
        """Return a cache in a real server, ready to be asked."""
        from perflab.patterns.redis_cache.session import RedisCacheSession

        del clock
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        return RedisCacheSession(settings, load, trace, run_name)

    def calibrated_on(self, settings: Settings, load: LoadSettings, spec: Any) -> Any:
        """Return a workload of few keys on a user's server, which may have little room."""
        on = super().calibrated_on(settings, load, spec)
        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        ours = server_url(settings) is None
        return on if ours or on != self.calibration_workload else _SMALL_CALIBRATION

    def remover(self, settings: Settings, run_name: str) -> Callable[[], object] | None:
        """Return what removes the keys that a run has left on a server that is not ours."""
        from perflab.servers.redis.leftovers import remove_redis_run
        from perflab.servers.redis.run_keys import RunKeys

        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        url = server_url(settings)
        if url is None:
            return None
        keys = RunKeys(settings.cache_namespace, run_name)
        return functools.partial(remove_redis_run, url, keys)

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
        return result

    def costs(self, measured: Measured) -> dict[str, Any]:
        """Return what a hit, a miss and an entry cost in a run; what it did not see is left out."""
        from perflab.modelling.latency import costs_of

        counters = measured.counters
        result = costs_of(measured.histograms, ("hit", "miss"))
        if "miss" in result:
            result["backend_seconds"] = measured.load.backend_seconds
        entries = counters.get("entries", 0.0)
        server = counters.get("server_bytes", 0.0)
        if server:
            result["server_bytes"] = server
        if entries >= _FEWEST_ENTRIES and server:
            loads = max(counters.get("loads", 0.0), 1.0)
            own = counters.get("loaded_bytes", 0.0) / loads
            result["bytes_per_entry"] = (counters["memory_bytes"] - server) / entries - own
        if counters.get("usage_bytes"):
            result["usage_bytes_per_entry"] = counters["usage_bytes"]
        return result

    def exports(self, settings: Settings, load: LoadSettings, workload: str) -> Sequence[Export]:
        """Return the settings for perflab, redis-py, redis.conf and a node for Kailash."""
        from perflab.patterns.redis_cache.exports import redis_cache_exports

        assert isinstance(settings, RedisCacheSettings)  # noqa: S101  (what read() made)
        return redis_cache_exports(settings, load, workload)


_FEWEST_ENTRIES = 2_000
"""With fewer entries the memory of the server says more of other things than of them."""


def _round_up(size: int) -> int:
    """Return a whole number of half mebibytes, not below the given one."""
    step = 2**19
    return -(-size // step) * step


def server_url(settings: RedisCacheSettings) -> str | None:
    """Return the address of the user's own server, with its password; none where none is named."""
    from perflab.servers.addresses import redis_url

    if settings.redis_host is not None:
        return redis_url(settings.redis_host, settings.redis_port)
    return os.environ.get("PERFLAB_REDIS_URL") or None


def _address(settings: RedisCacheSettings) -> str | None:
    """Return the resolved address of the user's own server; none where none is named."""
    from perflab.servers.addresses import redis_address

    url = server_url(settings)
    if url is None:
        return None
    return (
        redis_address(url, "redis_host") if settings.redis_host is not None else redis_address(url)
    )
