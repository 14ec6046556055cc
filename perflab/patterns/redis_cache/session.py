"""The live side of the Redis bench: a real server, a real cache before a real backend."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from perflab.bench.backend_waits import backend_waits_of
from perflab.bench.replay import Replay, replay_of
from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.instrumentation import AtomicCounter
from perflab.operations import Operation
from perflab.patterns.redis_cache._keys import LONGEST_SECONDS
from perflab.patterns.redis_cache.monitor import RedisMonitor
from perflab.patterns.redis_cache.run import ReplayCache, RunCache
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
    from perflab.instrumentation.histogram import LatencyHistogram
    from perflab.workloads.kinds.trace import Trace

_LEAST_SECONDS = 0.001
"""The shortest TTL that a server is told."""

_SLOW_SECONDS = 5.0
_STILL_SECONDS = 0.2
_AWAKE_SECONDS = 0.02
_OWN_CONNECTIONS = 4
_ROW_BYTES = 130
_NAME_BYTES = 16
EMPTY_SERVER_BYTES = 1_100_000
"""What a server takes that holds nothing."""


class RedisCacheSession(Session[RedisCacheSettings]):
    """Asks a cache in Redis for the trace's keys; what it misses is asked of the backend.

    The server's clock cannot be turned: where the trace is played faster than it was recorded,
    TTLs are divided by the speed-up. A trace's writes, renewals and removals, whatever command
    they were recorded of, are those of single keys under the run's own names.
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
        self._replay = replay_of(trace, load)
        self._waits = backend_waits_of(trace, load)
        self._row: object = None
        self._touch_hits, self._touch_misses = AtomicCounter(), AtomicCounter()
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
        self._cache.on_wait = self._wait

    def _open_own(self, settings: RedisCacheSettings) -> None:
        monitor = self._monitor = RedisMonitor(self._server)
        monitor.configure(settings)
        self._cache = ReplayCache(self._in_real_time(settings), url=self._server.url)
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

    def request(self, index: int, _due: float) -> str:
        """Do a request and return its outcome: ``hit``, ``miss``, or which write it was.

        It is ``wait`` for one that missed and got what another thread was loading.
        """
        if self._run is not None:
            self._run.check()
        if self._replay is not None:
            return self._play(self._replay, index)
        ttl = None
        if self._ttls is not None and self._load.ttl_from == "recorded":
            own = self._ttls[index]
            ttl = own if own == own else None  # noqa: PLR0124  (not a number: none)
        size = 0 if self._sizes is None else self._sizes[index]
        return self._look_up(index, self._ids[index], size, self._own_ttl(ttl))

    def _play(self, replay: Replay, index: int) -> str:
        row = replay.at(index)
        key, ttl = row.key, self._own_ttl(row.ttl)
        name = str(self._trace.key_of(key))
        match row.operation:
            case Operation.GET:
                outcome = self._look_up(index, key, row.size, ttl)
                if outcome == "miss":
                    replay.note_load(key)
                return outcome
            case Operation.SET if row.fills:
                self._cache.fill(name, self._value(self._row_for(key), row.size), ttl)
            case Operation.SET:
                self._cache.set(name, self._value(self._row_for(key), row.size), ttl=ttl)
            case Operation.TOUCH:
                self._touch(name, ttl)
            case _:
                self._cache.delete(name)
        return row.operation.name.lower()

    def _look_up(self, index: int, key: int, size: int, ttl: float | None) -> str:
        local, waits, wait = self._local, self._waits, None
        name = str(self._trace.key_of(key))
        local.outcome = "hit"
        if waits is not None:
            took = waits.of(index)
            wait, began = waits.slept(took), time.perf_counter()
        try:
            self._cache.get_or_load(name, lambda: self._miss(key, size, wait), ttl=ttl)
        except RunStoppedError:
            raise
        except Exception as error:  # noqa: BLE001  (a user's backend may raise anything)
            self._note(error, name)
            return "error"
        if waits is not None:
            waits.note(took, began, hit=local.outcome != "miss")
        return local.outcome  # type: ignore[no-any-return]

    def _touch(self, name: str, ttl: float | None) -> None:
        """Renew a lifetime, and count what that looks up on the server."""
        settings = self._cache.settings
        has_own_end = settings.stale_seconds is not None or settings.stampede == "early"
        if not self._cache.touch(name, ttl):
            next(self._touch_misses)
            return
        for _ in range(1 + has_own_end):
            next(self._touch_hits)

    def _own_ttl(self, ttl: float | None) -> float | None:
        """Return a request's own TTL in seconds of the server's clock, none where it has none."""
        if ttl is None:
            return None
        seconds = max(_LEAST_SECONDS, ttl / self._speed())
        return math.inf if seconds > LONGEST_SECONDS else seconds

    def apply(self, settings: RedisCacheSettings, load: LoadSettings) -> None:
        """Change the cache in place and, where the server is ours, its memory and policy."""
        self._load = load
        self._lookup.change(load)
        if self._replay is not None:
            self._replay.change(load)
        if self._waits is not None:
            self._waits.change(load)
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
        stats |= {} if self._waits is None else self._waits.counters()
        stats["breaker_open"] = float(self._cache.breaker_state != "closed")
        server = self._monitor.counters()
        return {**stats, **(self._without_locks(server, stats) if self._run is None else server)}

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return what misses took beside the backend, where it has recorded times."""
        return {} if self._waits is None else self._waits.distributions()

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

    def server_up(self) -> bool | None:
        """Say whether the server's process lives; None for the user's own."""
        return self._server.pid is not None if self._server.ours else None

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
        shorter = {
            key: max(_LEAST_SECONDS, value / speed)
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
        server["server_hits"] -= hits * loads + self._touch_hits.read()
        server["server_misses"] -= misses * loads + self._touch_misses.read()
        return server

    def _miss(self, key: int, size: int, wait: float | None) -> object:
        self._local.outcome = "miss"
        row = self._row = self._lookup(key, self._trace.key_of(key), wait)
        self._loaded_bytes += size
        return self._value(row, size)

    def _wait(self) -> None:
        self._local.outcome = "wait"

    def _value(self, row: object, size: int) -> object:
        """Return what the cache holds: a row of the backend, with so many bytes beside it."""
        return row if self._sizes is None else [row, b"\x01" * size]

    def _row_for(self, key: int) -> object:
        """Return what a write has instead of a row of the backend: one that was loaded before.

        Entries that are written are then as large as those that are loaded.
        """
        if self._row is None:
            known = not callable(self._load.backend) and ":" not in self._load.backend
            own = self._lookup(key, self._trace.key_of(key)) if known else None
            self._row = own or b"\x01" * _ROW_BYTES
        return self._row

    def _note(self, error: Exception, name: str) -> None:
        if self._problem is None:
            backend = LoadSettings.info("backend").format(self._load.backend)
            self._problem = (
                f"the backend {backend} raised {type(error).__name__}: {error} for the key {name!r}"
            )
