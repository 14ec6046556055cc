"""What recording costs a request: functions, mappings and a Redis client, with and without it.

Rerun: python tests/benchmarks/recording.py [THOUSANDS]

Goal: at most 1 µs a request more with sampling at 1 %. Each round asks for 300,000 Zipf keys
(texts of about 12 characters; tuples and whole numbers in the first rows below), by turns without
recording, with a sample of 1 % and of all; a round without is subtracted from its neighbours.
Medians of 7 rounds. The folder is on the disk of the temporary files, written every second. The
bytes are those on disk a request recorded, of all rows of all keys.

The answers of a real server, in the last row, vary by more than a microsecond. There 100,000 keys
are asked for in blocks of 100: each block without and with recording, in an order that turns, and
the medians are those of the differences within a block.
"""

from __future__ import annotations

import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cachetools
import redis

import perflab
from perflab.servers.redis.server import RedisServer
from perflab.workloads import Zipf

ROUNDS = 7
SAMPLES = (0.01, 1.0)
REDIS_BLOCK = 100


def seconds_each(ask: Callable[[Any], Any], keys: Sequence[Any]) -> float:
    start = time.perf_counter()
    for key in keys:
        ask(key)
    return (time.perf_counter() - start) / len(keys)


def compare(
    what: str, plain: Any, ask_of: Callable[[Any], Callable[[Any], Any]], keys: Sequence[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        targets = [
            perflab.record(plain, Path(folder, str(sample)), sample=sample) for sample in SAMPLES
        ]
        alone: list[float] = []
        more: list[list[float]] = [[] for _ in SAMPLES]
        for _ in range(ROUNDS):
            alone.append(seconds_each(ask_of(plain), keys))
            for costs, target in zip(more, targets, strict=True):
                costs.append(seconds_each(ask_of(target), keys) - alone[-1])
                target.recording.flush()  # so that none of it falls into the next round
        stats = [target.recording.stop() for target in targets]
    show(what, alone, more, stats[-1]["bytes"] / max(stats[-1]["rows"], 1))


def compare_by_blocks(what: str, client: Any, keys: Sequence[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        targets = [
            perflab.record(client, Path(folder, str(sample)), sample=sample) for sample in SAMPLES
        ]
        asked = [client.get, *(target.get for target in targets)]
        seconds: list[list[float]] = [[] for _ in asked]
        for start in range(0, len(keys), REDIS_BLOCK):
            turn = start // REDIS_BLOCK % len(asked)
            for i in [*range(turn, len(asked)), *range(turn)]:
                seconds[i].append(seconds_each(asked[i], keys[start : start + REDIS_BLOCK]))
        stats = [target.recording.stop() for target in targets]
    alone = seconds[0]
    more = [[a - b for a, b in zip(those, alone, strict=True)] for those in seconds[1:]]
    show(what, alone, more, stats[-1]["bytes"] / max(stats[-1]["rows"], 1))


def show(what: str, alone: list[float], more: list[list[float]], size: float) -> None:
    one, all_ = (statistics.median(costs) * 1e6 for costs in more)
    print(
        f"{what:<34} {statistics.median(alone) * 1e6:8.3f} us alone   1 %: {one:+.3f} us   "
        f"all: {all_:+.3f} us   {size:4.1f} bytes a row"
    )


def main(thousands: float) -> None:
    requests = int(thousands * 1e3)
    ids = Zipf(skew=0.9, keys=100_000, requests=requests, seed=1).make().ids.tolist()
    texts = [f"product:{number}" for number in ids]
    pairs = [("product", number) for number in ids]
    print(f"{requests:,} requests a round, medians of {ROUNDS} rounds; goal at 1 %: 1 us")
    cached = functools.lru_cache(maxsize=10_000)(str.upper)
    compare("lru_cache, texts", cached, lambda it: it, texts)
    compare("lru_cache, whole numbers", functools.lru_cache(10_000)(abs), lambda it: it, ids)
    compare("lru_cache, pairs", functools.lru_cache(10_000)(len), lambda it: it, pairs)
    compare("dict.get", {}, lambda it: it.get, texts)
    compare("cachetools.LRUCache.get", cachetools.LRUCache(10_000), lambda it: it.get, texts)
    with RedisServer.start() as server:
        client = redis.Redis.from_url(server.url)
        compare_by_blocks(f"redis-py GET ({server.version})", client, texts[: len(texts) // 3])
        client.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 300)
