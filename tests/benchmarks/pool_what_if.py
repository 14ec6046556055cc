"""The pool's what-if: a million customers, 40 pool sizes, two threads; the kernel by itself.

Rerun: python tests/benchmarks/pool_what_if.py [--customers 1000000]

Times are medians of five rounds, each from a fresh model, band and percentiles included. The
first picture is `ConnectionPoolModel.preview` at one size, from a fresh model.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from perflab import kernels
from perflab.bench import load_bench
from perflab.modelling.erlang import mean_wait
from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals

SIZES = [*range(1, 33), 40, 48, 56, 64, 80, 96, 112, 128]
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    count = parser.parse_args().customers
    kernels.compile_all()
    draw = np.random.default_rng(1)
    arrivals = Arrivals("poisson", np.cumsum(draw.exponential(1 / 1000, count)))
    costs, load = load_bench("connection_pool").calibration.shipped_costs, LoadSettings()
    whole, first = [], []
    for _ in range(ROUNDS):
        model = ConnectionPoolModel.of(arrivals, costs)
        settings = [ConnectionPoolSettings(max_connections=size) for size in SIZES]
        began = time.perf_counter()
        model.preview(settings[9], load)
        first.append(time.perf_counter() - began)
        model = ConnectionPoolModel.of(arrivals, costs)
        began = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            for made in [pool.submit(model.predict, one, load) for one in settings]:
                made.result()
        whole.append(time.perf_counter() - began)
    print(f"{len(SIZES)} sizes, {count:,} customers: {statistics.median(whole):.2f} s")
    print(f"first picture of one size: {statistics.median(first) * 1000:.0f} ms")
    services = draw.exponential(1.0, count)
    for servers in (4, 9, 32, 64):
        gaps = draw.exponential(1 / (0.9 * servers), count)
        times = np.cumsum(gaps)
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            queue = kernels.queue_waits(times, services, servers)
            spent.append(time.perf_counter() - began)
        ratio = queue.waits.mean() / mean_wait(servers, 0.9 * servers, 1.0)
        rate = count / statistics.median(spent) / 1e6
        print(
            f"{servers} servers at 0.9: {rate:.0f} M customers/s, mean wait {ratio:.3f} of Erlang C"
        )


if __name__ == "__main__":
    main()
