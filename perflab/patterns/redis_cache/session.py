"""The live side of the Redis bench: a real server, a real cache before a real backend."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.patterns.redis_cache._keys import LONGEST_SECONDS
from perflab.patterns.redis_cache._redis_cache import RedisCache
from perflab.patterns.redis_cache.monitor import RedisMonitor
from perflab.patterns.redis_cache.run import RunCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.lookup import open_lookup
from perflab.servers.redis.room import ENTRY_BYTES
from perflab.servers.redis.run import RedisRun, RunStoppedError
from perflab.servers.redis.run_keys import RunKeys
from perflab.servers.redis.run_monitor import RunMonitor
from perflab.servers.redis.server import find_redis
from perflab.servers.run_servers import remember_server
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.workloads.kinds.trace import Trace

_SLOW_SECONDS = 5.0
_STILL_SECONDS = 0.2
_AWAKE_SECONDS = 0.02
_OWN_CONNECTIONS = 4
_ROW_BYTES = 130
_NAME_BYTES = 16
EMPTY_SERVER_BYTES = 1_100_000
"""What a server takes that holds nothing."""


class RedisCacheSession(Session):
    """Asks a cache in Redis for the trace's keys; what it misses is asked of the backend.

    The server's clock cannot be turned: where the trace is played faster than it was recorded,
    TTLs are divided by the speed-up.
    """

    def __init__(
        self, settings: RedisCacheSettings, load: LoadSettings, trace: Trace, run_name: str
    ) -> None:
        self._trace = trace
        self._ids = trace.ids.data
        self._sizes = None if trace.sizes is None else trace.sizes.data
        self._ttls = None if trace.ttls is None else trace.ttls.data
        self._load = load
        self._local = threading.local()
        self._problem: str | None = None
        self._loaded_bytes = 0
        self._server = find_redis(settings.redis_host, settings.redis_port)
        self._lookup = open_lookup(load)
        self.held = self._lookup.held
        self._stampede = settings.stampede
        self._run: RedisRun | None = None
        self._monitor: RedisMonitor | RunMonitor
        if self._server.ours:
            self._open_own(settings)
        else:
            self._open_theirs(settings, run_name)

    def _open_own(self, settings: RedisCacheSettings) -> None:
        monitor = self._monitor = RedisMonitor(self._server)
        monitor.configure(settings)
        self._cache = RedisCache(self._in_real_time(settings), url=self._server.url)
        monitor.mark_empty()

    def _open_theirs(self, settings: RedisCacheSettings, run_name: str) -> None:
        url = self._server.url
        if settings.redis_host is not None:
            remember_server(url)
        keys = RunKeys(settings.cache_namespace, run_name)
        run = self._run = RedisRun(url, keys, self._load.concurrency + _OWN_CONNECTIONS)
        try:
            self._allow(settings)
            self._monitor = RunMonitor(url, run, EMPTY_SERVER_BYTES)
            self._cache = RunCache(self._in_real_time(settings), url, run)
        except BaseException:
            run.close()
            raise

    def request(self, index: int, due: float) -> str:  # noqa: ARG002
        """Ask for the key of a request and say whether it was a hit."""
        if self._run is not None:
            self._run.check()
        local = self._local
        key = self._ids[index]
        name = str(self._trace.key_of(key))
        local.outcome = "hit"
        ttl = None
        if self._ttls is not None:
            own = self._ttls[index]
            ttl = own / self._speed() if own == own else None  # noqa: PLR0124  (not a number: none)
            if ttl is not None and ttl > LONGEST_SECONDS:
                ttl = math.inf
        try:
            self._cache.get_or_load(name, lambda: self._miss(index, key), ttl=ttl)
        except RunStoppedError:
            raise
        except Exception as error:  # noqa: BLE001  (a user's backend may raise anything)
            self._note(error, name)
            return "error"
        return local.outcome  # type: ignore[no-any-return]

    def apply(self, settings: RedisCacheSettings, load: LoadSettings) -> None:
        """Change the cache in place and, where the server is ours, its memory and policy."""
        self._load = load
        self._lookup.change(load)
        if self._run is not None:
            self._run.bound(self._trace.n_keys, settings.maxmemory)
        self._cache.apply(self._in_real_time(settings))
        if isinstance(self._monitor, RedisMonitor):
            self._monitor.configure(settings)

    def counters(self) -> dict[str, float]:
        """Return the cache's statistics and those of the server."""
        stats: dict[str, float] = dict(self._cache.stats())
        stats["server_errors"] = stats.pop("errors", 0)
        stats["errors"] = stats.pop("load_errors", 0)
        stats["loaded_bytes"] = self._loaded_bytes
        stats["breaker_open"] = float(self._cache.breaker_state != "closed")
        server = self._monitor.counters()
        return {**stats, **(self._without_locks(server, stats) if self._run is None else server)}

    def problem(self) -> str | None:
        """Return how the backend failed, if it did."""
        return self._problem

    def about(self) -> dict[str, str]:
        """Return the server's version and where it was found."""
        said = f"{self._server.version}, {self._server.source}"
        if self._run is None:
            return {"Redis": said}
        said += f"; {self._run.room}; the setting maxmemory limits this run alone"
        return {"Redis": said, "run": self._run.keys.run_name}

    def act(self, name: str) -> None:
        """Kill, restart or slow down the server.

        Raises:
            BadInputError: If the server is the user's own.
        """
        if not self._server.ours:
            raise BadInputError(
                "this server is not perflab's, so it is never killed or slowed down; unset "
                "PERFLAB_REDIS_URL and redis_host to try that on one of perflab's",
                name,
            )
        if name == "kill":
            self._server.kill()
        elif name == "restart":
            self._server.restart()
            if isinstance(self._monitor, RedisMonitor):
                self._monitor.configure_again()
        else:
            self._slow_down()

    def close(self) -> None:
        """Remove the run's keys where the server stays, and end the server where it is ours."""
        if self._run is not None:
            self._run.end()
        self._cache.close()
        if self._run is not None:
            self._run.close()
        self._monitor.close()
        self._server.close()
        self._lookup.close()

    def _allow(self, settings: RedisCacheSettings) -> None:
        """Let the run take what its keys need, if there is room for it."""
        assert self._run is not None  # noqa: S101  (only for a user's server)
        keys = self._trace.n_keys
        sizes = self._trace.sizes
        value = _ROW_BYTES + (0.0 if sizes is None else float(sizes.mean()))
        each = len(self._run.keys.root) + _NAME_BYTES + value + ENTRY_BYTES
        self._run.allow(keys, round(keys * each), settings.maxmemory)

    def _slow_down(self) -> None:
        end = time.monotonic() + _SLOW_SECONDS
        while time.monotonic() < end:
            self._server.freeze()
            try:
                time.sleep(_STILL_SECONDS)
            finally:
                self._server.thaw()
            time.sleep(_AWAKE_SECONDS)

    def _in_real_time(self, settings: RedisCacheSettings) -> RedisCacheSettings:
        speed = self._speed()
        if speed == 1.0:
            return settings
        least = 0.001
        shorter = {
            key: max(least, value / speed)
            for key in ("ttl_seconds", "stale_seconds", "negative_ttl_seconds")
            if (value := getattr(settings, key)) is not None
        }
        return settings.change(**shorter)

    def _speed(self) -> float:
        timed = self._trace.times is not None and self._load.request_rate is None
        return (self._load.speedup or 1.0) if timed else 1.0

    def _without_locks(self, server: dict[str, float], stats: dict[str, float]) -> dict[str, float]:
        """Return the server's counts less the commands of the lock, which count as lookups too.

        A load under the lock adds two hits and one miss to those of its own lookup; one that is
        left to chance looks once more.
        """
        loads = max(0.0, stats["loads"] - stats["fallbacks"])
        hits, misses = {"lock": (2.0, 1.0), "early": (0.0, 1.0)}.get(self._stampede, (0.0, 0.0))
        server["server_hits"] -= hits * loads
        server["server_misses"] -= misses * loads
        return server

    def _miss(self, index: int, key: int) -> Any:
        self._local.outcome = "miss"
        row = self._lookup(key, self._trace.key_of(key))
        if self._sizes is None:
            return row
        size = self._sizes[index]
        self._loaded_bytes += size
        return [row, b"\x01" * size]

    def _note(self, error: Exception, name: str) -> None:
        if self._problem is None:
            backend = LoadSettings.info("backend").format(self._load.backend)
            self._problem = (
                f"the backend {backend} raised {type(error).__name__}: {error} for the key {name!r}"
            )
