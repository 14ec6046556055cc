"""What a bounded kernel is asked and what it answers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.kernels.inputs import frozen, frozen_ids

UNBOUNDED = 2**61  # bytes that nothing fills


class Counts(NamedTuple):
    """Events of the counted requests, and what is resident after the last one.

    Attributes:
        hits: Requests that found a live entry.
        misses: All other requests.
        evictions: Live entries that were removed to make room.
        expirations: Entries that were removed because they had expired: when a request found
            them so or room was made, or, of an eager cache, when their time had come.
        hit_bytes: Sum of the sizes of the requests that hit, also where the entry has another.
        entries: Resident entries at the end, expired ones that nobody asked for included.
        bytes: Their size together.
    """

    hits: int
    misses: int
    evictions: int
    expirations: int
    hit_bytes: int
    entries: int
    bytes: int

    @classmethod
    def from_array(cls, counts: npt.NDArray[np.int64]) -> Counts:
        """Name the seven numbers that a compiled kernel returns."""
        return cls(*(int(count) for count in counts))


def bounded_inputs(
    ids: npt.ArrayLike,
    n_keys: int,
    *,
    sizes: npt.ArrayLike | None,
    max_bytes: int,
    times: npt.ArrayLike | None,
    ttl: float,
    ttls: npt.ArrayLike | None,
    start: int,
    eager: bool,
) -> tuple[Any, ...]:
    """Return what every compiled kernel takes, in its order, and what each of them writes down.

    Returns:
        ids, sizes, max_bytes, times, ttl, ttls, start: As they were given, `UNBOUNDED` bytes where
            there is no bound.
        order: int32, the requests by when what they write would expire, where entries of an eager
            cache have lifetimes of their own; else empty, as what is written first expires first.
        stored: int64 of shape (n_keys,), bytes of each entry; empty where each weighs 1.
        deadline: float64 of shape (n_keys,), when each entry expires; empty where none does.
        written: int32 of shape (n_keys,), the request that wrote each entry; empty where none
            expires eagerly.

    Raises:
        ValueError: If an array has neither as many elements as there are requests nor none, or
            a size is negative.
    """
    keys = frozen_ids(ids, n_keys)
    columns = {
        "sizes": frozen(() if sizes is None else sizes, np.int64),
        "times": frozen(() if times is None else times, np.float64),
        "ttls": frozen(() if ttls is None else ttls, np.float64),
    }
    for name, column in columns.items():
        if len(column) not in (0, len(keys)):
            raise ValueError(f"{name} has {len(column)} elements for {len(keys)} requests")
    if len(columns["sizes"]) > 0 and columns["sizes"].min() < 0:
        raise ValueError("a size is negative")
    first = int(min(max(start, 0), len(keys)))
    size, time, life = columns.values()
    ages = len(time) > 0 and (len(life) > 0 or ttl < np.inf)
    order = np.empty(0, np.int64)
    if eager and ages and len(life) > 0:
        order = np.argsort(time + np.where(np.isnan(life), ttl, life), kind="stable")
    return (
        keys,
        size,
        int(max_bytes) if max_bytes > 0 else UNBOUNDED,
        time,
        float(ttl),
        life,
        first,
        frozen(order, np.int32),
        np.zeros(n_keys if len(size) > 0 else 0, np.int64),
        np.zeros(n_keys if ages else 0, np.float64),
        np.zeros(n_keys if ages and eager else 0, np.int32),
    )
