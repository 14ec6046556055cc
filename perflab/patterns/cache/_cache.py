"""An in-process cache with bounds, expiry and one load per key, changed while it runs."""

from __future__ import annotations

from collections.abc import (
    Awaitable,
    Callable,
    Hashable,
    ItemsView,
    Iterator,
    KeysView,
    MutableMapping,
    ValuesView,
)
from datetime import timedelta
from typing import Any, Never, ParamSpec, TypeVar, cast, overload

from perflab.instrumentation import Event, EventKind, Hook
from perflab.patterns.cache._changes import apply, begin_change, clear
from perflab.patterns.cache._entry import Entry
from perflab.patterns.cache._lifetimes import read_lifetime
from perflab.patterns.cache._loads import Loads
from perflab.patterns.cache._mapping import (
    Items,
    Keys,
    Values,
    find,
    find_or_write,
    live,
    pop_next,
    take,
)
from perflab.patterns.cache._memoize import CacheInfo, Memoized, memoize
from perflab.patterns.cache._removal import Gone, Removal
from perflab.patterns.cache._store import Store
from perflab.patterns.cache._tasks import load_in_task
from perflab.patterns.cache._writes import peek, renew, write
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives import Clock, MonotonicClock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")
P = ParamSpec("P")
R = TypeVar("R")

Ttl = float | timedelta | Callable[[Any, Any], float | timedelta | None] | None
"""An entry's own seconds to live, or a function of its key and value that returns them."""

_MISSING: Any = object()


