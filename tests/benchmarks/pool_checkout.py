"""Time a checkout and return of three pools, without a liveness check in any of them.

Run: python tests/benchmarks/pool_checkout.py

Goals, with 1, 8 and 64 threads: not slower than psycopg_pool, twice as fast as SQLAlchemy's
QueuePool. Rounds alternate; medians are of five.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool as PsycopgPool
from sqlalchemy.pool import QueuePool

from perflab.patterns.connection_pool import ConnectionPool
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.servers.postgres.server import PostgresServer

SIZE = 8
ROUNDS = 5
TIMES = 30_000


def timed(get: Callable[[], Any], put: Callable[[Any], None], threads: int) -> float:
    """Return microseconds a checkout and return, all threads together."""
    start = threading.Barrier(threads + 1)

    def work() -> None:
        start.wait()
        for _ in range(TIMES // threads):
            put(get())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return (time.perf_counter() - began) / (TIMES // threads * threads) * 1e6


def main() -> None:
    with PostgresServer.start() as server:
        url = server.conninfo

        def connect() -> Any:
            return psycopg.connect(url, autocommit=True)

        settings = ConnectionPoolSettings(min_connections=SIZE, max_connections=SIZE, check=False)
        ours = ConnectionPool(connect, settings)
        theirs = PsycopgPool(url, min_size=SIZE, max_size=SIZE, open=True)
        theirs.wait()
        queue = QueuePool(connect, pool_size=SIZE, max_overflow=0, reset_on_return=None)
        pools: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
            "perflab": (ours.getconn, ours.putconn),
            f"psycopg_pool {version('psycopg-pool')}": (theirs.getconn, theirs.putconn),
            f"SQLAlchemy {version('sqlalchemy')}": (queue.connect, lambda one: one.close()),
        }
        for threads in (1, 8, 64):
            taken: dict[str, list[float]] = {name: [] for name in pools}
            for _ in range(ROUNDS):
                for name, (get, put) in pools.items():
                    taken[name].append(timed(get, put, threads))
            medians = {name: statistics.median(values) for name, values in taken.items()}
            own = medians["perflab"]
            said = ", ".join(
                f"{name} {value:.2f} us ({value / own:.1f} times ours)"
                for name, value in medians.items()
            )
            print(f"{threads:2} threads: {said}")
        ours.close()
        theirs.close()
        queue.dispose()


if __name__ == "__main__":
    main()
