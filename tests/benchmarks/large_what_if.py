"""Time what a slider move costs on a hundred million requests, and measure the memory.

Run: python tests/benchmarks/large_what_if.py [--requests 100000000] [--rounds 5]
     [--policies lru,s3fifo]

The trace (Zipf, a tenth as many keys as requests) is made once and mapped by a child process for
each part, so that memory is that part's own: all that a child holds beside the mapped file. A move
to a line of which nothing is known: the first picture is the present point and four sizes with
their bands, from the quickest samples; then 20 sizes from one draw at 1 %, then from all draws,
which tell their bands. Samples are drawn once a trace; that is given apart.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from perflab.workloads import save_workload
from perflab.workloads.storage import open_trace

MIB = 1 << 20
CORES = os.cpu_count() or 1


def make(folder: str, requests: int) -> str:
    """Make the trace and say what a loaded one takes."""
    from perflab.workloads.registry.traces import load_workload

    trace = load_workload(f"zipf:skew=0.9,keys={requests // 8},requests={requests},seed=1")
    save_workload(trace, folder)
    per = trace.ids.nbytes / len(trace)
    return f"{len(trace):,} requests, {trace.n_keys:,} keys, {per:.0f} bytes a request (goal <= 5)"


def exact_curve(folder: str) -> str:
    """Time the exact LRU curve of all sizes."""
    from perflab.patterns.cache.model.counter import CacheCounter

    trace, watch = opened(folder)
    began, worked = time.perf_counter(), time.process_time()
    CacheCounter(trace).prepare()
    spent, worked = time.perf_counter() - began, time.process_time() - worked
    said = f"{spent:.1f} s, {worked:.1f} s of it on a core (goal 12 s)"
    return f"exact LRU curve, all sizes: {said}, {watch()} (goal 3 GiB)"


def moves(folder: str, policies: list[str], rounds: int) -> str:
    """Time moves to lines of which nothing is known."""
    from perflab.bench import load_bench
    from perflab.patterns.cache.model.progressive import ProgressiveCacheModel
    from perflab.patterns.cache.settings import CacheSettings
    from perflab.settings import LoadSettings

    trace, watch = opened(folder)
    bench, load = load_bench("cache"), LoadSettings()
    axis = bench.axis("max_cache_size", trace)
    chosen = np.array([axis[i] for i in np.linspace(0, len(axis) - 1, 20).astype(int)])
    began = time.perf_counter()
    model = ProgressiveCacheModel.of(trace, bench.calibration.shipped_costs)
    model.prepare()
    lines = [f"drawing the samples, once: {time.perf_counter() - began:.1f} s"]
    lines.append(f"{'policy':<10}{'first picture p95':>19}{'20 sizes':>11}{'with bands':>12}")
    random = np.random.default_rng(1)
    for policy in policies:
        taken: list[list[float]] = [[], [], []]
        for number in range(rounds):
            # Other sizes each time, and an empty memory: a move to where nobody has been.
            sizes = np.unique((chosen * (1 + number / 50)).astype(int))
            points = [CacheSettings(max_cache_size=int(size), policy=policy) for size in sizes]
            fresh(model)
            present = points[int(random.integers(len(points)))]
            first = [present, points[0], points[-1], *points[7:14:6]]
            began = time.perf_counter()
            side_by_side(lambda p: model.preview(p, load), first)
            taken[0].append(time.perf_counter() - began)
            for _ in ("first picture", "one draw"):
                side_by_side(lambda p: model.preview(p, load), points)
            taken[1].append(time.perf_counter() - began)
            side_by_side(lambda p: model.predict(p, load), points)
            taken[2].append(time.perf_counter() - began)
        p95 = float(np.quantile(taken[0], 0.95))
        some, all_ = statistics.median(taken[1]), statistics.median(taken[2])
        goals = p95 <= 0.1 and some <= 1 and all_ <= 3
        lines.append(
            f"{policy:<10}{p95 * 1000:>16.0f} ms{some:>9.2f} s{all_:>10.2f} s"
            f"   (goals 100 ms, 1 s, 3 s: {'reached' if goals else 'MISSED'})"
        )
    lines.append(watch())
    return "\n".join(lines)


def new_ttl(folder: str, requests: int, rounds: int) -> str:
    """Time 40 sizes at a TTL that was not asked for before, beside a simulation of each size.

    The latter is what a model does that was not prepared.
    """
    from perflab.bench import load_bench
    from perflab.patterns.cache.model.scaled_down import ScaledDown
    from perflab.patterns.cache.settings import CacheSettings
    from perflab.settings import LoadSettings

    trace, _ = opened(folder)
    trace = trace.prefix(requests).compact()
    load = LoadSettings(request_rate=1000)
    axis = load_bench("cache").axis("max_cache_size", trace)
    said = [f"a new TTL, {len(trace):,} requests, 40 sizes at a hundredth of the keys"]

    def quick(model: ScaledDown) -> ScaledDown:
        return model.quick(len(trace) // 100)

    for name, low, of in (
        ("from 5,000 entries", 5_000, lambda model: model),
        ("from 10 entries, 1 % of the requests at each", 10, quick),
        ("from 10 entries, a million requests at the small ones", 10, lambda model: model),
    ):
        models = [of(ScaledDown(trace, 0.01)) for _ in ("prepared", "simulated")]
        models[0].prepare()
        known = [size for size in axis if size >= low]
        sizes = np.geomspace(known[0], known[-1], 40).astype(int)
        taken: list[list[float]] = [[], []]
        worked: list[list[float]] = [[], []]
        for number in range(rounds + 1):
            points = [
                CacheSettings(max_cache_size=int(size), ttl_seconds=500 + low / 10 + number)
                for size in sizes
            ]
            for model, times, works in zip(models, taken, worked, strict=True):
                began, busy = time.perf_counter(), time.process_time()
                side_by_side(lambda p, model=model: model.draw(p, load, 0), points)
                times.append(time.perf_counter() - began)
                works.append(time.process_time() - busy)
        # The first round dates the samples at the rate, and so on, which is done once.
        fast, simulated = (
            f"{statistics.median(times[1:]) * 1000:.0f} ms"
            f" ({statistics.median(works[1:]) * 1000:.0f} ms on a core)"
            for times, works in zip(taken, worked, strict=True)
        )
        said.append(f"  {name}: {fast}, goal 50 ms; each size simulated: {simulated}")
    return "\n".join(said)


def opened(folder: str) -> tuple[Any, Callable[[], str]]:
    """Return the mapped trace, and what says the most memory that the process took beside it."""
    import resource

    from perflab.kernels import compile_all

    compile_all()
    trace = open_trace(folder)
    before = psutil.Process().memory_info().rss

    def watch() -> str:
        scale = 1 if os.uname().sysname == "Darwin" else 1024
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
        own = f"{before / MIB:.0f} MiB of it libraries"
        return f"peak memory {most / MIB:,.0f} MiB with the mapped trace, {own}"

    return trace, watch


def fresh(model: Any) -> None:
    """Forget what was answered; the samples stay."""
    for sampled in (model._quick, model._sampled):
        sampled._estimates.clear()
        sampled._sharp.clear()
    model._exact.clear()


def side_by_side(work: Callable[[Any], Any], items: list[Any]) -> None:
    """Do some work on all cores."""
    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(work, items))


def main() -> None:
    """Measure and print."""
    from perflab.modelling.scaling import IN_FULL
    from perflab.patterns.cache.policies import POLICIES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", default=",".join(POLICIES))
    options = parser.parse_args()
    policies = [each for each in options.policies.split(",") if each not in IN_FULL]
    with tempfile.TemporaryDirectory(prefix="perflab-bench-") as scratch:
        os.environ["PERFLAB_CACHE_DIR"] = str(Path(scratch) / "cache")
        folder = str(Path(scratch) / "trace")
        for part in (
            (make, folder, options.requests),
            (exact_curve, folder),
            (moves, folder, policies, options.rounds),
            (new_ttl, folder, min(options.requests, 10_000_000), options.rounds),
        ):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
                print(child.submit(*part).result(), flush=True)


if __name__ == "__main__":
    main()
