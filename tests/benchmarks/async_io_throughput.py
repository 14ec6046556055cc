"""Requests per second of `AsyncFetcher` against a bare aiohttp loop with a semaphore, 0 ms server.

Run: python tests/benchmarks/async_io_throughput.py [--requests 5000] [--rounds 9]

Both ask the same server on loopback, in turns, with 32 in flight. Goal: at least 0.93 times the
bare loop, the median of the rounds' ratios. The processor time is that of this process alone:
client and server share the machine, so that what a client costs more shows less in the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

import aiohttp

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer

IN_FLIGHT = 32


async def bare(url: str, requests: int) -> None:
    places = asyncio.Semaphore(IN_FLIGHT)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one() -> None:
            async with places, session.get(url) as response:
                assert response.status == 200
                await response.read()

        await asyncio.gather(*(one() for _ in range(requests)))


async def ours(url: str, requests: int) -> None:
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=IN_FLIGHT)) as fetcher:
        number = 0
        async for result in fetcher.fetch(url for _ in range(requests)):
            assert result.ok
            number += 1
        assert number == requests


def measured(client, url: str, requests: int) -> tuple[float, float]:
    """Return requests per second of the clock, and of this process's processor time."""
    started, worked = time.perf_counter(), time.process_time()
    asyncio.run(client(url, requests))
    return requests / (time.perf_counter() - started), requests / (time.process_time() - worked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with HttpServer.start() as server:
        url = f"{server.url}/items?count=3"
        for client in (bare, ours):
            measured(client, url, arguments.requests // 5)
        rounds = []
        for number in range(arguments.rounds):
            order = (bare, ours) if number % 2 == 0 else (ours, bare)
            found = {client: measured(client, url, arguments.requests) for client in order}
            rounds.append((found[bare], found[ours]))
    for place, name in enumerate(("requests/s", "requests/s of processor time")):
        plain = statistics.median(one[place] for one, _ in rounds)
        own = statistics.median(other[place] for _, other in rounds)
        ratio = statistics.median(other[place] / one[place] for one, other in rounds)
        print(f"{name}: bare loop {plain:,.0f}, AsyncFetcher {own:,.0f}: {ratio:.2f} times")
    print("goal: at least 0.93 times the requests/s")


if __name__ == "__main__":
    main()
