"""Predicted against measured on real stores: hits equal to the last one, bytes, time, memory.

Rerun: python tests/benchmarks/lazy_hit_rate.py

Goal: equal hits. Each store is calibrated first, then every access pattern runs on it once
through; the table says how far the prediction from the calibration is from what was measured.
"""

from __future__ import annotations

import perflab

STORES = ("flights", "flights:npy")
PATTERNS = (
    "hotspot:share=0.9,part=0.1,run=5,requests=100k,seed=1",
    "random:run=20,requests=50k,seed=1",
    "strided:stride=500,requests=50k",
    "shuffled:block=700,requests=100k,seed=1",
)
CHOSEN = ({"chunk_size": 1000, "max_chunks": 10}, {"chunk_size": 100, "max_chunks": 300})


def main() -> None:
    """Measure and print."""
    print("store, accesses, chunk size x chunks: hits predicted / measured; others, predicted over")
    for store in STORES:
        perflab.calibrate("lazy_loading", None, {"data_source": store}, seconds=1)
        for pattern in PATTERNS:
            for values in CHOSEN:
                run = perflab.run(
                    "lazy_loading",
                    pattern,
                    {"data_source": store, **values},
                    seconds=60,
                    progress=False,
                )
                hits = run.predicted["hits"], run.metrics["hits"]
                said = "equal" if hits[0] == hits[1] else "NOT EQUAL"
                # Less than a megabyte of growth says more of the process than of the chunks.
                others = ", ".join(
                    f"{name} {run.predicted[name] / run.metrics[name] - 1:+.0%}"
                    for name in ("bytes_read", "latency_seconds_mean", "memory_bytes")
                    if name != "memory_bytes" or run.metrics[name] > 2**20
                )
                print(
                    f"{store}, {pattern.split(':')[0]}, {values['chunk_size']} x "
                    f"{values['max_chunks']}: {hits[0]:,.0f} / {hits[1]:,.0f} {said}; {others}"
                )


if __name__ == "__main__":
    main()
