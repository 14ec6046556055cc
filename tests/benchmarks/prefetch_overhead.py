"""What an item costs on its way from a fetching thread to the consumer, beside `queue.Queue`.

Run: python tests/benchmarks/prefetch_overhead.py [--items 300000]

The same items (numbers that are there already) go through a `queue.Queue` one by one, and through
the prefetcher in batches of 1, 10, 100 and 1000, with a buffer of 1000 items for all. Goal: at
batch 100 at most 0.2 times the queue. Rounds alternate; medians are of five.
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import statistics
import threading
import time
from collections.abc import Callable

from perflab.patterns.prefetching import Prefetcher
from perflab.patterns.prefetching._async import AsyncPrefetcher
from perflab.patterns.prefetching.settings import PrefetchingSettings

BUFFER = 1000
ROUNDS = 5
BATCHES = (1, 10, 100, 1000)
GOAL = 0.2


def through_queue(items: list[int]) -> float:
    """Return seconds for all items."""
    line: queue.Queue[int] = queue.Queue(BUFFER)

    def put() -> None:
        for item in items:
            line.put(item)

    thread = threading.Thread(target=put)
    began = time.perf_counter()
    thread.start()
    for _ in range(len(items)):
        line.get()
    taken = time.perf_counter() - began
    thread.join()
    return taken


def through_prefetcher(items: list[int], batch: int, workers: int) -> float:
    """Return seconds for all items."""
    settings = PrefetchingSettings(buffer_size=BUFFER, batch_size=batch, workers=workers)
    began = time.perf_counter()
    with Prefetcher(lambda start, stop: items[start:stop], settings) as prefetched:
        count = 0
        for _ in prefetched:
            count += 1
    taken = time.perf_counter() - began
    assert count == len(items)
    return taken


def through_tasks(items: list[int], batch: int) -> float:
    """Return seconds for all items."""

    async def fetch(start: int, stop: int) -> list[int]:
        await asyncio.sleep(0)
        return items[start:stop]

    async def consume() -> int:
        settings = PrefetchingSettings(buffer_size=BUFFER, batch_size=batch, workers=2)
        count = 0
        async with AsyncPrefetcher(fetch, settings) as prefetched:
            async for _ in prefetched:
                count += 1
        return count

    began = time.perf_counter()
    assert asyncio.run(consume()) == len(items)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300_000)
    items = list(range(parser.parse_args().items))
    ways: dict[str, Callable[[], float]] = {"queue.Queue": lambda: through_queue(items)}
    for batch in BATCHES:
        ways[f"batch {batch}"] = lambda batch=batch: through_prefetcher(items, batch, 1)
    ways["batch 100, 8 workers"] = lambda: through_prefetcher(items, 100, 8)
    ways["asyncio, batch 100"] = lambda: through_tasks(items, 100)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(way())
    medians = {name: statistics.median(values) for name, values in taken.items()}
    peer = medians["queue.Queue"]
    for name, seconds in medians.items():
        goal = f" (goal: at most {GOAL})" if name == "batch 100" else ""
        print(
            f"{name:22} {seconds / len(items) * 1e9:7.0f} ns an item, {seconds / peer:5.2f}{goal}"
        )


if __name__ == "__main__":
    main()
