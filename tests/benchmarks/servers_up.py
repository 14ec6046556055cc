"""Time until an embedded server answers: from the call to the first reply, folder made afresh.

Rerun: python tests/benchmarks/servers_up.py

Goals: Redis 0.2 s, PostgreSQL 3 s (it makes its data folder anew each time).
"""

from __future__ import annotations

import statistics
import time

import psycopg
import redis

from perflab.servers.postgres.server import PostgresServer
from perflab.servers.redis.server import RedisServer

ROUNDS = 9


def redis_seconds() -> tuple[str, float]:
    started = time.perf_counter()
    with RedisServer.start() as server:
        with redis.Redis.from_url(server.url) as client:
            client.ping()
        return server.version, time.perf_counter() - started


def postgres_seconds() -> tuple[str, float]:
    started = time.perf_counter()
    with PostgresServer.start() as server:
        with psycopg.connect(server.conninfo) as connection:
            connection.execute("SELECT 1")
        return server.version, time.perf_counter() - started


def main() -> None:
    for measure, goal in ((redis_seconds, 0.2), (postgres_seconds, 3.0)):
        measured = [measure() for _ in range(ROUNDS)]
        seconds = sorted(taken for _, taken in measured)
        print(
            f"{measured[0][0]}: median {statistics.median(seconds):.3f} s, slowest of {ROUNDS} "
            f"{seconds[-1]:.3f} s (goal {goal} s)"
        )


if __name__ == "__main__":
    main()
