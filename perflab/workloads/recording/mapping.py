"""`RecordedMapping`: a dict-like cache, recorded: a `dict`, those of `cachetools`, any mapping."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

from perflab.workloads.recording.calls import recorded_function
from perflab.workloads.recording.keys import known_size
from perflab.workloads.recording.places import UNKEYED, mapping_place
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.removals import WatchedMapping

_ABSENT = object()


class RecordedMapping(WatchedMapping):
    """Does what the mapping does, and records what is asked of it.

    A request is `cache[key]`, `cache.get`, `cache.setdefault`, the `get_or_load` of perflab's
    cache, and `key in cache` where it is not (where it is, the value is requested next). What is
    set says the size and, with a `ttl` of the mapping, the TTL. What is removed is counted. Going
    through the mapping is no request. Attributes are the mapping's.

    Args:
        mapping: The cache.
        recording: Where to.
        size: Gives the bytes of a value, or None.
    """

    def __init__(
        self,
        mapping: MutableMapping[Any, Any],
        recording: Recording,
        size: Callable[[Any], int | None],
    ) -> None:
        super().__init__(mapping, recording)
        self._size = size

    def __getitem__(self, key: Any) -> Any:
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

    def __setitem__(self, key: Any, value: Any) -> None:
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
        found = super().__getattr__(name)
        asks = {
            "get_or_load": self._get_or_load,
            "aget_or_load": self._aget_or_load,
            "put": self._put,
            "memoize": self._memoize,
        }
        return partial(asks[name], found) if name in asks and callable(found) else found

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function as the mapping does, with its calls recorded."""
        return self._recorded(self._mapping(function), None)  # type: ignore[operator]

    def _memoize(self, memoize: Callable[..., Any], *args: Any, **options: Any) -> Any:
        decorate = memoize(*args, **options)
        return lambda function: self._recorded(decorate(function), options.get("key"))

    def _recorded(self, function: Any, key: Callable[..., Any] | None) -> Callable[..., Any]:
        return recorded_function(function, self.recording, key, self._size)

    def _put(
        self, put: Callable[..., Any], key: Any, value: Any, *args: Any, **options: Any
    ) -> Any:
        answer = put(key, value, *args, **options)
        data, place = mapping_place(key)
        if place < self.recording.limit:
            self._note_write(data, place, value)
        return answer

    def _get_or_load(
        self,
        ask: Callable[..., Any],
        key: Any,
        loader: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
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
        ask: Callable[..., Any],
        key: Any,
        loader: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
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

    def _note_read(self, data: bytes, place: int, value: Any, *, hit: bool) -> None:
        size = None if value is _ABSENT else known_size(self._size, value)
        self.recording.add(data, place, hit=hit, size=size)

    def _note_write(self, data: bytes, place: int, value: Any) -> None:
        ttl = getattr(self._mapping, "ttl", None)
        known = float(ttl) if isinstance(ttl, (int, float)) else None
        size = known_size(self._size, value)
        self.recording.add(data, place, read=False, size=size, ttl=known)


def _watched(loader: Callable[..., Any]) -> tuple[list[None], Callable[..., Any]]:
    """Return a list that grows when a loader is called, and the loader that does it."""
    loads: list[None] = []

    def load(*args: Any) -> Any:
        loads.append(None)
        return loader(*args)

    return loads, load
