"""The cache as a layer of a running service."""

from __future__ import annotations

from perflab.bench.living import Behind
from perflab.operations import Operation
from perflab.patterns.cache._cache import Cache
from perflab.patterns.cache.settings import CacheSettings


class CacheLayer:
    """The cache of one worker process."""

    def __init__(self, settings: CacheSettings) -> None:
        self._cache: Cache[str, object] = Cache(settings)

    def answer(self, key: str, behind: Behind, ttl: float | None = None) -> object:
        """Return the value of a key, loaded from behind where it is missing."""
        return self._cache.get_or_load(key, lambda _key: behind(), ttl)

    def write(self, operation: Operation, key: str, ttl: float | None) -> None:
        """Set, renew or remove an entry."""
        if operation == Operation.SET:
            self._cache.put(key, key, ttl)
        elif operation == Operation.TOUCH:
            self._cache.touch(key, ttl)
        else:
            self._cache.pop(key, None)

    def close(self) -> None:
        """Empty it."""
        self._cache.clear()
