"""The eviction policies by name: what counts their hits, and what counts all events in bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.kernels.arc import arc_hits
from perflab.kernels.arc_bounded import arc_bounded
from perflab.kernels.clock import clock_hits
from perflab.kernels.clock_bounded import clock_bounded
from perflab.kernels.counts import Counts
from perflab.kernels.fifo import fifo_hits
from perflab.kernels.lfu import lfu_hits
from perflab.kernels.lfu_bounded import lfu_bounded
from perflab.kernels.lru import lru_hits
from perflab.kernels.opt import opt_hits
from perflab.kernels.queue_bounded import fifo_bounded, lru_bounded
from perflab.kernels.random_bounded import random_bounded
from perflab.kernels.random_eviction import random_hits
from perflab.kernels.s3fifo import s3fifo_hits
from perflab.kernels.s3fifo_bounded import s3fifo_bounded
from perflab.kernels.sieve import sieve_hits
from perflab.kernels.sieve_bounded import sieve_bounded
from perflab.kernels.twoq import twoq_hits
from perflab.kernels.twoq_bounded import twoq_bounded
from perflab.kernels.wtinylfu import wtinylfu_hits
from perflab.kernels.wtinylfu_bounded import wtinylfu_bounded


class Requests(NamedTuple):
    """A trace as kernels see it.

    Attributes:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise; n where a key is not asked for again.
    """

    ids: npt.NDArray[np.int32]
    n_keys: int
    previous: npt.NDArray[np.int32]
    next_use: npt.NDArray[np.int32]


HitCount = Callable[[Requests, int, int | None], npt.NDArray[np.int64]]

HIT_COUNTS: dict[str, HitCount] = {
    "lru": lambda r, capacity, block: lru_hits(r.previous, r.next_use, capacity, block),
    "fifo": lambda r, capacity, block: fifo_hits(r.ids, r.n_keys, capacity, block),
    "sieve": lambda r, capacity, block: sieve_hits(r.ids, r.n_keys, capacity, block),
    "clock": lambda r, capacity, block: clock_hits(r.ids, r.n_keys, capacity, block),
    "lfu": lambda r, capacity, block: lfu_hits(r.ids, r.n_keys, capacity, block),
    "s3fifo": lambda r, capacity, block: s3fifo_hits(r.ids, r.n_keys, capacity, block),
    "arc": lambda r, capacity, block: arc_hits(r.previous, r.next_use, capacity, block),
    "twoq": lambda r, capacity, block: twoq_hits(r.ids, r.n_keys, capacity, block),
    "wtinylfu": lambda r, capacity, block: wtinylfu_hits(
        r.ids, r.next_use, r.n_keys, capacity, block
    ),
    "random": lambda r, capacity, block: random_hits(r.ids, r.n_keys, capacity, block),
    "opt": lambda r, capacity, block: opt_hits(r.next_use, capacity, block),
}
"""Hits of a trace at a capacity, for every block of requests; None is the whole trace."""

BOUNDED_COUNTS: dict[str, Callable[..., Counts]] = {
    "lru": lru_bounded,
    "fifo": fifo_bounded,
    "sieve": sieve_bounded,
    "clock": clock_bounded,
    "lfu": lfu_bounded,
    "s3fifo": s3fifo_bounded,
    "arc": arc_bounded,
    "twoq": twoq_bounded,
    "wtinylfu": wtinylfu_bounded,
    "random": random_bounded,
}
"""All events with bounds in entries and bytes and with lifetimes; arguments as of `lru_bounded`."""


def policy_hits(
    policy: str, requests: Requests, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Return the hits of a policy at a capacity, for every block of requests.

    Raises:
        KeyError: If there is no such policy.
    """
    return HIT_COUNTS[policy](requests, capacity, block)
