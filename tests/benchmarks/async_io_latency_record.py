"""Percentiles of the latency record against a full sort of the same real latencies.

Run: python tests/benchmarks/async_io_latency_record.py [--requests 20000]

Requests to perflab's own server, whose service times are lognormal and sometimes stall. Goal: off
by at most 1 % at each percentile.
"""

from __future__ import annotations

import argparse
import math
import time

from perflab.bench.pace import Pace
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io.load import EventLoopLoad, targets_of
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer
from perflab.settings import LoadSettings
from perflab.workloads.registry.arrivals import load_arrivals

SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)
SERVER = {
    "latency_seconds": 0.01,
    "latency_shape": "lognormal",
    "stall_rate": 0.002,
    "stall_seconds": 0.3,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    arguments = parser.parse_args()
    load = LoadSettings()
    pace = Pace.of(load_arrivals("steady:rate=1000,requests=1k"), load, 0.0)
    settings = AsyncIOSettings(max_concurrent=32)
    with HttpServer.start(**SERVER) as server:
        running = EventLoopLoad(
            lambda: AsyncFetcher(settings),
            targets_of([f"{server.url}/items"]),
            pace,
            arguments.requests,
            closed=True,
        )
        running.start()
        while not running.finished:
            time.sleep(0.1)
    record = running.histograms()["served"]
    exact = sorted(seconds for _, seconds, _ in running.rows)
    worst = 0.0
    for share in SHARES:
        real = exact[math.ceil(share * len(exact)) - 1]
        kept = record.quantile(share)
        worst = max(worst, abs(kept / real - 1))
        print(f"p{share * 100:<6g} sorted {real * 1e3:8.3f} ms, record {kept * 1e3:8.3f} ms")
    print(f"worst {worst:.2%}; goal: at most 1 %")


if __name__ == "__main__":
    main()
