"""Predicted beside measured hit rate on a real Valkey or Redis: allkeys-lru, three sizes.

Rerun: python tests/benchmarks/redis_hit_rate.py [--requests 1000000] [--policy allkeys-lru]

The server's version is printed. A Zipf trace (skew 0.9, 50,000 keys, values of 200 bytes) is
asked for by a GET for each request and a SET after each miss, in pipelines of 20 requests; keys
repeated inside a pipeline are asked for apart, so that a miss is written before it is asked for
again. The model is given what an empty server uses, what an entry takes (measured by writing
20,000 of them) and the times at which the run's pipelines were sent: the server's LRU clock knows
ages to one second, so that the pace decides what it can tell apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import redis

from perflab.kernels import redis_eviction
from perflab.servers.redis.server import RedisServer
from perflab.workloads.registry.traces import load_workload

BATCH = 20
VALUE = b"v" * 200
KEYS = 50_000


def measured_entry(client: redis.Redis) -> tuple[int, float]:
    """Return what the empty server uses, and what an entry takes, in bytes."""
    client.execute_command("FLUSHALL", "SYNC")
    count = 20_000
    pipe = client.pipeline(transaction=False)
    for key in range(count):
        pipe.set(f"perflab:{key}", VALUE, ex=3600)
        if key % 1000 == 999:
            pipe.execute()
    used = client.info("memory")["used_memory"]
    client.execute_command("FLUSHALL", "SYNC")
    empty = client.info("memory")["used_memory"]
    return empty, (used - empty) / count


def play(client: redis.Redis, ids: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the hits, and when each request was made in seconds of the server's clock."""
    hits, first = 0, 0
    times = np.empty(len(ids))
    keys = ids.tolist()
    while first < len(keys):
        batch: dict[int, None] = {}
        last = first
        while last < len(keys) and len(batch) < BATCH and keys[last] not in batch:
            batch[keys[last]] = None
            last += 1
        times[first:last] = time.time()
        pipe = client.pipeline(transaction=False)
        for key in batch:
            pipe.get(f"perflab:{key}")
        values = pipe.execute()
        missing = [key for key, value in zip(batch, values, strict=True) if value is None]
        hits += len(values) - len(missing)
        if missing:
            pipe = client.pipeline(transaction=False)
            for key in missing:
                pipe.set(f"perflab:{key}", VALUE, ex=3600)
            pipe.execute(raise_on_error=False)
        first = last
    return hits, times


def compare(client: redis.Redis, requests: int, policy: str, samples: int) -> list[tuple]:
    """Return maxmemory, measured and predicted hit rate, entries of both, seconds, a size."""
    spec = f"zipf:skew=0.9,keys={KEYS},requests={requests},seed=1"
    trace = load_workload(spec)
    ids = trace.ids
    client.config_set("maxmemory", 0)
    empty, entry = measured_entry(client)
    rows = []
    for share in (0.06, 0.2, 0.5):
        most = int(empty + share * KEYS * entry)
        client.execute_command("FLUSHALL", "SYNC")
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory-samples", samples)
        client.config_set("maxmemory", most)
        began = time.perf_counter()
        hits, times = play(client, ids)
        seconds = time.perf_counter() - began
        entries = client.dbsize()
        client.config_set("maxmemory", 0)
        scope, _, kind = policy.partition("-")
        model = redis_eviction(
            ids,
            trace.n_keys,
            kind or scope,
            most - empty,
            [round(entry)],
            volatile=scope == "volatile",
            samples=samples,
            times=times,
            ttl=3600.0,
        )
        n = len(ids)
        rows.append((most, hits / n, model.hits / n, entries, model.entries, seconds))
    return rows


def main() -> None:
    """Start the embedded server, play and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--policy", default="allkeys-lru")
    parser.add_argument("--samples", type=int, default=5)
    asked = parser.parse_args()
    server = RedisServer.start()
    try:
        client = redis.Redis.from_url(server.url)
        print(f"{server.version}, {asked.policy}")
        print(
            f"{'maxmemory':>10} {'measured':>9} {'model':>9} {'points':>7} {'entries':>9} "
            f"{'model':>9}"
        )
        for row in compare(client, asked.requests, asked.policy, asked.samples):
            most, real, said, entries, held, seconds = row
            print(
                f"{most / 2**20:>8.2f}Mi {real:>9.4f} {said:>9.4f} {100 * (said - real):>+7.2f} "
                f"{entries:>9,} {held:>9,} {seconds:.1f} s"
            )
    finally:
        server.close()


if __name__ == "__main__":
    main()
