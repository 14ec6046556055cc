"""The model beside a real server; the whole comparison is tests/benchmarks/redis_hit_rate.py."""

from __future__ import annotations

import time

import numpy as np
import pytest
import redis

from perflab.kernels import redis_eviction
from perflab.servers.redis.server import RedisServer

KEYS = 10_000
REQUESTS = 60_000
BATCH = 20
VALUE = b"v" * 200


@pytest.fixture(scope="module")
def client():
    server = RedisServer.start()
    with redis.Redis.from_url(server.url) as client:
        yield client
    server.close()


def write(client, keys):
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.set(f"k:{key:06}", VALUE, ex=3600)
    pipe.execute(raise_on_error=False)


def empty(client):
    client.config_set("maxmemory", 0)
    # Without SYNC the memory is given back behind our back, and counts as used until then.
    client.execute_command("FLUSHALL", "SYNC")
    return client.info("memory")["used_memory"]


@pytest.mark.parametrize(
    ("policy", "ours", "volatile"),
    [("allkeys-lru", "lru", False), ("allkeys-lfu", "lfu", False), ("volatile-ttl", "ttl", True)],
)
def test_a_real_server_hits_as_often_as_the_model_says(client, policy, ours, volatile):
    chances = 1.0 / np.arange(1, KEYS + 1) ** 0.9
    ids = np.random.default_rng(2).choice(KEYS, REQUESTS, p=chances / chances.sum())
    empty(client)
    for first in range(0, 3000, BATCH):
        write(client, range(first, first + BATCH))
    full = client.info("memory")["used_memory"]
    free = empty(client)
    entry = (full - free) / 3000
    client.config_set("maxmemory-policy", policy)
    client.config_set("maxmemory", round(free + 3000 * entry))
    hits, times = 0, []
    for first in range(0, REQUESTS, BATCH):
        batch = ids[first : first + BATCH].tolist()
        times += [time.time()] * len(batch)
        values = client.mget(f"k:{key:06}" for key in batch)
        missing = {key for key, value in zip(batch, values, strict=True) if value is None}
        # A key that is asked for twice in a batch would have been written in between.
        seen: set[int] = set()
        for key in batch:
            hits += key not in missing or key in seen
            seen.add(key)
        write(client, sorted(missing))
    model = redis_eviction(
        ids,
        KEYS,
        ours,
        round(3000 * entry),
        [round(entry)],
        volatile=volatile,
        times=times,
        ttl=3600.0,
    )
    assert model.hits / REQUESTS == pytest.approx(hits / REQUESTS, abs=0.02)
