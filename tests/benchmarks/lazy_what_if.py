"""The lazy loader's what-if: ten million accesses, a map of 12 by 12, and one slider move.

Rerun: python tests/benchmarks/lazy_what_if.py [--requests 10000000]

Goals: the map exact within 4 s, its first picture (sampled) within 0.5 s, a move to a chunk size
that was not looked at yet within 100 ms. Medians of three rounds, each from a fresh model. The
map is computed as ``predict`` does it, a thread a core, and as a panel does it, which leaves a
core to drawing. Random accesses are the worst case: no two in a row are to the same chunk.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from perflab import kernels
from perflab.bench import load_bench
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.tuning.grid import Grid
from perflab.workloads.registry.accesses import load_accesses

ROUNDS = 3
ROWS = 10_000_000
PATTERNS = ("hotspot:share=0.9,part=0.1,run=5", "random:run=1", "shuffled:block=1000")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000_000)
    requests = parser.parse_args().requests
    kernels.compile_all()
    bench, load = load_bench("lazy_loading"), LoadSettings()
    costs, settings = bench.calibration.shipped_costs, LazyLoadingSettings()
    for pattern in PATTERNS:
        accesses = load_accesses(f"{pattern},requests={requests},seed=1", ROWS)
        spent: dict[str, list[float]] = {}
        off = 0.0
        for _ in range(ROUNDS):
            model = bench.model(accesses, costs)
            grid = Grid(bench, accesses, model, "chunk_size", "max_chunks")
            began = time.perf_counter()
            grid.preview(settings, load)
            spent.setdefault("first picture of the map", []).append(time.perf_counter() - began)
            first = {
                place: found.metrics["hit_rate"]
                for place, found in grid.surface(settings, load).predictions.items()
            }
            began = time.perf_counter()
            model.preview(settings.change(chunk_size=777), load)
            spent.setdefault("a move to a new chunk size", []).append(time.perf_counter() - began)
            began = time.perf_counter()
            grid.refine(settings, load)
            spent.setdefault("map exact, in a panel", []).append(time.perf_counter() - began)
            surface = grid.surface(settings, load).predictions
            off = max(off, *(abs(surface[at].metrics["hit_rate"] - first[at]) for at in first))
            began = time.perf_counter()
            grid.surface(settings.change(max_chunks=33), load)
            model.preview(settings.change(max_chunks=33), load)
            spent.setdefault("a move of max_chunks", []).append(time.perf_counter() - began)

            model = bench.model(accesses, costs)
            began = time.perf_counter()
            points = itertools.product(grid.rows, grid.columns)
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                for made in [
                    pool.submit(model.predict, settings.change(chunk_size=x, max_chunks=y), load)
                    for y, x in points
                ]:
                    made.result()
            spent.setdefault("map exact, predict", []).append(time.perf_counter() - began)
        print(f"{pattern}, {requests:,} accesses, {len(first)} cells")
        for name, times in spent.items():
            print(f"  {name}: {statistics.median(times) * 1000:,.0f} ms")
        print(f"  first picture off by {off * 100:.2f} points at most")


if __name__ == "__main__":
    main()
