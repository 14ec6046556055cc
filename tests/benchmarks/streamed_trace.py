"""Measure reading a Parquet trace to disk, as one that is larger than memory, beside reading it.

Run: python tests/benchmarks/streamed_trace.py [--requests 20000000] [--one-group]

Each way runs in a child process. Memory is the most that the process had to itself, without pages
of mapped files, which the system takes back when it needs them; sampled a hundred times a second.
With --one-group all rows stand in one group of rows, which must not be in memory as a whole.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

MIB = 1 << 20


def write(path: str, requests: int, block: int) -> None:
    """Write keys of 64 bits and times."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(1)
    schema = pa.schema([("key", pa.int64()), ("time", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, requests, block):
            count = min(block, requests - start)
            keys = (draw.random(count) ** 4 * requests / 10).astype(np.int64) * 1_000_003
            times = np.arange(start, start + count) / 1000.0
            writer.write_table(pa.table([keys, times], schema=schema), row_group_size=block)


def read(path: str, streamed: bool) -> tuple[float, float, str]:
    """Return seconds, peak memory in MiB and the fingerprint."""
    from perflab.kernels import GrowingIds, compile_all
    from perflab.workloads import read_trace
    from perflab.workloads.importers import parquet

    compile_all()
    GrowingIds().add(np.zeros(1, np.int64))
    parquet.outgrows_memory = lambda *_: streamed
    process, most, over = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            own = process.memory_info()
            most[0] = max(most[0], own.rss - getattr(own, "shared", 0))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    trace = read_trace(path)
    spent = time.perf_counter() - began
    over.set()
    watcher.join()
    return spent, most[0] / MIB, trace.fingerprint


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000_000)
    parser.add_argument("--one-group", action="store_true")
    options = parser.parse_args()
    requests = options.requests
    prints = set()
    with tempfile.TemporaryDirectory(prefix="perflab-bench-") as folder:
        path = str(Path(folder) / "trace.parquet")
        write(path, requests, requests if options.one_group else 5_000_000)
        for name, streamed in (("in memory", False), ("streamed to disk", True)):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
                spent, most, fingerprint = child.submit(read, path, streamed).result()
            prints.add(fingerprint)
            rate = requests / spent / 1e6
            print(f"{name:<17} {spent:6.1f} s, {rate:5.1f} M requests/s, peak {most:7,.0f} MiB")
    assert len(prints) == 1, "both ways must give the same trace"


if __name__ == "__main__":
    main()
