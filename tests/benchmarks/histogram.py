"""Time to record, read, copy, merge and send latencies, against hdrh's HdrHistogram in Python.

Rerun: python tests/benchmarks/histogram.py

Goal: a record takes at most 250 ns. The peer, ``hdrhistogram`` on the package index, is measured
where it is installed. Both take turns in one process; the loop is part of every figure.
"""

from __future__ import annotations

import pickle
import statistics
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from perflab.instrumentation import LatencyHistogram

VALUES = np.random.default_rng(0).lognormal(-9, 1.5, 20_000).tolist()
ROUNDS = 31


def hdr_record() -> tuple[str, Callable[[float], object]] | None:
    """Return the peer's name and its record of seconds, if it is installed."""
    try:
        from hdrh.histogram import HdrHistogram

        name = f"hdrhistogram {version('hdrhistogram')}"
    except (ImportError, PackageNotFoundError):
        return None
    histogram = HdrHistogram(1, 10_000_000_000, 2)
    return name, lambda seconds: histogram.record_value(int(seconds * 1e7))


def nanoseconds(record: Callable[[float], object]) -> float:
    started = time.perf_counter()
    for value in VALUES:
        record(value)
    return (time.perf_counter() - started) / len(VALUES) * 1e9


def microseconds(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(200):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e6


def main() -> None:
    histogram = LatencyHistogram()
    ways: dict[str, Callable[[float], object]] = {"LatencyHistogram": histogram.record}
    peer = hdr_record()
    if peer:
        ways[peer[0]] = peer[1]
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, record in ways.items():
            times[name].append(nanoseconds(record))
    print(f"record, ns, medians of {ROUNDS} rounds of {len(VALUES)}")
    ours = statistics.median(times["LatencyHistogram"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:24}{median:8.0f}{median / ours:8.2f} x")
    earlier = histogram.copy()
    values = np.array(VALUES)
    print("others, µs")
    for name, call in {
        "record_many of 20,000": lambda: LatencyHistogram().record_many(values),
        "quantiles of 3": lambda: histogram.quantiles(0.5, 0.95, 0.99),
        "copy": histogram.copy,
        "merge": lambda: earlier.merge(histogram),
        "subtract": lambda: histogram.subtract(histogram),
        "pickle": lambda: pickle.dumps(histogram),
        "to_dict": histogram.to_dict,
    }.items():
        print(f"  {name:24}{microseconds(call):8.1f}")
    print(f"pickled: {len(pickle.dumps(histogram)):,} bytes")


if __name__ == "__main__":
    main()
