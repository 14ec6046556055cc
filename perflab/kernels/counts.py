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
from perflab.kernels.outcomes import history_for, new_history
from perflab.kernels.policies.operations import EVICTED, GET, HELD, frozen_operations
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
        next_use: int32 of shape (n,), likewise; n where a key is not requested again. With
            operations only OPT reads it, and it is of `next_gets`.
        operations: uint8 of shape (n,), of `policies.operations`; None is all gets.
    """

    ids: npt.NDArray[np.int32] | None = None
    n_keys: int = 0
    previous: npt.NDArray[np.int32] | None = None
    next_use: npt.NDArray[np.int32] | None = None
    operations: npt.NDArray[np.uint8] | None = None


class Counts(NamedTuple):
    """Events of the counted requests, and what is resident after the last one.

    Attributes:
        hits: Gets that found a live entry.
        misses: All other gets.
        evictions: Live entries that were removed to make room.
        expirations: Entries that were removed because they had expired: when a request found
            them so or room was made, or, of an eager cache, when their time had come.
        hit_bytes: Sum of the sizes of the gets that hit, also where the entry has another.
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

    With operations, the policies that have a loop for them are counted by it, all others but OPT by
    their bounded loops.

    Args:
        policy: One of `POLICIES`.
        requests: The trace, with the columns that the policy reads.
        capacity: Entries; 0 and less cache nothing.
        block: Requests counted together; 1 flags each request, None is the whole trace.

    Returns:
        int64 of shape (ceil(n / block),).

    Raises:
        KeyError: If there is no such policy.
        ValueError: If a column that it reads is missing or of another length, an operation is
            unknown, or an id is wrong.
    """
    if requests.operations is not None and POLICIES[policy].bounded is not None:
        return _hits_of_gets(policy, requests, capacity, block)
    columns, n = _columns(policy, requests)
    return POLICIES[policy].plain(*columns, _bound(capacity), block_length(block, n))


def policy_flags(policy: str, requests: Requests, capacity: int) -> npt.NDArray[np.bool_]:
    """Say of each request whether it hits, as `policy_hits` counts it.

    Args:
        policy: One of `POLICIES`.
        requests: The trace, with the columns that the policy reads.
        capacity: Entries; 0 and less cache nothing.

    Returns:
        bool of shape (n,).

    Raises:
        KeyError: As `policy_hits`.
        ValueError: As `policy_hits`.
    """
    loop = POLICIES[policy].flags
    if loop is None or requests.operations is not None:
        return policy_hits(policy, requests, capacity, 1) > 0
    return loop(*_columns(policy, requests)[0], _bound(capacity))


def _columns(policy: str, requests: Requests) -> tuple[list[Any], int]:
    """Return the columns that a policy reads, and how many requests there are.

    Raises:
        ValueError: If one is missing or of another length, an operation is unknown, or an id is
            wrong.
    """
    reads = POLICIES[policy].reads
    given: dict[str, Any] = {"n_keys": int(requests.n_keys)}
    lengths = set()
    for name in reads:
        if name in ("n_keys", "operations"):
            continue
        column = getattr(requests, name)
        if column is None:
            raise ValueError(f"{policy} reads {name}, which the requests do not have")
        ids = name == "ids"
        given[name] = frozen_ids(column, requests.n_keys) if ids else frozen(column, np.int32)
        lengths.add(len(given[name]))
    if len(lengths) > 1:
        raise ValueError(f"columns of {' and '.join(map(str, sorted(lengths)))} requests")
    n = lengths.pop()
    codes = requests.operations
    given["operations"] = None if codes is None else frozen_operations(codes, n)
    return [given[name] for name in reads], n


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
    operations: npt.ArrayLike | None = None,
) -> Counts:
    """Count the events of a cache with bounds in entries and bytes and with lifetimes.

    An entry written at time w with lifetime L is live while now < w + L: a hit does not prolong
    it. A request that finds an expired entry removes it (an expiration) and loads anew (a miss).
    On a miss, entries leave as the policy says until the new one fits, then it enters; one that is
    expired when it leaves is an expiration, not an eviction. An entry of more than `max_bytes` is
    not admitted, and nothing leaves for it.

    With operations, the sizes and lifetimes are those that `resolved` gives, and what they do is
    said in `policies.operations`. What a set, touch or delete finds expired is an expiration; what
    a delete takes out live is neither that nor an eviction. A set that is larger than `max_bytes`
    takes out what is there.

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
        operations: uint8 of shape (n,), of `policies.operations`; None is all gets.

    Raises:
        KeyError: If there is no such policy.
        ValueError: If the policy has no bounded loop, an operation is unknown, an id is not below
            `n_keys`, an array has neither as many elements as there are requests nor none, or a
            size is negative.
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
    codes = None if operations is None else frozen_operations(operations, len(keys))
    size, time, life = columns.values()
    if len(size) > 0 and size.min() < 0:
        raise ValueError("a size is negative")
    ages = len(time) > 0 and (len(life) > 0 or ttl < np.inf)
    first = int(min(max(start, 0), len(keys)))
    entries_alone = len(size) == 0 and max_bytes <= 0 and not ages and history is None
    if codes is not None and entries_alone and POLICIES[policy].operated is not None:
        return _counts_of_rows(policy, keys, n_keys, codes, max_entries, first)
    # The requests by when what they write would expire, where entries of an eager cache have
    # lifetimes of their own; else what is written first expires first.
    order = np.empty(0, np.int64)
    if eager and ages and len(life) > 0:
        order = np.argsort(time + np.where(np.isnan(life), ttl, life), kind="stable")
    counted = loop(
        keys,
        int(n_keys),
        _bound(max_entries),
        size,
        _bound(max_bytes) if max_bytes > 0 else UNBOUNDED,
        time,
        float(ttl),
        life,
        first,
        frozen(order, np.int32),
        # Of each key the bytes of its entry, when it expires, and the request that wrote it; empty
        # where each weighs 1, none expires, and none expires eagerly.
        np.zeros(n_keys if len(size) > 0 else 0, np.int64),
        np.zeros(n_keys if ages else 0, np.float64),
        np.zeros(n_keys if ages and eager else 0, np.int32),
        history_for(keys, history),
        codes,
        *POLICIES[policy].constants,
    )
    counts = Counts(*(int(count) for count in counted))
    if codes is None:
        return counts
    gets = int(np.count_nonzero(codes[first:] == GET))
    return counts._replace(misses=gets - counts.hits)


