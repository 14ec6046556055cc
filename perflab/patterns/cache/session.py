"""The live side of the caching bench: a real cache in front of a real backend."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.patterns.cache._cache import Cache
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.servers.lookup import open_lookup
from perflab.settings import LoadSettings
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.workloads.kinds.trace import Trace

_MOST_OF_MEMORY = 0.5


class CacheSession(Session):
    """Asks a cache for the trace's keys; what it misses is asked of the backend.

    Where the trace has sizes, an entry holds as many bytes, so that memory is real.
    """

    def __init__(
        self, settings: CacheSettings, load: LoadSettings, trace: Trace, clock: VirtualClock
    ) -> None:
        self._trace = trace
        self._ids = trace.ids.data
        self._sizes = None if trace.sizes is None else trace.sizes.data
        self._ttls = None if trace.ttls is None else trace.ttls.data
        if self._sizes is not None:
            _check_room(settings, trace)
        self._lookup = open_lookup(load)
        self.held = self._lookup.held
        self._load = load
        self._local = threading.local()
        self._sums: list[list[int]] = []
        self._problem: str | None = None
        self._cache = Cache(
            settings, clock=clock, sizeof=None if self._sizes is None else self._size_of
        )

    def request(self, index: int, due: float) -> str:  # noqa: ARG002
        """Ask for the key of a request and say whether it was a hit."""
        local = self._local
        local.index = index
        local.outcome = "hit"
        try:
            if self._ttls is None:
                self._cache.get_or_load(self._ids[index], self._miss)
            else:
                ttl = self._ttls[index]
                lifetime = None if ttl != ttl else ttl  # noqa: PLR0124  (not a number: none)
                self._cache.get_or_load(self._ids[index], self._miss, ttl=lifetime)
        except Exception as error:  # noqa: BLE001  (a user's backend may raise anything)
            self._note(error, self._ids[index])
            return "error"
        if self._sizes is not None:
            self._weigh(self._sizes[index], hit=local.outcome == "hit")
        return local.outcome  # type: ignore[no-any-return]

    def apply(self, settings: CacheSettings, load: LoadSettings) -> None:
        """Resize the cache, change its TTL or policy, and the backend's wait, in place."""
        self._cache.apply(settings)
        self._lookup.change(load)
        self._load = load

    def counters(self) -> dict[str, float]:
        """Return the cache's statistics."""
        stats: dict[str, float] = dict(self._cache.stats())
        stats["errors"] = stats.pop("load_errors", 0)
        if self._sizes is not None:
            sums = list(self._sums)
            stats["hit_bytes"] = sum(each[0] for each in sums)
            stats["asked_bytes"] = sum(each[1] for each in sums)
        return stats

    def problem(self) -> str | None:
        """Return how the backend failed, if it did."""
        return self._problem

    def close(self) -> None:
        """Close the backend."""
        self._lookup.close()

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

    def _miss(self, key: int) -> Any:
        self._local.outcome = "miss"
        index = self._local.index
        value = self._lookup(key, self._trace.key_of(key))
        if self._sizes is None:
            return value
        return value, b"\x01" * self._sizes[index]

    def _size_of(self, _key: int, value: tuple[Any, bytes]) -> int:
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
