"""`CacheShadow`: a cache without a backend that does what a live run's cache does."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from perflab.bench.pace import Pace
from perflab.modelling.backend_times import backend_times_of
from perflab.modelling.looped import LoopedTrace
from perflab.modelling.miss_times import MissTimes
from perflab.modelling.operations import replayed
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._lifetimes import end_of
from perflab.patterns.cache._removal import Gone
from perflab.patterns.cache._store import Store
from perflab.patterns.cache.model.metrics import CacheCosts, threads_metrics
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.session import CacheSession
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives.clock import VirtualClock
from perflab.settings import LoadSettings
from perflab.units import counted, grouped
from perflab.workloads.kinds.trace import Trace

MOST_ENTRIES = 500_000
"""More entries would take some 200 MB beside the run."""
_LEVELS = ("entries", "bytes")
_OWN = ("hits", "misses", "hit_bytes", "asked_bytes")


class _WithoutBackend(CacheSession):
    """The live session, whose misses find a value at once; a value is its own number of bytes."""

    def __init__(
        self, settings: CacheSettings, load: LoadSettings, trace: Trace, clock: VirtualClock
    ) -> None:
        super().__init__(settings, load.change(backend="delay"), trace, clock)
        self._waits = None

    @property
    def store(self) -> Store:
        """What the cache holds."""
        return self._cache._store  # noqa: SLF001  (a file of the same pattern)

    def own_ttl(self, index: int) -> float | None:
        """Return a request's own seconds to live, where they count."""
        if self._ttls is None or not self._own_ttls:
            return None
        own: float = self._ttls[index]
        return own if own == own else None  # noqa: PLR0124  (not a number: none)

    def _check_room(self, settings: CacheSettings) -> None:
        """Have room: values take none."""

    def _miss(self, _key: int) -> object:
        self._local.outcome = "miss"
        return self._local.size

    def _value(self, _row: object, size: int) -> object:
        return size

    def _size_of(self, _key: int, value: object) -> int:
        return cast("int", value)


