"""How much the parent and the child of a live run grow, once both have settled.

Run: python tests/benchmarks/live_memory.py [--settle 120] [--seconds 600] [--at-once 3]
         [--only async_io cache]

Each run has a parent of its own, under a paced load and with the panel's settings. Resident memory
is read once a second after `--settle`; what stands at the end is the median of the last tenth of
the samples less that of the first, per ten minutes. The goal is at most 1 MiB of each process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from perflab.bench import bench_names, load_bench
from perflab.lab.verbs import start_live

RATES = {
    "cache": 2000,
    "redis_cache": 1000,
    "lazy_loading": 2000,
    "connection_pool": 200,
    "prefetching": None,
    "streaming": 20,
    "async_io": 500,
}
MEBIBYTE = 2**20
MOST = 1.0


def watch(pattern: str, settle: float, seconds: float) -> dict[str, list[int]]:
    """Run a bench and return the memory of this process and the child's, once a second."""
    settings = {**load_bench(pattern).panel_defaults, "request_rate": RATES.get(pattern, 200)}
    live = start_live(pattern, None, settings, None, loop=True)
    try:
        processes = {"parent": psutil.Process(), "child": psutil.Process(live.pid)}
        found: dict[str, list[int]] = {name: [] for name in processes}
        time.sleep(settle)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if live.state != "running":
                raise RuntimeError(f"the run is {live.state}: {live.error}")
            for name, process in processes.items():
                found[name].append(process.memory_info().rss)
            time.sleep(1.0)
    finally:
        live.close()
    return found


def apart(pattern: str, settle: float, seconds: float) -> dict[str, list[int]]:
    """Do what `watch` does in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, __file__, "--into", str(out), "--only", pattern]
        command += ["--settle", str(settle), "--seconds", str(seconds)]
        subprocess.run(command, check=True)
        found: dict[str, list[int]] = json.loads(out.read_text())
        return found


def growth(samples: list[int], seconds: float) -> float:
    """Return by how many MiB in ten minutes samples grow."""
    tenth = max(1, len(samples) // 10)
    grown = statistics.median(samples[-tenth:]) - statistics.median(samples[:tenth])
    return grown / MEBIBYTE * 600 / (seconds * (1 - tenth / len(samples)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settle", type=float, default=120)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    patterns = asked.only or list(bench_names())
    if asked.into is not None:
        asked.into.write_text(json.dumps(watch(patterns[0], asked.settle, asked.seconds)))
        return

    def measure(pattern: str) -> bool:
        found = apart(pattern, asked.settle, asked.seconds)
        grown = {name: growth(samples, asked.seconds) for name, samples in found.items()}
        for name, samples in found.items():
            print(
                f"{pattern:16} {name:7} {samples[0] / MEBIBYTE:7.1f} to "
                f"{samples[-1] / MEBIBYTE:7.1f} MiB, {grown[name]:+6.2f} MiB in ten minutes",
                flush=True,
            )
        return max(grown.values()) <= MOST

    with ThreadPoolExecutor(asked.at_once) as threads:
        kept = list(threads.map(measure, patterns))
    print(f"{sum(kept)} of {len(kept)} within {MOST:g} MiB in ten minutes")


if __name__ == "__main__":
    main()
