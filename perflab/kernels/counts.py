"""Hits and other events of a cache with an eviction policy, counted by its compiled loops."""

from __future__ import annotations

import math
import pkgutil
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.kernels import policies
from perflab.kernels.inputs import block_length, frozen, frozen_ids
from perflab.kernels.outcomes import history_for
from perflab.kernels.policies.policy import Policy

UNBOUNDED = 2**61  # entries or bytes that nothing fills: even twice as many are an int64


def _find() -> dict[str, Policy]:
    names = sorted(info.name for info in pkgutil.iter_modules(policies.__path__))
    modules = {name: import_module(f"{policies.__name__}.{name}") for name in names}
    return {name: module.POLICY for name, module in modules.items() if hasattr(module, "POLICY")}


POLICIES = _find()
"""The policies by name: each file of `policies` that declares a `POLICY`."""


class Requests(NamedTuple):
    """A trace as the loops at one size see it; each policy reads only some of it.

    Attributes:
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        previous: int32 of shape (n,), from `previous_and_next`.
        next_use: int32 of shape (n,), likewise; n where a key is not requested again.
    """

    ids: npt.NDArray[np.int32] | None = None
    n_keys: int = 0
    previous: npt.NDArray[np.int32] | None = None
    next_use: npt.NDArray[np.int32] | None = None


class Counts(NamedTuple):
    """Events of the counted requests, and what is resident after the last one.

    Attributes:
        hits: Requests that found a live entry.
        misses: All other requests.
        evictions: Live entries that were removed to make room.
        expirations: Entries that were removed because they had expired: when a request found
            them so or room was made, or, of an eager cache, when their time had come.
        hit_bytes: Sum of the sizes of the requests that hit, also where the entry has another.
        entries: Resident entries at the end, expired ones that nobody requested included.
        bytes: Their size together.
    """

    hits: int
    misses: int
    evictions: int
    expirations: int
    hit_bytes: int
    entries: int
    bytes: int


def policy_hits(
    policy: str, requests: Requests, capacity: int, block: int | None = None
) -> npt.NDArray[np.int64]:
    """Count the hits of a policy at one size, for every block of requests.

    Args:
        policy: One of `POLICIES`.
        requests: The trace, with the columns that the policy reads.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).

    Raises:
        KeyError: If there is no such policy.
        ValueError: If a column that it reads is missing or of another length, or an id is wrong.
    """
    loop, _, reads, _ = POLICIES[policy]
    given: dict[str, Any] = {"n_keys": int(requests.n_keys)}
    lengths = set()
    for name in reads:
        if name == "n_keys":
            continue
        column = getattr(requests, name)
        if column is None:
            raise ValueError(f"{policy} reads {name}, which the requests do not have")
        ids = name == "ids"
        given[name] = frozen_ids(column, requests.n_keys) if ids else frozen(column, np.int32)
        lengths.add(len(given[name]))
    if len(lengths) > 1:
        raise ValueError(f"columns of {' and '.join(map(str, sorted(lengths)))} requests")
    length = block_length(block, lengths.pop())
    return loop(*(given[name] for name in reads), _bound(capacity), length)


def policy_counts(
    policy: str,
    ids: npt.ArrayLike,
    n_keys: int,
    max_entries: int,
    *,
    sizes: npt.ArrayLike | None = None,
    max_bytes: int = 0,
    times: npt.ArrayLike | None = None,
    ttl: float = math.inf,
    ttls: npt.ArrayLike | None = None,
    start: int = 0,
    eager: bool = False,
    history: npt.NDArray[np.int32] | None = None,
) -> Counts:
    """Count the events of a cache with bounds in entries and bytes and with lifetimes.

    An entry written at time w with lifetime L is live while now < w + L: a hit does not prolong
    it. A request that finds an expired entry removes it (an expiration) and loads anew (a miss).
    On a miss, entries leave as the policy says until the new one fits, then it enters; one that is
    expired when it leaves is an expiration, not an eviction. An entry of more than `max_bytes` is
    not admitted, and nothing leaves for it.

    Args:
        policy: One of `POLICIES` that has a bounded loop.
        ids: int32 of shape (n,), dense key ids 0..n_keys-1.
        n_keys: Number of distinct ids.
        max_entries: Most resident entries; 0 and less admit nothing.
        sizes: int64 of shape (n,), bytes that a load at this request would write; None is all 1.
        max_bytes: Most resident bytes; 0 and less is no bound.
        times: float64 of shape (n,), seconds; None is no clock, and nothing expires.
        ttl: Lifetime in seconds; infinite is none.
        ttls: float64 of shape (n,), lifetimes that take the place of `ttl` where not NaN.
        start: The first request that is counted; those before it warm the cache.
        eager: Whether an expired entry leaves at once, as an expiration, and not when a request
            finds it or room is made: no live entry makes room while an expired one is held.
        history: Filled for `Outcomes`; from `new_history`.

    Raises:
        KeyError: If there is no such policy.
        ValueError: If the policy has no bounded loop, an id is not below `n_keys`, an array has
            neither as many elements as there are requests nor none, or a size is negative.
    """
    loop = POLICIES[policy].bounded
    if loop is None:
        raise ValueError(f"{policy} is simulated without bounds and lifetimes only")
    keys = frozen_ids(ids, n_keys)
    columns = {
        "sizes": frozen(() if sizes is None else sizes, np.int64),
        "times": frozen(() if times is None else times, np.float64),
        "ttls": frozen(() if ttls is None else ttls, np.float64),
    }
    for name, column in columns.items():
        if len(column) not in (0, len(keys)):
            raise ValueError(f"{name} has {len(column)} elements for {len(keys)} requests")
    size, time, life = columns.values()
    if len(size) > 0 and size.min() < 0:
        raise ValueError("a size is negative")
    ages = len(time) > 0 and (len(life) > 0 or ttl < np.inf)
    # The requests by when what they write would expire, where entries of an eager cache have
    # lifetimes of their own; else what is written first expires first.
    order = np.empty(0, np.int64)
    if eager and ages and len(life) > 0:
        order = np.argsort(time + np.where(np.isnan(life), ttl, life), kind="stable")
    counts = loop(
        keys,
        int(n_keys),
        _bound(max_entries),
        size,
        _bound(max_bytes) if max_bytes > 0 else UNBOUNDED,
        time,
        float(ttl),
        life,
        int(min(max(start, 0), len(keys))),
        frozen(order, np.int32),
        # Of each key the bytes of its entry, when it expires, and the request that wrote it; empty
        # where each weighs 1, none expires, and none expires eagerly.
        np.zeros(n_keys if len(size) > 0 else 0, np.int64),
        np.zeros(n_keys if ages else 0, np.float64),
        np.zeros(n_keys if ages and eager else 0, np.int32),
        history_for(keys, history),
        *POLICIES[policy].constants,
    )
    return Counts(*(int(count) for count in counts))


def _bound(room: int) -> int:
    return int(min(max(room, 0), UNBOUNDED))
