"""The live side of the caching bench: a real cache in front of a real backend."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

from perflab.bench.backend_waits import backend_waits_of
from perflab.bench.replay import Replay, replay_of
from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.patterns.cache._cache import Cache
from perflab.patterns.cache._writes import write
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.servers.lookup import open_lookup
from perflab.settings import LoadSettings
from perflab.units import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from perflab.instrumentation.histogram import LatencyHistogram
    from perflab.workloads.kinds.trace import Trace

_MOST_OF_MEMORY = 0.5


class _FilledCache(Cache[int, Any]):
    """A cache whose loads may be written once more, as programs do that fill caches themselves."""

    def watch(self, on_wait: Callable[[], None]) -> None:
        """Have each thread tell that it waits for a load by another."""
        self._loads.on_wait = on_wait

    def fill(self, key: int, value: object, ttl: float | None, *, inserts: bool) -> None:
        """Write a value over what a load has just made, which is not a use for the policy.

        Args:
            key: The key that was loaded.
            value: What is written.
            ttl: Its own seconds to live; none for the setting's.
            inserts: Whether it comes in where the load's entry is not there any more.
        """
        write(self._store, key, value, ttl, fills=True, inserts=inserts)


class CacheSession(Session[CacheSettings]):
    """Asks a cache for the trace's keys; what it misses is asked of the backend.

    Where the trace has sizes, an entry holds as many bytes, so that memory is real. Its writes,
    renewals and removals are done to the cache; the backend is asked by loads alone, and takes for
    each the time that was recorded, where there is one.
    """

    def __init__(
        self, settings: CacheSettings, load: LoadSettings, trace: Trace, clock: VirtualClock
    ) -> None:
        self._trace = trace
        self._ids = trace.ids.data
        self._sizes = None if trace.sizes is None else trace.sizes.data
        self._ttls = None if trace.ttls is None else trace.ttls.data
        if self._sizes is not None:
            self._check_room(settings)
        settings = self._in_force(settings)
        self._lookup = open_lookup(load)
        self.held = self._lookup.held
        self._load = load
        self._local = threading.local()
        self._sums: list[list[int]] = []
        self._problem: str | None = None
        self._own_ttls = load.ttl_from == "recorded"
        self._replay = replay_of(trace, load)
        self._waits = backend_waits_of(trace, load)
        self._cache = _FilledCache(
            settings, clock=clock, sizeof=None if self._sizes is None else self._size_of
        )
        self._cache.watch(self._wait)

    def request(self, index: int, _due: float) -> str:
        """Do a request and return its outcome: ``hit``, ``miss``, or which write it was.

        It is ``wait`` for one that missed and got what another thread was loading.
        """
        if self._replay is not None:
            return self._play(self._replay, index)
        ttl = None
        if self._ttls is not None and self._own_ttls:
            own = self._ttls[index]
            ttl = own if own == own else None  # noqa: PLR0124  (not a number: none)
        size = 0 if self._sizes is None else self._sizes[index]
        return self._look_up(index, self._ids[index], size, ttl)

    def _play(self, replay: Replay, index: int) -> str:
        row = replay.at(index)
        key = row.key
        match row.operation:
            case Operation.GET:
                outcome = self._look_up(index, key, row.size, row.ttl)
                if outcome == "miss":
                    replay.note_load(key)
                return outcome
            case Operation.SET if row.fills:
                self._cache.fill(key, self._value(key, row.size), row.ttl, inserts=row.inserts)
            case Operation.SET:
                self._cache.put(key, self._value(key, row.size), row.ttl)
            case Operation.TOUCH:
                self._cache.touch(key, row.ttl)
            case _:
                self._cache.pop(key, None)
        return row.operation.name.lower()

    def _look_up(self, index: int, key: int, size: int, ttl: float | None) -> str:
        local, waits = self._local, self._waits
        local.size = size
        local.outcome = "hit"
        local.wait = None
        if waits is not None:
            took = waits.of(index)
            local.wait, began = waits.slept(took), perf_counter()
        try:
            self._cache.get_or_load(key, self._miss, ttl=ttl)
        except Exception as error:  # noqa: BLE001  (a user's backend may raise anything)
            self._note(error, key)
            return "error"
        if waits is not None:
            waits.note(took, began, hit=local.outcome != "miss")
        if self._sizes is not None:
            self._weigh(size, hit=local.outcome != "miss")
        return local.outcome  # type: ignore[no-any-return]

    def apply(self, settings: CacheSettings, load: LoadSettings) -> None:
        """Resize the cache, change its TTL or policy, and the backend's wait, in place."""
        self._cache.apply(self._in_force(settings))
        self._lookup.change(load)
        self._load = load
        self._own_ttls = load.ttl_from == "recorded"
        if self._replay is not None:
            self._replay.change(load)
        if self._waits is not None:
            self._waits.change(load)

    def counters(self) -> dict[str, float]:
        """Return the cache's statistics."""
        stats: dict[str, float] = dict(self._cache.stats())
        stats["errors"] = stats.pop("load_errors", 0)
        if self._sizes is not None:
            sums = list(self._sums)
            stats["hit_bytes"] = sum(each[0] for each in sums)
            stats["asked_bytes"] = sum(each[1] for each in sums)
        return stats if self._waits is None else {**stats, **self._waits.counters()}

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return what misses took beside the backend, where it has recorded times."""
        return {} if self._waits is None else self._waits.distributions()

    def problem(self) -> str | None:
        """Return how the backend failed, if it did."""
        return self._problem

    def close(self) -> None:
        """Close the backend."""
        self._lookup.close()

    def _check_room(self, settings: CacheSettings) -> None:
        """Refuse entries that would take most of the memory.

        Raises:
            BadInputError: If they would.
        """
        _check_room(settings, self._trace)

    def _in_force(self, settings: CacheSettings) -> CacheSettings:
        """Return what the cache is told: bytes are no bound where the trace has no sizes."""
        return settings if self._sizes is not None else settings.change(max_bytes=None)

    def _weigh(self, size: int, *, hit: bool) -> None:
        """Add a request's size to the sums of its thread, which need no lock so."""
        try:
            sums = self._local.sums
        except AttributeError:
            sums = self._local.sums = [0, 0]
            self._sums.append(sums)
        sums[1] += size
        if hit:
            sums[0] += size

    def _miss(self, key: int) -> object:
        self._local.outcome = "miss"
        local = self._local
        return self._value(self._lookup(key, self._trace.key_of(key), local.wait), local.size)

    def _wait(self) -> None:
        self._local.outcome = "wait"

    def _value(self, row: object, size: int) -> object:
        """Return what the cache holds: a row of the backend, with so many bytes beside it."""
        return row if self._sizes is None else (row, b"\x01" * size)

    def _size_of(self, _key: int, value: tuple[object, bytes]) -> int:
        return len(value[1])

    def _note(self, error: Exception, key: int) -> None:
        if self._problem is None:
            self._problem = (
                f"the backend {self._load.backend_name} raised {type(error).__name__}: {error} "
                f"for the key {self._trace.key_of(key)!r}"
            )


def _check_room(settings: CacheSettings, trace: Trace) -> None:
    import psutil

    assert trace.sizes is not None  # noqa: S101  (the caller asked)
    mean = float(trace.sizes.mean())
    wanted = min(settings.max_cache_size, trace.n_keys) * mean
    if settings.max_bytes is not None:
        wanted = min(wanted, settings.max_bytes)
    room = psutil.virtual_memory().available * _MOST_OF_MEMORY
    if wanted > room:
        raise BadInputError(
            f"entries of {in_words(mean, 'bytes')} would fill {in_words(wanted, 'bytes')}, more "
            f"than half of the free memory; set max_bytes to less than {in_words(room, 'bytes')}",
            "max_cache_size",
        )
