"""`RecordedMapping`: a dict-like cache, recorded: a `dict`, those of `cachetools`, any mapping."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any

from perflab.operations import Operation
from perflab.workloads.recording.calls import recorded_function
from perflab.workloads.recording.keys import known_size
from perflab.workloads.recording.places import UNKEYED, mapping_place
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.removals import (
    K,
    T,
    V,
    WatchedMapping,
    note_removal,
    watched_method,
)

_ABSENT = object()
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class RecordedMapping(WatchedMapping[K, V]):
    """Does what the mapping does, and records what is asked of it.

    A request is `cache[key]`, `cache.get`, `cache.setdefault`, the `get_or_load` of perflab's
    cache, and `key in cache` where it is not (where it is, the value is requested next). What is
    set says the size and, with a `ttl` of the mapping, the TTL. What is removed is taken too, but
    for `popitem`: an eviction, for all that can be told. Going through the mapping is no request.
    Attributes are the mapping's.

    Args:
        mapping: The cache.
        recording: Where to.
        size: Gives the bytes of a value, or None.
    """

    def __init__(
        self,
        mapping: MutableMapping[K, V],
        recording: Recording,
        size: Callable[[Any], int | None],
    ) -> None:
        super().__init__(mapping, recording)
        self._size = size

    def __getitem__(self, key: K) -> V:
        data, place = mapping_place(key)
        if place >= self.recording.limit:
            self._pass_by(place)
            return self._mapping[key]
        # Asked for first: a mapping may make what it misses (`__missing__`).
        hit = key in self._mapping
        value = _ABSENT
        try:
            value = self._mapping[key]
        finally:
            self._note_read(data, place, value, hit=hit and value is not _ABSENT)
        return value

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        data, place = mapping_place(key)
        if place >= self.recording.limit:
            self._pass_by(place)
            return self._mapping.get(key, default)
        value = self._mapping.get(key, _ABSENT)
        self._note_read(data, place, value, hit=value is not _ABSENT)
        return default if value is _ABSENT else value

    def __contains__(self, key: object) -> bool:
        there = key in self._mapping
        if not there:
            data, place = mapping_place(key)
            if place < self.recording.limit:
                self._note_read(data, place, _ABSENT, hit=False)
            else:
                self._pass_by(place)
        return there

    def __setitem__(self, key: K, value: V) -> None:
        self._mapping[key] = value
        data, place = mapping_place(key)
        if place < self.recording.limit:
            self._note_write(data, place, value)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key; where there is none, set the default."""
        data, place = mapping_place(key)
        if place >= self.recording.limit:
            self._pass_by(place)
            return self._mapping.setdefault(key, default)
        hit = key in self._mapping
        value = self._mapping.setdefault(key, default)
        self._note_read(data, place, value, hit=hit)
        if not hit:
            self._note_write(data, place, value)
        return value

    def __getattr__(self, name: str) -> Any:
        if name == "_mapping":  # of one that is being unpickled
            raise AttributeError(name)
        found = watched_method(name, getattr(self._mapping, name), self.recording, _place)
        asks: dict[str, Callable[..., Any]] = {
            "get_or_load": self._get_or_load,
            "aget_or_load": self._aget_or_load,
            "put": self._put,
            "touch": self._touch,
            "memoize": self._memoize,
        }
        return partial(asks[name], found) if name in asks and callable(found) else found

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function as the mapping does, with its calls recorded."""
        return self._recorded(self._mapping(function), None)  # type: ignore[operator]

    def _memoize(
        self, memoize: Callable[..., Decorator], *args: object, **options: Any
    ) -> Decorator:
        decorate = memoize(*args, **options)
        return lambda function: self._recorded(decorate(function), options.get("key"))

    def _recorded(self, function: Any, key: Callable[..., Any] | None) -> Callable[..., Any]:
        # To clear the results of one function is not to clear the cache.
        self.recording.users += 1
        return recorded_function(function, self.recording, key, self._size)

    def _put(
        self, put: Callable[..., T], key: object, value: object, *args: object, **options: object
    ) -> T:
        answer = put(key, value, *args, **options)
        data, place = mapping_place(key)
        if place < self.recording.limit:
            self._note_write(data, place, value, args[0] if args else options.get("ttl"))
        return answer

    def _touch(self, touch: Callable[..., T], key: object, *args: object, **options: object) -> T:
        answer = touch(key, *args, **options)
        data, place = mapping_place(key)
        if place < self.recording.limit and answer is not False:
            ttl = _seconds(args[0] if args else options.get("ttl"), self._mapping)
            self.recording.add(data, place, code=Operation.TOUCH, ttl=ttl)
        return answer

    def _note_removal(self, key: object, name: str) -> None:  # noqa: ARG002 - as the base has it
        note_removal(self.recording, *mapping_place(key))

    def _get_or_load(
        self,
        ask: Callable[..., T],
        key: object,
        loader: Callable[..., object],
        *args: object,
        **kwargs: object,
    ) -> T:
        data, place = mapping_place(key)
        if place >= self.recording.limit:
            value = ask(key, loader, *args, **kwargs)
            self._pass_by(place)
            return value
        loads, load = _watched(loader)
        value = ask(key, load, *args, **kwargs)
        self._note_read(data, place, value, hit=not loads)
        return value

    async def _aget_or_load(
        self,
        ask: Callable[..., Awaitable[T]],
        key: object,
        loader: Callable[..., object],
        *args: object,
        **kwargs: object,
    ) -> T:
        data, place = mapping_place(key)
        if place >= self.recording.limit:
            value = await ask(key, loader, *args, **kwargs)
            self._pass_by(place)
            return value
        loads, load = _watched(loader)
        value = await ask(key, load, *args, **kwargs)
        self._note_read(data, place, value, hit=not loads)
        return value

    def _pass_by(self, place: int) -> None:
        """Count a request that is not recorded: of a key out of the sample, or without a key."""
        if place == UNKEYED:
            self.recording.leave_out("unkeyed", type(self._mapping).__name__)
        else:
            next(self.recording.passed)

    def _note_read(self, data: bytes, place: int, value: object, *, hit: bool) -> None:
        size = None if value is _ABSENT else known_size(self._size, value)
        self.recording.add(data, place, hit=hit, size=size)

    def _note_write(self, data: bytes, place: int, value: object, ttl: object = None) -> None:
        known = _seconds(ttl, self._mapping)
        size = known_size(self._size, value)
        self.recording.add(data, place, code=Operation.SET, size=size, ttl=known)


def _place(args: tuple[object, ...], _options: Mapping[str, object]) -> tuple[bytes, int]:
    """Return the recorded key of what a method of a mapping was called with, and its place."""
    return mapping_place(args[0]) if args else (b"", UNKEYED)


def _seconds(ttl: object, mapping: object) -> float | None:
    """Return the lifetime that was given or, where none was, that of the mapping."""
    given = getattr(mapping, "ttl", None) if ttl is None else ttl
    return float(given) if isinstance(given, (int, float)) else None


def _watched(loader: Callable[..., T]) -> tuple[list[None], Callable[..., T]]:
    """Return a list that grows when a loader is called, and the loader that does it."""
    loads: list[None] = []

    def load(*args: object) -> T:
        loads.append(None)
        return loader(*args)

    return loads, load
