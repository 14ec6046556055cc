"""`RedisMonitor`: what a Redis says of itself while a run goes on, and its settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import redis

from perflab.errors import BadInputError
from perflab.patterns.redis_cache.model.tables import slot_entries_of
from perflab.primitives.bounded_redis import redis_client
from perflab.servers.addresses import redact

if TYPE_CHECKING:
    from perflab.patterns.redis_cache.settings import RedisCacheSettings
    from perflab.servers.redis.server import RedisServer

_PATIENCE = 0.05
_SAMPLED_KEYS = 20
_EVERY = 10
_COUNTED = {
    "server_hits": "keyspace_hits",
    "server_misses": "keyspace_misses",
    "evictions": "evicted_keys",
    "expirations": "expired_keys",
}
_TABLES = ("slot_entries", "moving_bytes", "expiring_entries")


class RedisMonitor:
    """Reads INFO over a connection of its own; while the server is down it returns the last values.

    A server that was restarted counts from nothing again; what it had counted before is added.
    """

    def __init__(self, server: RedisServer) -> None:
        self._url = server.url
        self._client = redis_client(server.url, _PATIENCE)
        self._settings: RedisCacheSettings | None = None
        self._last = dict.fromkeys(_COUNTED, 0.0)
        self._before = dict.fromkeys(_COUNTED, 0.0)
        self._levels: dict[str, float] = {}
        self._empty_bytes = 0.0
        self._asked = 0

    def configure(self, settings: RedisCacheSettings) -> None:
        """Set memory, policy and samples of a server that is ours; later if it is away."""
        self._settings = settings
        self.configure_again()

    def configure_again(self) -> None:
        """Set them once more, as after a restart."""
        settings = self._settings
        if settings is None:
            return
        wanted = {
            "maxmemory": settings.maxmemory or 0,
            "maxmemory-policy": settings.maxmemory_policy,
            "maxmemory-samples": settings.maxmemory_samples,
        }
        try:
            for name, value in wanted.items():
                self._client.config_set(name, value)
        except redis.RedisError:
            return

    def mark_empty(self) -> None:
        """Remember how much memory the server uses and what it has counted before a run.

        Raises:
            BadInputError: If it does not tell.
        """
        info = self._ask()
        if info is None:
            raise BadInputError("does not answer INFO as a Redis does", redact(self._url))
        self._empty_bytes = info["used_memory"]
        for name, key in _COUNTED.items():
            self._last[name] = info[key]
            self._before[name] = -info[key]

    def counters(self) -> dict[str, float]:
        """Return what the server has counted since `mark_empty`, and its levels now."""
        info = self._ask()
        if info is not None:
            for name, key in _COUNTED.items():
                value = info[key]
                if value < self._last[name]:
                    self._before[name] += self._last[name]
                self._last[name] = value
            self._levels.update(memory_bytes=info["used_memory"], entries=info["entries"])
            self._levels.update({name: info[name] for name in _TABLES})
        counted = {name: self._before[name] + self._last[name] for name in _COUNTED}
        return {**counted, **self._levels, "server_bytes": self._empty_bytes}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self) -> dict[str, float] | None:
        """Return the figures that the server tells; none where it is away or tells nonsense."""
        try:
            info = self._client.info()
            found = {key: _figure(info[key]) for key in ("used_memory", *_COUNTED.values())}
            found["entries"] = _figure(self._client.dbsize())
            found |= dict(zip(_TABLES, _tables(info), strict=True))
            self._asked += 1
            if self._asked % _EVERY == 0:
                self._levels["usage_bytes"] = self._usage()
        except Exception:  # noqa: BLE001  (a server may say anything, and redis-py trip over it)
            return None
        return found

    def _usage(self) -> float:
        """Return the mean of MEMORY USAGE over some keys, in bytes."""
        with self._client.pipeline(transaction=False) as pipe:
            for _ in range(_SAMPLED_KEYS):
                pipe.randomkey()
            names = [name for name in pipe.execute() if name is not None]
            for name in names:
                pipe.memory_usage(name)
            sizes = [_figure(size) for size in pipe.execute() if size] if names else []
        return sum(sizes) / len(sizes) if sizes else 0.0


def _tables(info: dict[str, Any]) -> tuple[float, float, float]:
    """Return a slot's places, what tables that are being moved take more, entries that expire."""
    moving = _figure(info.get("mem_overhead_db_hashtable_rehashing", 0))
    databases = [each for name, each in info.items() if name.startswith("db")]
    expiring = sum(_figure(each["expires"]) for each in databases if isinstance(each, dict))
    return float(slot_entries_of(info)), moving, expiring


def _figure(value: object) -> float:
    """Return a number that a server told.

    Raises:
        ValueError: If it is none, or could not be one of its own.
    """
    if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
        raise ValueError(value)
    return float(value)
