"""Random operations on the cache in Redis under random faults, with every invariant checked.

Rerun: python tests/soak/redis_cache.py --operations 1000000 --seed 7

Threads and tasks share two namespaces of a real Valkey, through two threaded caches and an asyncio
one in the first, and one of each in the second, as so many processes would. Meanwhile the server is
killed and started again, stopped, or its connections are cut, settings change, and tasks of the
second namespace are cancelled. Checked are:

- what is read was written for that key; and, in the first namespace, which always locks, nothing is
  older than a removal or write that ended while no fault was open;
- there, no two loads of a key are under way at once that the lock should keep apart;
- counters add up: lookups, loads, failed loads, values that cannot be kept, damaged entries;
- what others have in the server stays as it is, and no name outside the namespaces comes up;
- no thread, connection or file is left in the end.

It prints what was done as JSON, and ends with status 1 where a rule was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import redis

sys.path.insert(0, str(Path(__file__).parent))

from redis_cache_callers import Caller
from redis_cache_truth import Truth

from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

MOSTLY = 0.9
SECONDS_BETWEEN = (0.2, 0.8)
PATIENCE = 60.0
FOREIGN = {
    b"strict": b"1",
    b"strictly:k:k1": b"\xca" + bytes(40),
    b"strict:k:text": b"theirs",
    b"strict:l:k1:theirs": b"0123456789abcdef",
    b"other:k:k1": b"\xca" + bytes(40),
}
SETTINGS = {
    "ttl_seconds": (0.03, 0.5, 30.0, None),
    "ttl_jitter": (0.0, 0.5),
    "timeout": (0.3, 1.0, 5.0),
    "retries": (0, 1, 2),
    "serializer": ("msgpack", "json"),
    "negative_ttl_seconds": (None, 0.05, 10.0),
    "breaker_failures": (1, 5, 50),
    "breaker_seconds": (0.005, 0.05),
}
OF_THE_LOOSE = {"stampede": ("lock", "early", "off"), "stale_seconds": (None, 0.5)}


class Soak:
    """One run: the server, the caches, their callers and the faults."""

    def __init__(self, operations: int, seed: int) -> None:
        self.rng = random.Random(seed)
        self.operations = operations
        self.taken = itertools.count()
        self.faults = dict.fromkeys(("kill", "stop", "cut", "settings"), 0)
        self.server = RedisServer.start()
        self.admin = redis.Redis.from_url(self.server.url, socket_timeout=PATIENCE)
        self.plant()
        strict = RedisCacheSettings(cache_namespace="strict", timeout=1.0, breaker_seconds=0.02)
        loose = strict.change(cache_namespace="loose")
        url = self.server.url
        self.threaded = [RedisCache(one, url=url) for one in (strict, strict, loose)]
        self.awaited = [AsyncRedisCache(one, url=url) for one in (strict, loose)]
        self.truths = {
            "strict": Truth([*self.threaded[:2], self.awaited[0]]),
            "loose": Truth([self.threaded[2], self.awaited[1]]),
        }
        self.callers: list[Caller] = []
        self.raised: list[str] = []
        self.cancelled = 0

    def run(self) -> list[str]:
        """Do all operations; return the rules that were broken."""
        workers = [
            threading.Thread(target=self.work, args=(cache,))
            for cache in (*self.threaded[:2], *self.threaded)
        ]
        workers.append(threading.Thread(target=lambda: asyncio.run(self.tasks())))
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            time.sleep(self.rng.uniform(*SECONDS_BETWEEN))
            self.disturb()
        for worker in workers:
            worker.join()
        # Loads in the background may still write.
        until(lambda: not any(cache._threads for cache in self.threaded))
        broken = [text for truth in self.truths.values() for text in truth.broken]
        broken += self.raised + self.foreign() + self.counters() + self.cleared()
        for cache in self.threaded:
            cache.close()
        return broken

    def work(self, cache: Any) -> None:
        """Do operations on a threaded cache."""
        caller = self.caller(cache, is_async=False)
        try:
            while next(self.taken) < self.operations:
                caller.do_now()
        except BaseException as error:
            self.raised.append(f"{type(error).__name__}: {error}")
            raise

    async def tasks(self) -> None:
        """Do operations on the asyncio caches."""
        await asyncio.gather(*[self.task(cache) for cache in (self.awaited * 6)])
        for cache in self.awaited:
            await cache.close()

    async def task(self, cache: Any) -> None:
        """Do operations on an asyncio cache."""
        caller = self.caller(cache, is_async=True)
        try:
            while next(self.taken) < self.operations:
                if cache is self.awaited[0] or caller.rng.random() < MOSTLY:
                    await caller.do()
                    continue
                self.cancelled += 1
                # How long an operation is left alone, so that it ends in any of its steps.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(caller.do(), caller.rng.uniform(0, 0.005))
        except BaseException as error:
            self.raised.append(f"{type(error).__name__}: {error}")
            raise

    def caller(self, cache: Any, *, is_async: bool) -> Caller:
        """Return a caller with a random number generator of its own."""
        truth = self.truths[cache.settings.cache_namespace]
        rng = random.Random(self.rng.random())
        made = Caller(
            cache, truth, rng, is_async=is_async, is_strict=truth is self.truths["strict"]
        )
        self.callers.append(made)
        return made

    def disturb(self) -> None:
        """Let one thing go wrong, or change settings."""
        what = self.rng.choice([*self.faults, "settings"])
        self.faults[what] += 1
        if what == "settings":
            self.change_settings()
            return
        if what == "kill":
            for truth in self.truths.values():
                truth.broken += self.foreign()
        for truth in self.truths.values():
            truth.fault(is_open=True)
        if what == "kill":
            self.server.kill()
            time.sleep(self.rng.uniform(0, 0.1))
            self.server.restart()
            self.plant()
        elif what == "stop":
            self.server.freeze()
            time.sleep(self.rng.uniform(0.01, 0.5))
            self.server.thaw()
        else:
            self.admin.client_kill_filter(_type="normal", skipme=True)
        # What was sent before is carried out by now.
        for _ in range(3):
            self.admin.ping()
        for truth in self.truths.values():
            truth.fault(is_open=False)

    def change_settings(self) -> None:
        """Change some settings of one cache that is in use."""
        cache = self.rng.choice([*self.threaded, *self.awaited])
        is_loose = cache.settings.cache_namespace == "loose"
        choices = {**SETTINGS, **(OF_THE_LOOSE if is_loose else {})}
        names = self.rng.sample(sorted(choices), 3)
        cache.apply(**{name: self.rng.choice(choices[name]) for name in names})

    def plant(self) -> None:
        """Write what others have in the server."""
        self.admin.mset(FOREIGN)
        self.admin.hset("strict:k:hash", "a", "1")

    def foreign(self) -> list[str]:
        """Return what others had in the server and is another thing now."""
        values = dict(zip(FOREIGN, self.admin.mget(list(FOREIGN)), strict=True))
        changed = [name for name, value in FOREIGN.items() if values[name] != value]
        if self.admin.hgetall("strict:k:hash") != {b"a": b"1"}:
            changed.append(b"strict:k:hash")
        ours = (b"strict:k:", b"strict:l:", b"loose:k:", b"loose:l:")
        strange = [
            name
            for name in self.admin.scan_iter(count=1000)
            if name not in FOREIGN and not name.startswith(ours)
        ]
        return [f"the key {name!r} of others was touched" for name in (*changed, *strange)]

    def counters(self) -> list[str]:
        """Return the counters that do not add up."""
        broken = []
        # Of the last, operations are cancelled before and after they are counted.
        for cache in (*self.threaded, self.awaited[0]):
            of_it = [caller for caller in self.callers if caller.cache is cache]
            stats = cache.stats()
            stats["lookups"] = stats["hits"] + stats["misses"]
            for name, right in {
                "lookups": sum(caller.lookups for caller in of_it),
                "loads": sum(caller.loads for caller in of_it),
                "load_errors": sum(caller.load_errors for caller in of_it),
                "values_refused": sum(caller.values_refused for caller in of_it),
                "corrupt": 0,
            }.items():
                if stats[name] != right:
                    broken.append(f"{cache}: {name} is {stats[name]}, and {right} is right")
        return broken

    def cleared(self) -> list[str]:
        """Return what is left of the namespaces once they were cleared."""
        for cache in (self.threaded[0], self.threaded[2]):
            cache.apply(timeout=30.0, breaker_failures=1000)
            until(lambda cache=cache: cache.breaker_state == "closed" or cache.get("k0") or False)
            cache.clear()
        theirs = {*FOREIGN, b"strict:k:hash"}
        left = [name for name in self.admin.scan_iter(count=1000) if name not in theirs]
        return [f"{name!r} is left after clear" for name in left]

    def close(self) -> list[str]:
        """End everything; return what is left of it."""
        gc.collect()
        is_alone = until(lambda: len(self.admin.client_list()) == 1)
        left = [] if is_alone else [f"connections are left: {self.admin.client_list()}"]
        self.admin.close()
        self.server.close()
        return left

    def said(self) -> dict[str, Any]:
        """Return what was done."""
        return {
            "operations": sum(caller.done for caller in self.callers),
            "cancelled": self.cancelled,
            "faults": self.faults,
            "checked": {name: truth.checked for name, truth in self.truths.items()},
            "hits": sum(cache.stats()["hits"] for cache in (*self.threaded, *self.awaited)),
            "misses": sum(cache.stats()["misses"] for cache in (*self.threaded, *self.awaited)),
            "errors": sum(cache.stats()["errors"] for cache in (*self.threaded, *self.awaited)),
        }


def until(question: Any) -> bool:
    """Wait until the answer is yes; say whether it came."""
    end = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > end:
            return False
        gc.collect()
        time.sleep(0.02)
    return True


def files() -> int:
    """Return how many files and sockets this process has open; 0 where that cannot be told."""
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 0


def soak(operations: int, seed: int) -> tuple[dict[str, Any], list[str]]:
    """Run once; return what was done and which rules were broken."""
    RedisServer.start().close()  # what the first one opens stays for all
    started = time.monotonic()
    threads, opened = threading.active_count(), files()
    run = Soak(operations, seed)
    try:
        broken = run.run()
    finally:
        left = run.close()
    broken += left
    if not until(lambda: threading.active_count() <= threads):
        broken.append(f"threads are left: {threading.enumerate()}")
    if not until(lambda: files() <= opened):
        broken.append(f"{files() - opened} files or sockets are left")
    seconds = round(time.monotonic() - started, 1)
    return {"seed": seed, "seconds": seconds, **run.said(), "broken": len(broken)}, broken


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    said, broken = soak(options.operations, options.seed)
    print(json.dumps(said))
    for text in broken[:20]:
        print(text, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