class CacheShadow:
    """What a live run's cache has done by some request, through all changes of its settings.

    It is the live cache itself on the run's own dates, so that any policy, lifetime and bound does
    what it does there. Recorded operations go through the live session's own code; reads alone take
    a shorter way into the same store, without locks and loads. With one thread it is equal to the
    run; several threads change the order of requests that are under way at once. A read that waits
    for another thread's load hits in its store, and how many do is estimated as in predictions.

    Args:
        trace: What the run plays.
        settings: The cache's at the start.
        load: The load's at the start.
    """

    def __init__(self, trace: Trace, settings: CacheSettings, load: LoadSettings) -> None:
        self._trace = trace
        self._load = load
        self._clock = VirtualClock()
        self._pace = Pace.of(trace, load, 0.0)
        if self._pace.times is not None:
            self._clock.set(self._pace.times[0])
        self._session = _WithoutBackend(settings, load, trace, self._clock)
        self._next = 0
        self._own = dict.fromkeys(_OWN, 0)
        self._begun: dict[str, float] = {}
        # Whether each request since the last change has missed, where each takes a time of its own.
        self._missed = None if trace.backend_seconds is None else bytearray()

    def advance(self, count: int) -> None:
        """Do the next requests of the trace, which begins again at its end."""
        first, self._next = self._next, self._next + count
        pace, show = self._pace, self._clock.set
        length, dated = pace.length, pace.dated
        request = self._read() if self._trace.operations is None else self._do
        missed = self._missed
        for index in range(first, self._next):
            if dated:
                show(pace.shown(index))
            gone = request(index % length)
            if missed is not None:
                missed.append(gone)

    def _do(self, index: int) -> bool:
        return self._session.request(index, 0.0) == "miss"

    def _read(self) -> Callable[[int], bool]:
        """Return what does a read and says whether it missed; it holds until the next change."""
        store, own, trace = self._session.store, self._own, self._trace
        ids, find, now, touch = trace.ids.data, store.main.entries.get, store.now, store.touch
        sizes = None if trace.sizes is None else trace.sizes.data
        load = self._load_entry

        def read(index: int) -> bool:
            entry = find(ids[index])
            gone = entry is None or not (entry.deadline is None or now() < entry.deadline)
            if entry is None or gone:
                own["misses"] += 1
                load(index, 1 if sizes is None else sizes[index])
            else:
                own["hits"] += 1
                if touch is None:
                    entry.visited = True
                else:
                    touch(entry)
            if sizes is not None:
                own["asked_bytes"] += sizes[index]
                own["hit_bytes"] += 0 if gone else sizes[index]
            return gone

        return read

    def _load_entry(self, index: int, size: int) -> None:
        """Let in what a miss loads, as `Loads.finish` does."""
        store, key = self._session.store, self._trace.ids.data[index]
        region = store.main
        gone: Gone = []
        store.sweep(gone)
        expired = region.entries.get(key)
        if expired is not None:
            store.expire(expired, gone)
        mine = region.entries[key] = Entry(region, key)
        lifetime = self._session.own_ttl(index)
        if store.eager or size > store.most_bytes:
            store.admit(mine, None, size, lifetime, gone)
            return
        if store.expect is not None:
            store.expect(region, key)
        now = store.now()
        while store.held >= store.most_entries or store.bytes + size > store.most_bytes:
            store.evict(now)
        mine.value, mine.size, mine.written, mine.lifetime = None, size, now, lifetime
        mine.deadline = end_of(now, store.ttl if lifetime is None else lifetime)
        store.let_in(mine)

    def change(self, settings: CacheSettings, load: LoadSettings) -> None:
        """Change settings before the next request, as the run did; counts begin here."""
        self._session.apply(settings, load.change(backend="delay"))
        self._pace = self._pace.resumed(self._next, 0.0, load)
        self._load = load
        self._begun = self._counters()
        if self._missed is not None:
            self._missed.clear()

    def metrics(self, costs: Costs) -> Metrics:
        """Return the metrics of all requests since the last change, at these costs."""
        part = self._since_change()
        asked = replayed(self._trace, self._load)
        counts, looped = self._counts(part), LoopedTrace(asked)
        missed = self._miss_times(asked)
        found = threads_metrics(counts, asked, looped, self._load, CacheCosts.of(costs), missed)
        if part.get("asked_bytes"):
            found["byte_hit_rate"] = part["hit_bytes"] / part["asked_bytes"]
        return found

    def _miss_times(self, asked: Trace) -> MissTimes | None:
        """Return the recorded backend times of what has missed; None where no read has one."""
        backend = backend_times_of(asked)
        if backend is None or self._missed is None:
            return None
        first = (self._next - len(self._missed)) % len(asked)
        return backend.missed(np.array(self._missed, np.bool_), first)

    def _since_change(self) -> dict[str, float]:
        begun = self._begun
        return {
            name: value if name in _LEVELS else value - begun.get(name, 0)
            for name, value in self._counters().items()
        }

    def _counters(self) -> dict[str, float]:
        """Return the session's counters, with what the short way has counted by itself."""
        known = self._session.counters()
        return known | {name: known.get(name, 0) + value for name, value in self._own.items()}

    def _counts(self, part: dict[str, float]) -> CacheCounts:
        counts = CacheCounts(
            requests=int(part["hits"] + part["misses"]),
            hits=int(part["hits"]),
            misses=int(part["misses"]),
            evictions=int(part["evictions"]),
            expirations=int(part["expirations"]),
            hit_bytes=int(part.get("hit_bytes", 0)),
            entries=int(part["entries"]),
            bytes=int(part["bytes"]),
        )
        return counts if self._trace.sizes is not None else counts.without_bytes()


def why_no_shadow(trace: Trace, settings: CacheSettings, _load: LoadSettings) -> str | None:
    """Return why changes to such settings are not followed; None where they are."""
    entries = min(settings.max_cache_size, trace.n_keys)
    if entries <= MOST_ENTRIES:
        return None
    held, most = counted(entries, "entry"), grouped(MOST_ENTRIES)
    return f"the cache may hold {held}, more than the {most} kept"
