"""Peak memory of fetching 1,000,000 URLs against 10,000.

Run: python tests/benchmarks/async_io_memory.py [--urls 1000000] [--few 10000]

Each in a process of its own, whose peak resident memory the system tells. Every URL is another
one and every result is read. Goal: at most 1.2 times.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from perflab.servers.http.server import HttpServer

CLIENT = """
import asyncio, resource, sys

from perflab.patterns.async_io import AsyncFetcher, AsyncIOSettings


async def main(url, number):
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=50)) as fetcher:
        found = 0
        async for result in fetcher.fetch(f"{url}/items?start={i}" for i in range(number)):
            found += result.ok
    assert found == number, fetcher.stats()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
"""


def peak(url: str, number: int) -> int:
    started = time.perf_counter()
    command = [sys.executable, "-c", CLIENT, url, str(number)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    taken = time.perf_counter() - started
    print(f"{number:>9,} URLs: {int(said) / 2**20:6.1f} MiB, {taken:5.1f} s", flush=True)
    return int(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    arguments = parser.parse_args()
    with HttpServer.start() as server:
        few = peak(server.url, arguments.few)
        many = peak(server.url, arguments.urls)
    print(f"{many / few:.3f} times; goal: at most 1.2 times")


if __name__ == "__main__":
    main()
