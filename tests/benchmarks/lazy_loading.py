"""A row in memory, and a full scan against reading the same chunks bare.

Rerun: python tests/benchmarks/lazy_loading.py

Goals: a row of a chunk in memory at most 1.5 µs; a full scan at most 1.15 times the time of
reading the same chunks of the same store in a loop and going through their rows. All ways take
turns in one process, so that a busy machine slows all alike; medians, and the median of the
ratios of the rounds. The loop that asks is part of every figure. To hold ten chunks costs something
by itself, as memory is then not that of the chunk just dropped; it is shown beside.
"""

from __future__ import annotations

import collections
import statistics
import time
from collections.abc import Callable

import numpy as np

from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._sources import open_store
from perflab.patterns.lazy_loading._store import Store
from perflab.workloads.flights_store import FORMS

ASKED = 100_000
ROUNDS = 15
SCANS = 11
CHUNK = 1000


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ask(rows: LazyLoader, wanted: list[int]) -> None:
    for index in wanted:
        rows[index]


def bare(store: Store) -> None:
    count = len(store)
    for start in range(0, count, CHUNK):
        for _ in store.read(start, min(start + CHUNK, count)):
            pass


def held(store: Store) -> None:
    count, last = len(store), collections.deque[object](maxlen=10)
    for start in range(0, count, CHUNK):
        rows = store.read(start, min(start + CHUNK, count))
        last.append(rows)
        for _ in rows:
            pass


def scan(store: Store) -> None:
    for _ in LazyLoader(store=store, chunk_size=CHUNK, max_chunks=10):
        pass


def main() -> None:
    """Measure and print."""
    rows = LazyLoader(max_chunks=400)
    collections.deque(rows, maxlen=0)
    draw = np.random.default_rng(1)
    orders = {
        "random": draw.integers(0, len(rows), ASKED).tolist(),
        "sequential": list(range(ASKED)),
        "backward from the end": (-1 - np.arange(ASKED)).tolist(),
    }
    for name, wanted in orders.items():
        spent = statistics.median(seconds(lambda w=wanted: ask(rows, w)) for _ in range(ROUNDS))
        print(f"a row in memory, {name}: {spent / ASKED * 1e6:.2f} µs (goal 1.5)")
    for form in FORMS:
        store = open_store("flights" if form == "sqlite" else f"flights:{form}")
        ways = {"bare": bare, "bare, ten chunks held": held, "loader": scan}
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(SCANS):
            for name, way in ways.items():
                spent[name].append(seconds(lambda s=store, w=way: w(s)))
        print(f"scan of {len(store):,} rows, {form}:")
        for name, times in spent.items():
            ratios = [one / alone for one, alone in zip(times, spent["bare"], strict=True)]
            goal = " (goal 1.15)" if name == "loader" else ""
            print(
                f"  {name}: {statistics.median(times) * 1000:.0f} ms, "
                f"{statistics.median(ratios):.2f} times{goal}"
            )


if __name__ == "__main__":
    main()