def _hits_of_gets(
    policy: str, requests: Requests, capacity: int, block: int | None
) -> npt.NDArray[np.int64]:
    if requests.ids is None or requests.operations is None:
        raise ValueError(f"{policy} reads ids with operations, which the requests do not have")
    n = len(requests.ids)
    length = block_length(block, n)
    if POLICIES[policy].operated is not None:
        keys = frozen_ids(requests.ids, requests.n_keys)
        codes = frozen_operations(requests.operations, n)
        return _operated(policy, keys, requests.n_keys, codes, capacity, length)[0]
    history = None if block is None else new_history(n)
    counts = policy_counts(
        policy,
        requests.ids,
        requests.n_keys,
        capacity,
        history=history,
        operations=requests.operations,
    )
    if history is None:
        return np.array([counts.hits] if n > 0 else [], np.int64)
    before = history[::length, 0].astype(np.int64)
    return np.diff(before, append=counts.hits)


def _counts_of_rows(
    policy: str,
    ids: npt.NDArray[np.int32],
    n_keys: int,
    operations: npt.NDArray[np.uint8],
    max_entries: int,
    start: int,
) -> Counts:
    """Count what follows the first rows, of a cache whose entries weigh 1 and do not expire."""
    length = block_length(start or None, len(ids))
    hits, tally = _operated(policy, ids, n_keys, operations, max_entries, length)
    gets = int(np.count_nonzero(operations[start:] == GET))
    warmed = 1 if start > 0 else 0
    hit = int(hits[warmed:].sum())
    evictions = int(tally[-1, EVICTED]) - (int(tally[0, EVICTED]) if warmed else 0)
    held = int(tally[-1, HELD])
    return Counts(hit, gets - hit, evictions, 0, hit, held, held)


def _operated(
    policy: str,
    ids: npt.NDArray[np.int32],
    n_keys: int,
    operations: npt.NDArray[np.uint8],
    capacity: int,
    length: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the hits of each block, and the tally of the first one and of all."""
    loop = POLICIES[policy].operated
    assert loop is not None  # noqa: S101  (asked for such policies)
    tally = np.zeros((2 if len(ids) > length else 1, 2), np.int64)
    return loop(ids, int(n_keys), operations, tally, _bound(capacity), length), tally


def _bound(room: int) -> int:
    return int(min(max(room, 0), UNBOUNDED))
