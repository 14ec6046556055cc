"""Functions with a cache, recorded: `functools.lru_cache`, `cachetools.cached`, or any other."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any
from zlib import crc32

from perflab.workloads.recorded_removals import REMOVING, watched_method
from perflab.workloads.recording import Recording
from perflab.workloads.recording_keys import MASK, SPREAD, key_bytes

KEPT = (
    *("cache", "cache_info", "cache_key", "cache_lock", "cache_parameters"),
    *sorted(REMOVING),
)


def recorded_function(
    function: Callable[..., Any],
    recording: Recording,
    key: Callable[..., Any] | None,
    size: Callable[[Any], int | None],
) -> Callable[..., Any]:
    """Return a function that does the same and records its calls; `async` stays `async`.

    A call is a hit or a miss by what `cache_info` counted while it went on; where calls overlap
    and both counts grew, or there is no `cache_info`, that is not known.

    Args:
        function: What is called.
        recording: Where to.
        key: Makes the key of the arguments; where not given it is the only argument, or all.
        size: Gives the bytes of a result, or None.
    """
    key_of = _key_of_all if key is None else key
    counted = getattr(function, "cache_info", None)

    def note(data: bytes, place: int, before: Any, result: Any) -> None:
        hit = None if before is None or counted is None else _hit(before, counted())
        recording.add(data, place, hit=hit, size=size(result))

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        data = key_bytes(
            args[0] if key is None and len(args) == 1 and not kwargs else key_of(*args, **kwargs)
        )
        place = crc32(data) * SPREAD & MASK
        if place >= recording.limit:
            result = function(*args, **kwargs)
            next(recording.passed)
            return result
        before = None if counted is None else counted()
        result = function(*args, **kwargs)
        note(data, place, before, result)
        return result

    @functools.wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        data = key_bytes(key_of(*args, **kwargs))
        place = crc32(data) * SPREAD & MASK
        if place >= recording.limit:
            result = await function(*args, **kwargs)
            next(recording.passed)
            return result
        before = None if counted is None else counted()
        result = await function(*args, **kwargs)
        note(data, place, before, result)
        return result

    recorded: Any = call_async if inspect.iscoroutinefunction(function) else call
    for name in KEPT:
        if hasattr(function, name):
            found = watched_method(name, getattr(function, name), recording)
            setattr(recorded, name, found)
    recorded.recording = recording
    return recorded  # type: ignore[no-any-return]


def _key_of_all(*args: Any, **kwargs: Any) -> Any:
    if kwargs:
        return args, sorted(kwargs.items())
    return args[0] if len(args) == 1 else args


def _hit(before: Any, after: Any) -> bool | None:
    more_hits, more_misses = after.hits > before.hits, after.misses > before.misses
    return more_hits if more_hits != more_misses else None
