"""A cache whose main thread is interrupted at random moments, thousands of times, while others ask.

Rerun: python tests/soak/cache_interrupted.py --interruptions 20000 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from random import Random

from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES

KEYS = 60


class Interruption(BaseException):
    """What a signal's handler raises, as Ctrl-C does."""


def interrupt(*_about):
    raise Interruption


def round_of(policy, interruptions, random):
    """Interrupt a cache of a policy so often; return what is wrong with it afterwards."""
    bounds = random.choice(({}, {"max_bytes": 3000}, {"ttl_seconds": 0.002, "expiry": "eager"}))
    cache = Cache(max_cache_size=20, policy=policy, **bounds)
    memoized = cache(lambda x: x)
    over, errors = threading.Event(), []

    def ask(seed):
        draw = Random(seed)
        try:
            while not over.is_set():
                key = draw.randrange(KEYS)
                assert memoized(key) == key
                assert cache.get_or_load(key, str) == str(key)
        except BaseException as error:  # noqa: BLE001 - told at the end
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(seed,), daemon=True) for seed in range(2)]
    for thread in threads:
        thread.start()
    done = 0
    while done < interruptions:
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-6 + random.random() * 3e-4)
            while True:
                operate(cache, memoized, random)
        except Interruption:
            done += 1
    over.set()
    for thread in threads:
        thread.join(30)
    if errors or any(thread.is_alive() for thread in threads):
        return [f"another thread: {errors or 'still waits'}"]
    return disorder(cache)


def operate(cache, memoized, random):
    key = random.randrange(KEYS)
    memoized(key)
    cache.get_or_load(key, str)
    cache.put(key, str(key))
    cache.pop(random.randrange(KEYS), None)
    cache.setdefault(key, str(key))
    if random.random() < 0.01:
        with contextlib.suppress(KeyError):
            cache.popitem()
        cache.stats()
        memoized.forget(key)


def disorder(cache):
    """Return what is wrong with a cache that nobody uses any more."""
    stats, store = cache.stats(), cache._store
    queued = store.queue.entries()
    held = {entry for region in store.regions for entry in region.entries.values()}
    laws = {
        "keys and queue hold the same": held == set(queued),
        "no load goes on": not any(entry.owner for entry in held),
        "nobody waits": not store.waiting,
        "entries": len(queued) == stats["entries"] <= 20,
        "bytes": sum(entry.size for entry in queued) == stats["bytes"],
        "each key loads": all(cache.get_or_load(key, str) == str(key) for key in range(KEYS)),
    }
    return [law for law, holds in laws.items() if not holds]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interruptions", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, interrupt)
    random = Random(options.seed)
    share = max(1, options.interruptions // len(LIVE_POLICIES))
    for policy in LIVE_POLICIES:
        broken = round_of(policy, share, random)
        if broken:
            print(f"{policy}: {broken}")
            return 1
    print(f"{share * len(LIVE_POLICIES):,} interruptions, all in order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
