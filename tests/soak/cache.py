"""Random operations on a `Cache` by threads, tasks and forked children, held to its laws.

Rerun: python tests/soak/cache.py --operations 5000000 --seed 1

Each round takes a cache of random settings through some thousands of operations at once, in four
threads and twelve tasks of an event loop, while its settings change, loaders fail, are slow or are
cancelled, and children are forked; then all is still, and all that it holds is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from cache_world import BrokenLawError, LoadError, Value, World

from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.primitives import VirtualClock

THREADS = 4
TASKS = 12
ROUND = 4000
KEYS = 24
LIVES = (None, 1.0, 3.0, 10.0)


class Key:
    """A key that is looked up by its own code."""

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return hash(self.number)

    def __eq__(self, other):
        return isinstance(other, Key) and self.number == other.number

    def __repr__(self):
        return f"Key({self.number})"


class Round:
    """One cache from its first operation to the last."""

    def __init__(self, seed, operations):
        self.random = Random(seed)
        self.seed, self.operations = seed, operations
        self.clock = VirtualClock()
        self.world = World(self.clock)
        # Settings that change are drawn of these; what is kept is held to the longest.
        draw = self.random
        self.sizes = draw.sample((1, 2, 5, 10, 20, 60), 3)
        self.bytes = draw.choice(((None,), (None, 40), (15, 60, 120)))
        self.lives = draw.choice(((None,), (1.0,), (3.0, 1.0), LIVES))
        self.error_lives = draw.choice(((None,), (0.5,), (0.5, 2.0), (None, 1.0)))
        # A miss goes a way of its own where the clock is the computer's and nobody is asked.
        plain = draw.random() < 0.4
        if plain:
            self.lives = self.error_lives = (None,)
            self.bytes = draw.choice(((None,), (None, 900), (700, 2000)))
        self.policies = draw.sample(LIVE_POLICIES, draw.choice((1, 2)))
        endless = None in self.lives
        self.world.longest = float("inf") if endless else max(self.lives)
        self.world.longest_error = max(life or 0.0 for life in self.error_lives)
        self.cache = Cache(
            clock=None if plain else self.clock,
            sizeof=None if plain else (lambda key, value: value.size),
            on_evict=None if plain else draw.choice((None, lambda key, value, reason: None)),
            **self.settings(draw),
        )
        self.failure = None
        self.left = threading.Semaphore(operations)
        self._local = threading.local()
        self.functions()

    def settings(self, draw):
        return {
            "max_cache_size": draw.choice(self.sizes),
            "max_bytes": draw.choice(self.bytes),
            "ttl_seconds": draw.choice(self.lives),
            "negative_ttl_seconds": draw.choice(self.error_lives),
            "policy": draw.choice(self.policies),
            "expiry": draw.choice(("lazy", "eager")),
        }

    def functions(self):
        cache, world = self.cache, self.world

        @cache
        def one(key):
            return world.load(("one", key), self._local.random)

        @cache
        def two(key, more=None):
            return world.load(("two", key), self._local.random)

        @cache
        async def task(key):
            return await world.aload(("task", key), self._local.random, "loop")

        class Shop:
            @cache
            def price(self, key):
                return world.load(("price", key), self_random())

        def self_random():
            return self._local.random

        shop = Shop()
        self.calls = {
            "main": lambda key: cache.get_or_load(key, self._load_main),
            "one": one,
            "two": lambda key: two(key, more=None),
            "price": shop.price,
        }
        self.forgets = {
            "main": lambda key: cache.pop(key, None),
            "one": one.forget,
            "two": lambda key: two.forget(key, more=None),
            "price": shop.price.forget,
            "task": task.forget,
        }
        self.clears = {
            "one": one.cache_clear,
            "two": two.cache_clear,
            "task": task.cache_clear,
            "price": shop.price.cache_clear,
        }
        self.task = task

    def _load_main(self, key):
        return self.world.load(("main", key), self._local.random)

    async def _aload_main(self, key):
        return await self.world.aload(("main", key), self._local.random, "loop")

    def key(self, draw):
        number = min(int(draw.expovariate(0.2)), KEYS)
        return Key(number) if number % 3 == 0 else number

    # What threads do.

    def thread(self, number):
        draw = self._local.random = Random(f"{self.seed} {number}")
        try:
            while self.failure is None and self.left.acquire(blocking=False):
                self.operate(draw)
        except BaseException as error:  # noqa: BLE001 - the round ends with it
            self.failure = self.failure or error

    def operate(self, draw):
        luck, key = draw.random(), self.key(draw)
        if luck < 0.62:
            space = draw.choice(tuple(self.calls))
            self.read((space, key), lambda: self.calls[space](key))
        elif luck < 0.72:
            self.read(("main", key), lambda: self.cache.get(key))
        elif luck < 0.76:
            self.read(("main", key), lambda: self.cache[key])
        elif luck < 0.94:
            self.change(draw, key)
        elif luck < 0.97:
            self.look(key)
        elif luck < 0.98:
            self.cache.apply(**self.settings(draw))
        else:
            self.clock.advance(draw.random())

    def read(self, place, ask):
        asked = self.world.ask(place)
        self.world.count("lookups")
        try:
            answer = ask()
        except LoadError as error:
            self.world.check(place, asked, error)
            self.world.return_from(error)
            return
        except (KeyError, KeyboardInterrupt):
            return
        if answer is not None:
            self.world.check(place, asked, answer)
            self.world.return_from(answer)

    def change(self, draw, key):
        world, cache, luck = self.world, self.cache, draw.random()
        size = draw.randint(1, 12)
        if luck < 0.45:
            space = draw.choice(tuple(self.forgets))
            world.change((space, key), lambda *_: self.forgets[space](key))
        elif luck < 0.7:
            life = None if draw.random() < 0.7 else min(self.world.longest, draw.choice((0, 2.5)))
            place = ("main", key)
            world.change(place, lambda load, new: cache.put(key, Value(load, new, size), life))
        elif luck < 0.8:

            def remove(*_):
                with contextlib.suppress(KeyError):
                    del cache[key]

            world.change(("main", key), remove)
        elif luck < 0.9:
            place = ("main", key)
            asked = world.ask(place)
            world.count("lookups")
            got = world.write_if_absent(
                place, lambda load, now: cache.setdefault(key, Value(load, now, size))
            )
            world.check(place, asked, got)
        elif luck < 0.95:
            with contextlib.suppress(KeyError):
                cache.popitem()
        elif luck < 0.98:
            world.change_all(*draw.choice(tuple(self.clears.items())))
        else:
            world.change_all(None, cache.clear)

    def look(self, key):
        cache = self.cache
        for each, value in cache.items():
            if not isinstance(value, Value):
                raise BrokenLawError(f"{each!r} is held as {value!r}")
        _ = key in cache, list(cache), repr(cache)
        stats = cache.stats()
        most = [size for size in self.bytes if size is not None]
        if stats["entries"] > max(self.sizes):
            raise BrokenLawError(f"{stats['entries']} entries of {max(self.sizes)}")
        if len(most) == len(self.bytes) and stats["bytes"] > max(most):
            raise BrokenLawError(f"{stats['bytes']} bytes of {max(most)}")

    # What tasks do.

    def loop(self):
        draw = self._local.random = Random(f"{self.seed} loop")
        try:
            asyncio.run(self.tasks(draw))
        except BaseException as error:  # noqa: BLE001 - the round ends with it
            self.failure = self.failure or error

    async def tasks(self, draw):
        await asyncio.gather(*(self.ask_on(draw) for _ in range(TASKS)))

    async def ask_on(self, draw):
        while self.failure is None and self.left.acquire(blocking=False):
            key = self.key(draw)
            if draw.random() < 0.5:
                asking = self.aread(("task", key), lambda key=key: self.task(key))
            else:
                asking = self.aread(
                    ("main", key), lambda key=key: self.cache.aget_or_load(key, self._aload_main)
                )
            if draw.random() < 0.1:
                asked = asyncio.create_task(asking)
                await asyncio.sleep(0 if draw.random() < 0.7 else 0.001)
                asked.cancel()
                await asyncio.wait([asked])
                if not asked.cancelled() and asked.exception() is not None:
                    raise asked.exception()
            else:
                await asking

    async def aread(self, place, ask):
        asked = self.world.ask(place)
        self.world.count("lookups")
        try:
            answer = await ask()
        except LoadError as error:
            self.world.check(place, asked, error)
            self.world.return_from(error)
            return
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():
                raise
            return  # The load was cancelled, by its loader.
        self.world.check(place, asked, answer)
        self.world.return_from(answer)

    # What children do.

    def fork(self):
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            held = 1
            with contextlib.suppress(BaseException):
                for each in (*range(KEYS), *map(Key, range(KEYS))):
                    with contextlib.suppress(LoadError):
                        self.cache.get_or_load(each, lambda _: Value(0, 1 << 60, 1))
                self.cache.stats()
                held = 0
            os._exit(held)
        return child

    def run(self):
        workers = [threading.Thread(target=self.thread, args=(n,)) for n in range(THREADS)]
        workers.append(threading.Thread(target=self.loop))
        for worker in workers:
            worker.start()
        time.sleep(0.005)
        child = self.fork()
        for worker in workers:
            worker.join()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if self.failure is not None:
            raise self.failure
        if status:
            raise BrokenLawError(f"a forked child ended with {status}")
        self.compare()

    def compare(self):
        """Compare all that the cache holds and counts, once all is still."""
        cache, store, counts = self.cache, self.cache._store, self.world.counts
        stats, queued = cache.stats(), store.queue.entries()
        held = {entry for region in store.regions for entry in region.entries.values()}
        settings = cache.settings
        laws = {
            "each entry is found by its key, and no other": held == set(queued),
            "no load goes on": not any(entry.owner for entry in held),
            "nobody waits": not store.waiting and not store.rivals,
            "entries": len(queued) == stats["entries"] <= settings.max_cache_size,
            "bytes": sum(entry.size for entry in queued) == stats["bytes"],
            "bytes in bounds": stats["bytes"] <= (settings.max_bytes or 1 << 60),
            "lookups": stats["hits"] + stats["misses"] == counts["lookups"],
            "loads": stats["loads"] == counts["loads"],
            "what is held is right": all(
                entry.region.entries[entry.key] is entry for entry in queued
            ),
        }
        broken = [law for law, holds in laws.items() if not holds]
        if broken:
            raise BrokenLawError(f"{broken}; {stats}; {dict(counts)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.setswitchinterval(1e-4)
    done, began, rounds = 0, time.monotonic(), 0
    while done < options.operations:
        operations = min(ROUND, options.operations - done)
        seed = f"{options.seed} {rounds}"
        try:
            Round(seed, operations).run()
        except BaseException:  # noqa: BLE001 - an interrupted round is one that did not hold
            traceback.print_exc()
            print(f"broken in round {rounds} of --seed {options.seed}")
            return 1
        done, rounds = done + operations, rounds + 1
    seconds = time.monotonic() - began
    print(f"{done:,} operations in {rounds} rounds, every law held; {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
