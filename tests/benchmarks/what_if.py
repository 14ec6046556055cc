"""Time what a slider move costs the model, on ten million requests.

Run: python tests/benchmarks/what_if.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable

import numpy as np

from perflab.bench import load_bench
from perflab.kernels import compile_all
from perflab.modelling.working_set import working_sets
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.settings import LoadSettings
from perflab.tuning.whatif import WhatIf
from perflab.workloads.registry.traces import load_workload


def timed(work: Callable[[int], object], rounds: int) -> float:
    """Return the median time of a work in seconds; each round gets its number."""
    taken = []
    for number in range(rounds):
        started = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    compile_all()
    bench = load_bench("cache")
    trace = load_workload("zipf:skew=1.0,keys=1M,requests=10M,seed=1")
    dated = LoadSettings(request_rate=10_000)
    plain = LoadSettings()
    settings = bench.identity.settings_class(max_cache_size=100_000)
    what_if = WhatIf(bench, trace, bench.calibration.shipped_costs)
    started = time.perf_counter()
    what_if.refine(settings, plain, lambda *_: None)
    print(f"all curves of a new trace            {time.perf_counter() - started:8.3f} s")
    move = timed(lambda n: what_if.curves(settings.change(max_cache_size=1000 + n), plain), rounds)
    print(f"all that is known, for one picture   {move * 1e3:8.1f} ms")
    point = timed(
        lambda n: what_if.model.predict(settings.change(ttl_seconds=100.0 + n), dated),
        rounds,
    )
    print(f"a new TTL, the point                 {point * 1e3:8.1f} ms  (goal 250 ms)")
    for expiry in ("lazy", "eager"):
        aged = settings.change(ttl_seconds=100.0, expiry=expiry)
        exact = timed(lambda _, aged=aged: CacheCounter(trace).counts(aged, dated), rounds)
        print(f"a new TTL, exact, {expiry:<19}{exact * 1e3:8.1f} ms  (goal 200 ms, lazy)")
    sizes = bench.axis("max_cache_size", trace)[::5][:20]
    curve = timed(lambda n: sweep(what_if, settings, dated, sizes, 500.0 + n), min(rounds, 3))
    print(f"a new TTL, {len(sizes)} sizes on two threads   {curve:8.2f} s   (goal 3 s)")
    over_bytes(trace, rounds)
    started = time.perf_counter()
    working_sets(trace, (10.0, 100.0, 500.0), rate=10_000)
    taken = (time.perf_counter() - started) / 3
    print(f"live keys over time, a TTL           {taken:8.2f} s")


def over_bytes(trace, rounds: int) -> None:
    """Time LRU over bytes: the pass for all capacities, each capacity then, and simulated."""
    size_of = np.random.default_rng(0).integers(100, 10_000, trace.n_keys)
    sized = dataclasses.replace(trace, sizes=size_of[trace.ids], check=False)
    bench, load = load_bench("cache"), LoadSettings()
    settings = bench.identity.settings_class(max_cache_size=1_000_000, max_bytes="500MiB")
    prepared = CacheCounter(sized)
    single = timed(
        lambda n: CacheCounter(sized).counts(settings.change(max_bytes=2**29 + n), load), rounds
    )
    print(f"max_bytes, the point by simulation   {single * 1e3:8.1f} ms")
    prepared.prepare()
    started = time.perf_counter()
    prepared.counts(settings, load)
    print(f"max_bytes, all capacities by one pass{time.perf_counter() - started:8.2f} s")
    move = timed(lambda n: prepared.counts(settings.change(max_bytes=2**28 + n), load), rounds)
    print(f"max_bytes, another capacity then     {move * 1e3:8.1f} ms")


def sweep(what_if: WhatIf, settings, load, sizes: list[int], ttl: float) -> None:
    from concurrent.futures import ThreadPoolExecutor

    points = [settings.change(max_cache_size=size, ttl_seconds=ttl) for size in sizes]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda point: what_if.model.predict(point, load), points))


if __name__ == "__main__":
    main()
