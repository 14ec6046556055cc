"""Measure how far sampled hit rates are from exact ones: 8 seeds, 4 traces, every policy.

Run: python tests/benchmarks/cache_sampling.py [--requests 10000000] [--share 0.01] [--seeds 8]
     [--policies lru,sieve,s3fifo]

Traces: two of Zipf, one whose popular keys shift, and the ORM trace where PERFLAB_TRACES names its
folder. Sizes: 20 of the panel's axis. For each policy and way of sampling the mean absolute error
of one draw (median over the seeds), that of the mean of four, the worst size, and how many of the
exact values lie in the band. LFU is left out: it is not sampled.
"""

from __future__ import annotations

import argparse
import lzma
import os
import time
from pathlib import Path

import numpy as np

from perflab.bench import load_bench
from perflab.kernels import compile_all
from perflab.modelling.scaling import IN_FULL
from perflab.patterns.cache.model.key_samples import METHODS
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.sampled import SampledCacheModel
from perflab.patterns.cache.model.scaled_down import DRAWS
from perflab.patterns.cache.policies import POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.traces import load_workload

GOAL = 0.005
SIZES = 20
LOAD = LoadSettings()


def traces(requests: int) -> list[Trace]:
    """Return the traces, each loaded."""
    keys = requests // 10
    made = [
        load_workload(f"zipf:skew=1.0,keys={2 * keys},requests={requests},seed=1"),
        load_workload(f"zipf:skew=0.8,keys={2 * keys},requests={requests},seed=1"),
        load_workload(f"shift:keys={2 * keys},requests={requests},seed=1"),
    ]
    folder = os.environ.get("PERFLAB_TRACES")
    if folder:
        raw = lzma.decompress(Path(folder, "cache2k_orm-busy.trace.xz").read_bytes())
        made.append(Trace.from_keys(np.frombuffer(raw, ">i4").astype(np.int64), name="orm-busy"))
    return made


def measure(trace: Trace, policies: list[str], share: float, seeds: int) -> None:
    """Print a row for each policy and way of sampling."""
    bench = load_bench("cache")
    sizes = bench.axis("max_cache_size", trace)
    sizes = [sizes[i] for i in np.linspace(0, len(sizes) - 1, SIZES).astype(int)]
    costs = bench.calibration.shipped_costs
    whole = CacheModel.of(trace, costs)
    whole.prepare()
    groups = max(1, seeds // DRAWS)
    began = time.perf_counter()
    models = {
        method: [SampledCacheModel.of(trace, costs, share, method, seed) for seed in range(groups)]
        for method in METHODS
    }
    for model in (model for some in models.values() for model in some):
        model.prepare()
    spent = time.perf_counter() - began
    used = models["stratified"][0].share
    print(f"\n{trace.name}: {len(trace):,} requests, {trace.n_keys:,} keys, share {used:.3g}")
    print(f"drawing {2 * groups * DRAWS} samples: {spent:.2f} s")
    print(
        f"{'policy':<10} {'sampling':<11} {'one draw':>9} {'four':>7} {'worst':>7} {'in band':>8}"
    )
    for policy in policies:
        points = [CacheSettings(max_cache_size=size, policy=policy) for size in sizes]
        exact = np.array([whole.counter.counts(point, LOAD).hits / len(trace) for point in points])
        for method in METHODS:
            singles, means, inside = [], [], []
            for model in models[method]:
                found = [model.predict(point, LOAD) for point in points]
                rates = np.array([each.metrics["hit_rate"] for each in found])
                bands = np.array([each.error for each in found])
                means.append(np.abs(rates - exact))
                inside.append(np.abs(rates - exact) <= bands)
                drawn = [
                    model.answers(model.line(point, LOAD))[size]
                    for point, size in zip(points, sizes, strict=True)
                ]
                singles += [
                    np.mean(
                        [
                            abs(each[n].hit_rate - right)
                            for each, right in zip(drawn, exact, strict=True)
                        ]
                    )
                    for n in range(DRAWS)
                ]
            median = float(np.median(singles))
            large = trace.n_keys >= 1_000_000 and method == "stratified"
            goal = f"  goal {GOAL} {'reached' if median <= GOAL else 'MISSED'}" if large else ""
            print(
                f"{policy:<10} {method:<11} {median:>9.4f} {np.mean(means):>7.4f} "
                f"{np.max(means):>7.4f} {np.mean(inside):>8.0%}{goal}"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--policies", default="lru,fifo,sieve,s3fifo,arc,wtinylfu,opt")
    options = parser.parse_args()
    policies = [each for each in options.policies.split(",") if each not in IN_FULL]
    assert set(policies) <= set(POLICIES)
    compile_all()
    for trace in traces(options.requests):
        measure(trace, policies, options.share, options.seeds)


if __name__ == "__main__":
    main()
