"""Functions with a cache, recorded: `functools.lru_cache`, `cachetools.cached`, or any other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from perflab.primitives.callables import is_async, shown_name
from perflab.workloads.recording.keys import known_size
from perflab.workloads.recording.places import UNKEYED, call_place
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.removals import REMOVING, watched_method

KEPT = (
    *("cache", "cache_info", "cache_key", "cache_lock", "cache_parameters"),
    *sorted(REMOVING),
)


def recorded_function(
    function: Callable[..., Any],
    recording: Recording,
    key: Callable[..., object] | None,
    size: Callable[[Any], int | None],
) -> Callable[..., Any]:
    """Return a function that does the same and records its calls; `async` stays `async`.

    A call is a hit or a miss by what `cache_info` counted while it went on; where calls overlap
    and both counts grew, or there is no `cache_info`, that is not known.

    Args:
        function: What is called.
        recording: Where to.
        key: Makes the key of the arguments; without it `call_key` does. A call that has no key
            passes through, and is counted.
        size: Gives the bytes of a result, or None.
    """
    calls = _Calls(function, recording, key, size)
    place_of, info, note, pass_by = calls.place, calls.info, calls.note, calls.pass_by
    if key is None:
        place_of = call_place

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        data, place = place_of(args, kwargs)
        if place >= recording.limit:
            result = function(*args, **kwargs)
            pass_by(place)
            return result
        before = info()
        result = function(*args, **kwargs)
        note(data, place, before, result)
        return result

    @functools.wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        data, place = place_of(args, kwargs)
        if place >= recording.limit:
            result = await function(*args, **kwargs)
            pass_by(place)
            return result
        before = info()
        result = await function(*args, **kwargs)
        note(data, place, before, result)
        return result

    recorded: Any = call_async if is_async(function) else call
    for name in KEPT:
        if hasattr(function, name):
            found = watched_method(name, getattr(function, name), recording, place_of)
            setattr(recorded, name, found)
    recorded.recording = recording
    return recorded  # type: ignore[no-any-return]


class _Calls:
    """What is noted of the calls of one function."""

    def __init__(
        self,
        function: Callable[..., Any],
        recording: Recording,
        key: Callable[..., object] | None,
        size: Callable[[Any], int | None],
    ) -> None:
        self._recording = recording
        self._name = shown_name(function)
        self._counted: Any = getattr(function, "cache_info", None)
        self._key: Any = key
        self._size = size

    def place(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> tuple[bytes, int]:
        """Return the key that the user's function makes, and its place."""
        try:
            return call_place((self._key(*args, **kwargs),), {})
        except Exception:  # noqa: BLE001 - a recorder stops no service, whatever is raised
            return b"", UNKEYED

    def info(self) -> object:
        """Return what a cache has counted; None where it counts nothing or cannot say."""
        try:
            return None if self._counted is None else self._counted()
        except Exception:  # noqa: BLE001 - a recorder stops no service
            return None

    def note(self, data: bytes, place: int, before: object, result: object) -> None:
        """Record a call that has returned."""
        hit = None if before is None else _hit(before, self.info())
        self._recording.add(data, place, hit=hit, size=known_size(self._size, result))

    def pass_by(self, place: int) -> None:
        """Count a call that is not recorded: of a key out of the sample, or without a key."""
        if place == UNKEYED:
            self._recording.leave_out("unkeyed", self._name)
        else:
            next(self._recording.passed)


def _hit(before: Any, after: Any) -> bool | None:
    try:
        more_hits, more_misses = after.hits > before.hits, after.misses > before.misses
    except (AttributeError, TypeError):  # counts of another form
        return None
    return more_hits if more_hits != more_misses else None
