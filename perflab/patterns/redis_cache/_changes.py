"""What is written or removed while it is loaded: such a load's value is void."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from perflab.primitives import AsyncSingleFlight, SingleFlight


class Changes:
    """Loads under way in this process, by key, until the key is written or removed.

    Each step is one call of a dict, so that threads need no lock.
    """

    def __init__(self) -> None:
        self._loads: dict[str, object] = {}

    def begin(self, keys: Iterable[str]) -> object:
        """Note a load of keys; return what tells it from others."""
        load = object()
        for key in keys:
            self._loads[key] = load
        return load

    def end(self, load: object, keys: Iterable[str]) -> list[str]:
        """Forget a load; return its keys that were neither changed nor reloaded since."""
        unchanged = []
        for key in keys:
            if self._loads.get(key) is load:
                self._loads.pop(key, None)
                unchanged.append(key)
        return unchanged

    @contextmanager
    def change(
        self, flights: SingleFlight[Any] | AsyncSingleFlight[Any], keys: object
    ) -> Iterator[None]:
        """While keys, or all of them, are written or removed: loads of them become void.

        Afterwards nobody joins these loads any more; whoever waits already may get their value.
        """
        changed: list[str] | None = None
        if keys is not None:
            # What is no key, or no collection of them, is refused by whoever changes it.
            several = keys if isinstance(keys, Iterable) else ()
            changed = [key for key in several if isinstance(key, str)]
        self._forget(changed)
        try:
            yield
        finally:
            self._forget(changed)
            if changed is None:
                flights.part_all()
            else:
                flights.part(*changed)

    def _forget(self, keys: list[str] | None) -> None:
        if keys is None:
            self._loads.clear()
            return
        for key in keys:
            self._loads.pop(key, None)
