"""The cache in Redis as a layer of a running service, and the server that its workers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perflab.bench.living import Behind
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.patterns.redis_cache._redis_cache import RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

_SHORTEST = 0.001


class RedisBacking:
    """A server of perflab's own, with the memory and policy of the settings.

    Raises:
        BadInputError: If the settings name a server, or none comes up.
    """

    def __init__(self, settings: RedisCacheSettings) -> None:
        if settings.redis_host is not None:
            text = "is a server of yours; a service runs on perflab's own: leave it out"
            raise BadInputError(text, "redis_cache.redis_host")
        self._server = RedisServer.start(
            settings.maxmemory, settings.maxmemory_policy, settings.maxmemory_samples
        )

    @property
    def address(self) -> Mapping[str, Any]:
        """The server's address."""
        return {"url": self._server.url}

    @property
    def about(self) -> str:
        """The server's version."""
        return f"{self._server.version}, {self._server.source}"

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._server.pid is not None

    def down(self) -> None:
        """Kill the server; what it held is lost."""
        self._server.kill()

    def up(self) -> None:
        """Start it again, empty."""
        self._server.restart()

    def close(self) -> None:
        """End it."""
        self._server.close()


class RedisLayer:
    """The cache in Redis as one worker has it."""

    def __init__(self, settings: RedisCacheSettings, address: Mapping[str, Any]) -> None:
        self._cache = RedisCache(settings, url=str(address["url"]))

    def answer(self, key: str, behind: Behind, ttl: float | None = None) -> object:
        """Return the value of a key, loaded from behind where the server has none."""
        return self._cache.get_or_load(key, behind, ttl=_lasting(ttl))

    def write(self, operation: Operation, key: str, ttl: float | None) -> None:
        """Set, renew or remove an entry."""
        if operation == Operation.SET:
            self._cache.set(key, key, ttl=_lasting(ttl))
        elif operation == Operation.TOUCH:
            self._cache.touch(key, _lasting(ttl))
        else:
            self._cache.delete(key)

    def close(self) -> None:
        """Let go of the connections."""
        self._cache.close()


def _lasting(ttl: float | None) -> float | None:
    """Return a lifetime as Redis takes it: at least a millisecond."""
    return None if ttl is None else max(ttl, _SHORTEST)