class Cache(MutableMapping[K, V]):
    """A cache for threads and tasks: a mapping, a loader's front, and a decorator.

    An entry written at w with lifetime L is live while now < w + L; a hit does not prolong it.
    Expired entries leave when they are next looked up or next in line to be evicted; with eager
    `expiry`, before anything is evicted, at the next miss, write or `stats`. A hit takes no lock.

    A key is loaded once at a time across threads, and once across the tasks of an event loop. A
    write or removal during a load wins over what the load brings: whoever asks after it does not
    get that value, whoever waits already may. A loader's error reaches all who wait for it. With
    ``negative_ttl_seconds`` it is kept for so long, without the frames it went through, as an
    entry that counts in all bounds. A forked child keeps what was there and loads for itself.

    Keys are those of a `dict`: equal keys are one, such as 1, 1.0 and True. A key is hashed once
    on a hit and twice on a miss (with S3-FIFO thrice). It compares by identity, and is not copied
    or pickled; ``dict(cache.items())`` is a copy of what is live.

    Args:
        settings: Bounds, lifetimes and policy.
        clock: Tells the time; by default the computer's monotonic clock.
        hook: Called with an event for everything that happens.
        sizeof: Bytes of a key and value; by default `sys.getsizeof` of both.
        on_evict: Called with key, value and reason when an entry leaves by itself: `evicted`,
            `expired`, or `resized` by `apply`. What it raises reaches whose call it was.
        overrides: Single settings, over those of `settings`.

    Raises:
        BadInputError: If a setting is unknown or out of bounds, or a policy is what-if only.
    """

    def __init__(
        self,
        settings: CacheSettings | None = None,
        *,
        clock: Clock | None = None,
        hook: Hook | None = None,
        sizeof: Callable[[K, V], int] | None = None,
        on_evict: Callable[[K, V, Removal], None] | None = None,
        **overrides: object,
    ) -> None:
        chosen = CacheSettings.given(settings).change(**overrides)
        now = (clock or MonotonicClock()).now
        self._store = Store(chosen, now, hook, sizeof, on_evict)
        self._main = self._store.main
        self._entries = self._main.entries
        self._loads = Loads(self._store)

    @property
    def settings(self) -> CacheSettings:
        """The settings in force."""
        return self._store.settings

    def get_or_load(self, key: K, loader: Callable[[K], V], ttl: Ttl = None) -> V:
        """Return the value of a key, or load it; waits where another thread loads it already.

        Args:
            key: What to look up.
            loader: Called with the key.
            ttl: The new entry's own seconds to live, or a function of key and value.

        Raises:
            RuntimeError: If the loader asks for the key that it loads.
            BadInputError: If `ttl` is not a number of 0 or more.
        """
        # The way of a hit and of a miss stands here in full, as in cache_wrappers.
        store = self._store
        try:
            entry = self._entries[key]
        except KeyError:
            seen = None
        else:
            deadline = entry.deadline
            if deadline is None or store.now() < deadline:
                touch = store.touch
                if touch is None:
                    entry.visited = True
                else:
                    try:  # noqa: SIM105 - suppress() would cost more than the hit
                        touch(entry)
                    except KeyError:
                        pass
                for _ in store.hits:  # As next() does, without a call.
                    break
                if store.hook is not None:
                    store.hook(Event(EventKind.HIT, key, size=entry.size))
                return cast("V", entry.value)
            seen = entry
        mine = Entry(self._main, key)
        try:
            found = self._loads.begin(mine, seen)
            if found is not mine:
                return cast("V", found.value)
            return self._loads.finish(mine, loader(key), ttl)
        except BaseException as error:
            try:
                self._loads.fail(mine, error)
            finally:
                self._loads.abandon(mine)
            raise

    async def aget_or_load(
        self, key: K, aloader: Callable[[K], Awaitable[V]], ttl: Ttl = None
    ) -> V:
        """Do as `get_or_load` with a coroutine function; waits where another task loads.

        The load runs in a task of its own, in a copy of the caller's context: a caller that is
        cancelled leaves it to the others that wait, the last one takes it along.

        Raises:
            RuntimeError: If the loader, or a task that it started, asks for the key that it loads.
        """
        store, entry = self._store, self._entries.get(key)
        if entry is not None and store.is_live(entry):
            store.use(entry)
            return cast("V", entry.value)
        mine = Entry(self._main, key)
        return cast("V", await load_in_task(self._loads, mine, entry, aloader, ttl))

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """Return the value of a key, or the default; counts a hit or a miss."""
        store, entry = self._store, self._entries.get(key)
        if entry is not None:
            deadline = entry.deadline
            if deadline is None or store.now() < deadline:
                store.use(entry)
                return entry.value
        entry = find(store, key, entry)
        return default if entry is None else entry.value

    def put(self, key: K, value: V, ttl: Ttl = None) -> None:
        """Write a value; over one that is there, it is a use for the policy, as a hit is.

        Raises:
            BadInputError: If `ttl` is not a number of 0 or more.
        """
        write(self._store, key, value, read_lifetime(ttl, key, value))

    def touch(self, key: K, ttl: Ttl = None) -> bool:
        """Give a live entry a new lifetime from now; False where the key is absent or expired.

        Neither a lookup nor a use for the policy. A load under way is not affected, and an error
        that is kept counts as absent.

        Args:
            key: Whose entry lives on.
            ttl: Its own seconds to live, or a function of key and value; None for the setting's,
                `math.inf` for no end.

        Raises:
            BadInputError: If `ttl` is not a number of 0 or more.
        """
        return renew(self._store, key, ttl)

    def pop(self, key: K, default: D = _MISSING) -> V | D:
        """Remove a key and return its value, or the default; not counted as a lookup.

        Raises:
            KeyError: If the key is not there and no default is given.
        """
        entry = take(self._store, self._main, key)
        if entry is not None:
            return cast("V", entry.value)
        if default is _MISSING:
            raise KeyError(key)
        return default

    def clear(self) -> None:
        """Remove all entries, those of memoized functions too; nothing is counted."""
        clear(self._store)

    def popitem(self) -> tuple[K, V]:
        """Remove the pair that would be evicted next and return it; nothing is counted.

        Raises:
            KeyError: If no live entry is there.
        """
        entry = pop_next(self._store)
        return cast("K", entry.key), cast("V", entry.value)

    @overload
    def setdefault(self: Cache[K, V | None], key: K, default: None = None) -> V | None: ...
    @overload
    def setdefault(self, key: K, default: V) -> V: ...
    def setdefault(self, key: K, default: Any = None) -> Any:
        """Return the value of a key, or write the default, in one step; counts as a lookup."""
        return find_or_write(self._store, key, default)

    def keys(self) -> KeysView[K]:
        """Return a view of the live keys of the cache itself; it counts and moves nothing."""
        return Keys(self)

    def values(self) -> ValuesView[V]:
        """Return a view of the live values of the cache itself; it counts and moves nothing."""
        return Values(self, self._store)

    def items(self) -> ItemsView[K, V]:
        """Return a view of the live pairs of the cache itself; it counts and moves nothing."""
        return Items(self, self._store)

    def __getitem__(self, key: K) -> V:
        store, entry = self._store, self._entries.get(key)
        if entry is not None:
            deadline = entry.deadline
            if deadline is None or store.now() < deadline:
                store.use(entry)
                return cast("V", entry.value)
        entry = find(store, key, entry)
        if entry is None:
            raise KeyError(key)
        return cast("V", entry.value)

    def __setitem__(self, key: K, value: V) -> None:
        write(self._store, key, value, None)

    def __delitem__(self, key: K) -> None:
        if take(self._store, self._main, key) is None:
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        """Say whether a key is there and live; neither counts nor moves it."""
        return peek(self._store, cast("K", key)) is not None

    def __len__(self) -> int:
        """Count the entries held, those of memoized functions and expired ones included."""
        return self._store.held

    def __iter__(self) -> Iterator[K]:
        """Go through the live keys as they are now; neither counts nor moves them."""
        return (cast("K", entry.key) for entry in live(self._store, self._main))

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __reduce_ex__(self, protocol: object) -> Never:
        text = "cannot be copied or pickled, as threads share it; copy dict(cache.items())"
        raise TypeError(f"a {type(self).__name__} {text}")

    def __call__(self, function: Callable[P, R]) -> Memoized[P, R]:
        """Decorate a function or coroutine function, as `memoize` does without arguments.

        Raises:
            BadInputError: If it is no function, or makes generators.
        """
        return memoize(function, self._loads, self._info)

    def memoize(
        self,
        *,
        key: Callable[..., Hashable] | None = None,
        ttl: Ttl = None,
        typed: bool = False,
    ) -> Callable[[Callable[P, R]], Memoized[P, R]]:
        """Decorate a function or coroutine function so that its results are kept.

        Each function has keys of its own, so that several may share the cache. The order of named
        arguments does not matter. Methods keep results for each object, and the object with them;
        ``obj.method.forget(...)`` and ``obj.method.cache_clear()`` are for that object.

        Args:
            key: Makes a key of the arguments; the result then stands under this key in the
                cache itself, where ``cache[key]`` and ``del cache[key]`` find it.
            ttl: The results' own seconds to live, or a function of key and value.
            typed: Whether equal arguments of different types, such as 1 and 1.0, are told apart,
                as with `functools.lru_cache`.

        Raises:
            BadInputError: If it is no function, or makes generators.
        """
        return lambda function: memoize(function, self._loads, self._info, key, ttl, typed=typed)

    def apply(self, settings: CacheSettings | None = None, **overrides: object) -> None:
        """Change settings while the cache is in use; what no longer fits leaves now.

        A new ``ttl_seconds`` counts from when each entry was written. A new policy takes the
        entries over in their order.

        Raises:
            BadInputError: If a setting is unknown or out of bounds, or a policy is what-if only.
        """
        apply(self._store, settings, overrides)

    def stats(self) -> dict[str, int | float]:
        """Return flat counters that only grow, and the levels `entries` and `bytes`.

        ``hits + misses`` is the number of lookups. Of the misses, `coalesced` waited for another
        caller's load and `negative_hits` were answered by an error that was kept. `loads` are
        calls of loaders that ended, `load_errors` those among them that raised. `rejected` were
        larger than ``max_bytes`` alone. Errors that are kept count among `entries` and `bytes`.
        """
        store, loads = self._store, self._loads
        gone: Gone = []
        with store.lock:
            begin_change(store)
            store.sweep(gone)
            store.changing = False
            counters: dict[str, int | float] = {
                "hits": store.hits.read(),
                "misses": store.misses.read(),
                "evictions": store.evictions,
                "expirations": store.expirations,
                "rejected": store.rejected,
                "loads": loads.loads,
                "load_errors": loads.load_errors,
                "load_seconds_total": loads.load_seconds_total,
                "coalesced": loads.coalesced,
                "negative_hits": loads.negative_hits,
                "entries": store.held,
                "bytes": store.bytes,
            }
        store.announce(gone)
        return counters

    def _info(self) -> CacheInfo:
        store = self._store
        with store.lock:
            maxsize = store.settings.max_cache_size
            return CacheInfo(store.hits.read(), store.misses.read(), maxsize, store.held)

    def __repr__(self) -> str:
        settings = self._store.settings
        name = type(self).__name__
        return f"{name}({len(self)} of {settings.max_cache_size} entries, {settings.policy})"
