"""Our kernels beside libCacheSim, one thread, on the same Zipf requests in the same run.

Rerun: python tests/benchmarks/kernels.py [--requests 10000000] [--keys 1000000] [--skew 1.0]

The peer reads its own binary format (oracleGeneral, next uses included) by its C++ reader and
simulates by its C++ loop, `process_trace`, with `hashpower=20`. Ours start from dense ids; LRU,
ARC, W-TinyLFU and OPT lean on the previous and next uses, which are found once a trace: the ratio
is given without and with that ("+ reuse"). The goal is 8 times the peer's requests a second, 6 for
LFU. W-TinyLFU has another sketch there, and random eviction other draws. Every time is the median
of the rounds, in which the two sides take turns, but the runs for all sizes are made once; a ratio
is how many times longer the peer took.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import libcachesim
import numba
import numpy as np

from perflab import kernels
from perflab.patterns.cache.policies import CACHE_POLICIES, POLICIES

CURVE_SIZES = 20
GOAL = 8.0
GOALS = {"lfu": 6.0}
LEAN_ON_REUSE = ("lru", "arc", "wtinylfu", "opt")
PEERS = {
    "lru": libcachesim.LRU,
    "fifo": libcachesim.FIFO,
    "sieve": libcachesim.Sieve,
    "clock": libcachesim.Clock,
    "lfu": libcachesim.LFU,
    "s3fifo": libcachesim.S3FIFO,
    "arc": libcachesim.ARC,
    "twoq": libcachesim.TwoQ,
    "wtinylfu": libcachesim.WTinyLFU,
    "random": libcachesim.Random,
    "opt": libcachesim.Belady,
}
ORACLE_GENERAL = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next_use", "<i8")])


@dataclass
class Contest:
    """The times of both sides over the rounds, and whether they counted the same."""

    name: str
    ours: Callable[[], list[int]]
    peer: Callable[[], list[int]]
    leans_on_reuse: bool
    goal: float = GOAL
    once: bool = False
    our_seconds: list[float] = field(default_factory=list)
    peer_seconds: list[float] = field(default_factory=list)
    off: float = 0.0

    def round(self) -> None:
        our_hits, seconds = timed(self.ours)
        self.our_seconds.append(seconds)
        peer_hits, seconds = timed(self.peer)
        self.peer_seconds.append(seconds)
        self.off = max(abs(a - b) for a, b in zip(our_hits, peer_hits, strict=True))

    def row(self, requests: int, reuse_seconds: float) -> str:
        ours = statistics.median(self.our_seconds)
        peer = statistics.median(self.peer_seconds)
        whole = ours + reuse_seconds if self.leans_on_reuse else ours
        return (
            f"{self.name:<34} {ours:>8.3f} {requests / ours / 1e6:>7.0f} {peer:>8.3f} "
            f"{requests / peer / 1e6:>7.1f} {peer / ours:>7.1f} {self.goal:>5.0f} "
            f"{peer / whole:>9.1f}   "
            f"{f'off by {self.off / requests:.2%}' if self.off else 'identical'}"
        )


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def zipf_ids(requests: int, keys: int, skew: float, seed: int) -> np.ndarray:
    """Draw ranks from the cumulated weights, and give them out over shuffled keys."""
    rng = np.random.default_rng(seed)
    weights = np.cumsum(np.arange(1, keys + 1) ** -skew)
    ranks = np.searchsorted(weights, rng.random(requests) * weights[-1])
    ids, _ = kernels.dense_ids(rng.permutation(keys)[ranks])
    return ids


def write_trace(path: Path, ids: np.ndarray, next_use: np.ndarray) -> None:
    """Write requests of size 1; keys and positions count from 1 there, and -1 is never again."""
    records = np.zeros(len(ids), ORACLE_GENERAL)
    records["id"] = ids.astype(np.int64) + 1
    records["size"] = 1
    records["next_use"] = np.where(next_use == len(ids), -1, next_use.astype(np.int64) + 1)
    records.tofile(path)


def contests(
    path: Path, ids: np.ndarray, n_keys: int, reuse: tuple[np.ndarray, np.ndarray], capacity: int
) -> list[Contest]:
    previous, next_use = reuse

    def peer(policy: Any, sizes: list[int]) -> list[int]:
        hits = []
        for size in sizes:
            reader = libcachesim.TraceReader(str(path), libcachesim.TraceType.ORACLE_GENERAL_TRACE)
            cache = policy(cache_size=size, hashpower=20)
            miss_ratio, _ = cache.process_trace(reader)
            hits.append(round(len(ids) * (1 - miss_ratio)))
        return hits

    requests = kernels.Requests(ids, n_keys, previous, next_use)
    sizes = np.unique(np.geomspace(min(100, n_keys), n_keys, CURVE_SIZES).astype(int)).tolist()
    each = [
        Contest(
            CACHE_POLICIES[policy].title,
            lambda policy=policy: kernels.policy_hits(policy, requests, capacity).tolist(),
            lambda policy=policy: peer(PEERS[policy], [capacity]),
            leans_on_reuse=policy in LEAN_ON_REUSE,
            goal=GOALS.get(policy, GOAL),
        )
        for policy in POLICIES
    ]
    return [
        *each,
        Contest(
            "LRU, from ids alone",
            lambda: [kernels.policy_counts("lru", ids, n_keys, capacity).hits],
            lambda: peer(libcachesim.LRU, [capacity]),
            leans_on_reuse=False,
        ),
        Contest(
            f"LRU, all sizes against {len(sizes)} runs",
            lambda: [int(hits) for hits in kernels.lru_curve(previous)[sizes]],
            lambda: peer(libcachesim.LRU, sizes),
            leans_on_reuse=True,
            once=True,
        ),
    ]


def ours_alone(ids: np.ndarray, n_keys: int, capacity: int, rounds: int) -> None:
    """Print what has no peer: keys to ids, and caches with a time to live and sizes.

    The goal for LRU with a TTL is 0.1 to 0.2 s on ten million requests.
    """
    times = np.arange(len(ids)) / 1_000.0
    sizes = ids % 1_000 + np.int64(100)
    calls: dict[str, Callable[[], Any]] = {
        "dense ids": lambda: kernels.dense_ids(ids),
        "previous and next": lambda: kernels.previous_and_next(ids, n_keys),
    }
    for policy, loops in kernels.POLICIES.items():
        if loops.bounded is None:
            continue
        title = CACHE_POLICIES[policy].title
        run = partial(kernels.policy_counts, policy, ids, n_keys)
        calls[f"{title} with TTL"] = partial(run, capacity, times=times, ttl=600.0)
        calls[f"{title} with TTL, eager"] = partial(
            run, capacity, times=times, ttl=600.0, eager=True
        )
        calls[f"{title} with TTL and bytes"] = partial(
            run, n_keys, sizes=sizes, max_bytes=600 * capacity, times=times, ttl=600.0
        )
    previous, _ = kernels.previous_and_next(ids, n_keys)
    calls["LRU over bytes, all capacities"] = lambda: kernels.lru_byte_distances(previous, sizes)
    calls["working set at one TTL"] = lambda: kernels.working_set(
        ids, n_keys, times, 600.0, np.linspace(0, times[-1], 200), sizes
    )
    print(f"\n{'ours alone':<34} seconds")
    for name, call in calls.items():
        print(f"{name:<34} {statistics.median(timed(call)[1] for _ in range(rounds)):>7.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--skew", type=float, default=1.0)
    parser.add_argument("--capacity", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()

    _, seconds = timed(kernels.compile_all)
    print(f"libcachesim {libcachesim.__version__}, numba {numba.__version__}, ", end="")
    print(f"Python {platform.python_version()}, {platform.machine()} {platform.system()}")
    print(f"kernels compiled or loaded in {seconds:.1f} s")
    ids = zipf_ids(asked.requests, asked.keys, asked.skew, seed=0)
    n_keys = int(ids.max()) + 1
    print(f"{asked.requests:,} requests, Zipf {asked.skew}, {n_keys:,} of {asked.keys:,} keys,")
    print(f"capacity {asked.capacity:,}, medians of {asked.rounds} rounds\n")

    reuse_times = [
        timed(lambda: kernels.previous_and_next(ids, n_keys))[1] for _ in range(asked.rounds)
    ]
    reuse_seconds = statistics.median(reuse_times)
    reuse = kernels.previous_and_next(ids, n_keys)
    print(f"previous and next uses, once a trace: {reuse_seconds:.3f} s\n")
    print(
        f"{'':<34} {'ours s':>8} {'M/s':>7} {'peer s':>8} {'M/s':>7} {'ratio':>7} "
        f"{'goal':>5} {'+ reuse':>9}   hits"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.oracleGeneral")
        write_trace(path, ids, reuse[1])
        for contest in contests(path, ids, n_keys, reuse, asked.capacity):
            for _ in range(1 if contest.once else asked.rounds):
                contest.round()
            print(contest.row(asked.requests, reuse_seconds), flush=True)
    ours_alone(ids, n_keys, asked.capacity, asked.rounds)


if __name__ == "__main__":
    main()
