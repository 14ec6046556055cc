"""Traces with writes, renewals and removals beside the same requests as reads alone.

Rerun: python tests/benchmarks/operations.py [--requests 10000000] [--keys 1000000] [--skew 1.0]

A tenth each of the rows are sets, touches and deletes. Time with them is given as a multiple of
that of the same policy's bounded loop (with a TTL) and of its plain loop, both for the same ids
without operations; the goals are 1.5 and 2.5. Medians of rounds in which all take turns, of this
thread's processor time.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial

import numba
import numpy as np

from perflab import kernels

GOALS = (1.5, 2.5)


def zipf_ids(requests: int, keys: int, skew: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    weights = np.cumsum(np.arange(1, keys + 1) ** -skew)
    ranks = np.searchsorted(weights, rng.random(requests) * weights[-1])
    ids, _ = kernels.dense_ids(rng.permutation(keys)[ranks])
    return ids


def medians(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, seconds, strict=True):
            start = time.thread_time()
            call()
            taken.append(time.thread_time() - start)
    return [statistics.median(taken) for taken in seconds]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--skew", type=float, default=1.0)
    parser.add_argument("--capacity", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--policies", default=",".join(kernels.POLICIES))
    asked = parser.parse_args()
    kernels.compile_all(names=kernels.KERNELS + kernels.WITH_OPERATIONS)

    ids = zipf_ids(asked.requests, asked.keys, asked.skew)
    n_keys, n = int(ids.max()) + 1, len(ids)
    codes = np.random.default_rng(1).choice(4, n, p=[0.7, 0.1, 0.1, 0.1]).astype(np.uint8)
    times = np.arange(n) / 1_000.0
    reuse = kernels.previous_and_next(ids, n_keys)
    reads = kernels.Requests(ids, n_keys, *reuse)
    rows = kernels.Requests(ids, n_keys, None, kernels.next_gets(ids, n_keys, codes), codes)
    print(f"numba {numba.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"{n:,} requests, capacity {asked.capacity:,}, medians of {asked.rounds} rounds\n")
    print(f"{'':<10}{'with s':>8}{'bounded':>9}{'ratio':>7}{'with s':>9}{'plain':>8}{'ratio':>7}")
    for policy in asked.policies.split(","):
        plain = partial(kernels.policy_hits, policy, reads, asked.capacity)
        if kernels.POLICIES[policy].bounded is None:
            plain_with = partial(kernels.policy_hits, policy, rows, asked.capacity)
            untimed, alone = medians([plain_with, plain], asked.rounds)
            print(f"{policy:<10}{'':>24}{untimed:>9.3f}{alone:>8.3f}{untimed / alone:>7.2f}")
            continue
        run = partial(kernels.policy_counts, policy, ids, n_keys, asked.capacity)
        timed = {"times": times, "ttl": 600.0}
        calls = [
            partial(run, **timed, operations=codes),
            partial(run, **timed),
            partial(run, operations=codes),
            plain,
        ]
        with_ttl, bounded, untimed, alone = medians(calls, asked.rounds)
        print(
            f"{policy:<10}{with_ttl:>8.3f}{bounded:>9.3f}{with_ttl / bounded:>7.2f}"
            f"{untimed:>9.3f}{alone:>8.3f}{untimed / alone:>7.2f}",
            flush=True,
        )
    curves = [
        lambda: kernels.lru_curve_with(ids, n_keys, np.where(codes == 1, 0, codes)),
        lambda: kernels.lru_curve(reuse[0]),
    ]
    with_codes, alone = medians(curves, 1)
    print(f"\nLRU at every size: {with_codes:.3f} s, without operations {alone:.3f} s")
    print(f"goals: {GOALS[0]} times the bounded loop, {GOALS[1]} times the plain one")


if __name__ == "__main__":
    main()
