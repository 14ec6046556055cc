"""`RunMonitor`: what a run's own keys on a user's Redis take, apart from everybody else's."""

from __future__ import annotations

import random

import redis

from perflab.servers.redis.run import RedisRun, open_client

_SAMPLED_KEYS = 200
_EVERY = 10


class RunMonitor:
    """Counts a run's own entries by a sample of what it wrote; nobody else's keys are read.

    Hits, misses, evictions and expirations that the server counts are those of all its users, so
    none of them is told.

    Args:
        url: The server's address.
        run: The run.
        server_bytes: What an empty server takes, so that `memory_bytes` is what a server that
            holds these entries alone would take.
    """

    def __init__(self, url: str, run: RedisRun, server_bytes: float) -> None:
        self._client = open_client(url)
        self._run = run
        self._server_bytes = server_bytes
        self._longer = len(run.keys.run_name) + 1
        self._levels = {"entries": 0.0, "memory_bytes": server_bytes}
        self._asked = 0
        self._random = random.Random(0)

    def counters(self) -> dict[str, float]:
        """Return levels: entries, their memory, and that of one; the last ones while it is away."""
        if self._asked % _EVERY == 0:
            self._look()
        self._asked += 1
        return {**self._levels, "server_bytes": self._server_bytes}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _look(self) -> None:
        names = self._run.written
        if not names:
            return
        count = len(names)
        sample = [
            names[place] for place in self._random.sample(range(count), min(count, _SAMPLED_KEYS))
        ]
        try:
            sizes = self._sizes(sample)
        except redis.RedisError:
            return
        entries = count * len(sizes) / len(sample)
        # The run's name is in each key, and would not be in a service's.
        each = sum(sizes) / len(sizes) - self._longer if sizes else 0.0
        self._levels = {
            "entries": float(round(entries)),
            "memory_bytes": self._server_bytes + entries * each,
            "usage_bytes": each,
        }

    def _sizes(self, names: list[str]) -> list[int]:
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.memory_usage(name)
            replies = pipe.execute()
        return [size for size in replies if size]
