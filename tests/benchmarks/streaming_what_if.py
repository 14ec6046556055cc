"""Predicted against measured: rows per second and peak memory, between the sizes calibrated.

Run: python tests/benchmarks/streaming_what_if.py [--rows 500k] [--seconds 4]

Goal: throughput and peak memory within 15 %. The calibration and the runs come one after the
other; other work on the machine shows in both, and unevenly.
"""

from __future__ import annotations

import argparse
import os
import tempfile

from perflab.lab.verbs import calibrate, run
from perflab.patterns.streaming.settings import BLOCK_ENGINES

SIZES = (3_000, 30_000)
METRICS = ("throughput_per_second", "peak_memory_bytes")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="500k")
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    workload = f"table:rows={given.rows},seed=1"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PERFLAB_CACHE_DIR", folder)
        calibrate("streaming", workload)
        for engine in (*BLOCK_ENGINES, "polars_sink"):
            for size in SIZES if engine in BLOCK_ENGINES else SIZES[:1]:
                values = {"engine": engine, "chunk_size": size, "loop": True}
                done = run("streaming", workload, values, given.seconds, progress=False)
                said = []
                for name in METRICS:
                    predicted, measured = done.predicted[name], done.metrics[name]
                    off = predicted / measured - 1
                    said.append(
                        f"{name} predicted {predicted:11.4g} measured {measured:11.4g} {off:+.1%}"
                    )
                print(f"{engine:12} {size:7,}  {'  '.join(said)}  (goal 15 %)", flush=True)


if __name__ == "__main__":
    main()
