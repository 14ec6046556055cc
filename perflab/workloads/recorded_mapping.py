"""`RecordedMapping`: a dict-like cache, recorded: a `dict`, those of `cachetools`, any mapping."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any
from zlib import crc32

from perflab.workloads.recorded_removals import WatchedMapping
from perflab.workloads.recording import Recording
from perflab.workloads.recording_keys import MASK, SPREAD, key_bytes

_ABSENT = object()


class RecordedMapping(WatchedMapping):
    """Does what the mapping does, and records what is asked of it.

    A request is `cache[key]`, `cache.get`, `cache.setdefault`, the `get_or_load` of perflab's
    cache, and `key in cache` where it is not (where it is, the value is asked for next). What is
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
        data = key_bytes(key)
        place = crc32(data) * SPREAD & MASK
        if place >= self.recording.limit:
            next(self.recording.passed)
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
        data = key_bytes(key)
        place = crc32(data) * SPREAD & MASK
        if place >= self.recording.limit:
            next(self.recording.passed)
            return self._mapping.get(key, default)
        value = self._mapping.get(key, _ABSENT)
        self._note_read(data, place, value, hit=value is not _ABSENT)
        return default if value is _ABSENT else value

    def __contains__(self, key: object) -> bool:
        there = key in self._mapping
        if not there:
            data = key_bytes(key)
            place = crc32(data) * SPREAD & MASK
            if place < self.recording.limit:
                self._note_read(data, place, _ABSENT, hit=False)
            else:
                next(self.recording.passed)
        return there

    def __setitem__(self, key: Any, value: Any) -> None:
        self._mapping[key] = value
        data = key_bytes(key)
        place = crc32(data) * SPREAD & MASK
        if place < self.recording.limit:
            self._note_write(data, place, value)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key; where there is none, set the default."""
        data = key_bytes(key)
        place = crc32(data) * SPREAD & MASK
        if place >= self.recording.limit:
            next(self.recording.passed)
            return self._mapping.setdefault(key, default)
        hit = key in self._mapping
        value = self._mapping.setdefault(key, default)
        self._note_read(data, place, value, hit=hit)
        if not hit:
            self._note_write(data, place, value)
        return value

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        return partial(self._get_or_load, found) if name == "get_or_load" else found

    def _get_or_load(
        self,
        ask: Callable[..., Any],
        key: Any,
        loader: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        data = key_bytes(key)
        place = crc32(data) * SPREAD & MASK
        if place >= self.recording.limit:
            value = ask(key, loader, *args, **kwargs)
            next(self.recording.passed)
            return value
        loads = []

        def load(*of: Any) -> Any:
            loads.append(of)
            return loader(*of)

        value = ask(key, load, *args, **kwargs)
        self._note_read(data, place, value, hit=not loads)
        return value

    def _note_read(self, data: bytes, place: int, value: Any, *, hit: bool) -> None:
        size = None if value is _ABSENT else self._size(value)
        self.recording.add(data, place, hit=hit, size=size)

    def _note_write(self, data: bytes, place: int, value: Any) -> None:
        ttl = getattr(self._mapping, "ttl", None)
        known = float(ttl) if isinstance(ttl, (int, float)) else None
        self.recording.add(data, place, read=False, size=self._size(value), ttl=known)
