"""Makes files of each kind that perflab reads back, with the perflab that is installed.

Files of a release are made once, before its code moves on, and are never made again:
``python tests/old_files/make.py tests/old_files/0.1.0``.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

import perflab
from perflab.cli import main
from perflab.patterns.prefetching.items import Items
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals

RUNS = {
    "cache": "zipf:skew=0.9,keys=500,requests=5k,seed=1",
    "redis_cache": "zipf:skew=0.9,keys=500,requests=5k,seed=1",
    "lazy_loading": "hotspot:rows=5k,requests=2k,seed=1",
    "connection_pool": "poisson:rate=200,requests=400,seed=1",
    "prefetching": None,
    "streaming": "table:rows=5k",
    "async_io": None,
}


def command(*words: str) -> None:
    assert main(words) == 0, words


def make(folder: Path) -> None:
    folder.mkdir()
    os.chdir(folder)
    for pattern, workload in RUNS.items():
        of = ("--workload", workload) if workload else ()
        command("run", pattern, *of, "--seconds", "1", "--out", f"run-{pattern}.json")
        command("predict", pattern, *of, "--out", f"prediction-{pattern}.json")
        command("tune", pattern, *of, "--out", f"recommendation-{pattern}.json")
    command("report", "run-cache.json", "recommendation-cache.json", "--out", "report.json")
    load = perflab.record(functools.lru_cache(maxsize=50)(str), "recording")
    for n in range(2000):
        load(n * n % 101)
    load.recording.stop()
    keys = [f"key {n * n % 37}" for n in range(500)]
    times = [n / 4 for n in range(500)]
    trace = perflab.Trace.from_keys(keys, times, [n % 90 for n in range(500)], [60.0] * 500)
    trace.save("trace")
    command("trace", "convert", "zipf:keys=50,requests=500", "trace.parquet")
    for spec, kind, name in (
        ("poisson:rate=50,requests=300,seed=2", "connection_pool", "arrivals"),
        ("random:rows=2k,requests=300,seed=2", "lazy_loading", "accesses"),
        (None, "prefetching", "items"),
    ):
        _workload(kind, spec).save(name)


def _workload(pattern: str, spec: str | None) -> Arrivals | Accesses | Items:
    from perflab.bench.registry import load_bench

    bench = load_bench(pattern)
    return bench.workload_for(bench.read({})[0], spec)


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as costs:
        os.environ["PERFLAB_CACHE_DIR"] = costs
        make(target)
    for result in target.glob("*.json"):
        Path(f"{result}.gz").write_bytes(gzip.compress(result.read_bytes(), mtime=0))
        result.unlink()
    print(json.dumps(sorted(str(p.relative_to(target)) for p in target.rglob("*"))))
