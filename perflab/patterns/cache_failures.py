"""Errors of a cache's loaders, kept so that a failing key is not loaded over and over."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from types import TracebackType

from perflab.patterns.cache_entry import Region

Place = tuple[Region, Hashable]
"""A key in its key space."""


class Failures:
    """Errors of loaders, each raised again for a while; used under the store's lock."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Place, tuple[Exception, TracebackType | None, float]]
        self._kept = OrderedDict()

    def keep(self, place: Place, error: Exception, now: float, limit: int) -> None:
        """Keep an error; the oldest goes where there would be more than the limit."""
        self._kept.pop(place, None)
        while len(self._kept) >= limit:
            self._kept.popitem(last=False)
        self._kept[place] = (error, error.__traceback__, now)

    def find(
        self, place: Place, now: Callable[[], float], seconds: float | None
    ) -> Exception | None:
        """Return the error kept for a place, if it is not older than that."""
        if place not in self._kept:
            return None
        error, traceback, written = self._kept[place]
        if seconds is None or now() >= written + seconds:
            del self._kept[place]
            return None
        # Each raise adds to the traceback; it is to show the load, not all who asked since.
        return error.with_traceback(traceback)

    def forget(self, place: Place) -> None:
        """Let go of the error kept for a place, if any."""
        self._kept.pop(place, None)

    def places(self) -> list[Place]:
        """Return the places that errors are kept for, oldest first."""
        return list(self._kept)
