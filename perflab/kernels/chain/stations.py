"""What a chain with a client in front, or with outgoing calls, is told and tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.kernels.chain.entries import NOWHERE
from perflab.kernels.chain.flights import ChainAnswers, Links
from perflab.kernels.chain.full_loop import follow_full
from perflab.kernels.inputs import frozen

_LOCAL = ("local_entries", "local_ttl", "local_seconds")
_REMOTE = (
    *("remote_entries", "remote_ttl", "remote_seconds"),
    *("remote_write_seconds", "remote_down_seconds"),
)
_POOL = ("connections", "timeout", "max_waiting", "shared", "retries", "backoff")


def has_stations(links: Links) -> bool:
    """Return whether a chain has a client in front, or calls."""
    return links.front_limit is not None or links.call_limit is not None


def with_stations(
    told: Sequence[Any],
    links: Links,
    pairs: int,
    keys: int,
    calls: npt.ArrayLike,
    call_seconds: npt.ArrayLike,
    chances: npt.ArrayLike,
) -> ChainAnswers:
    """Return what becomes of requests, as `chain` does.

    Args:
        told: What `full_loop.follow_full` is told of them, the settings aside.
        links: The settings.
        pairs: How many entries the caches of all processes may have.
        keys: How many the one may have that all share.
        calls: As `chain` takes them.
        call_seconds: As `chain` takes them.
        chances: As `chain` takes them.

    Raises:
        ValueError: If there are calls but no times of them, a number is out of bounds, or a column
            has another length.
    """
    count = len(told[0])
    flights = count if links.front_limit is None else count * (int(links.front_retries) + 1)
    if flights >= 2**31:
        raise ValueError(f"{count} requests with as many tries are more than a chain follows")
    lengths, drawn = frozen(call_seconds, np.float64), frozen(chances, np.float64)
    which = frozen(calls, np.uint8)
    if not len(which):
        which = frozen(np.ones(count), np.uint8)
    if len(which) != count:
        raise ValueError(f"{len(which)} values for {count} requests")
    if links.call_limit is not None and not len(lengths):
        raise ValueError("there are calls, but no times of them")
    for column, most in ((lengths, np.inf), (drawn, 1.0)):
        if len(column) and not (column.min() >= 0 and column.max() <= most):
            raise ValueError("times of calls, or chances, are out of bounds")
    fields = links._asdict()
    of_calls, of_client = (
        [name for name in fields if name.startswith(start)] for start in ("call_", "front_")
    )
    every: tuple[Any, ...] = (
        *told,
        *(_packed(fields, names) for names in (_LOCAL, _REMOTE, _POOL)),
        *(which, lengths, drawn),
        *(_packed(fields, names) for names in (of_calls, of_client)),
        *_empty(0 if links.local_entries is None else pairs, flights),
        *_empty(0 if links.remote_entries is None else keys, flights),
    )
    ends, answers, waits, starts, lasted, tries, let_in, called = follow_full(*every)
    return ChainAnswers(
        *(ends, answers, _by_request(waits, count), starts, lasted),
        *(_by_request(tries, count), let_in, _by_request(called, count)),
    )


def _empty(keys: int, uses: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return entries and the log of caches that hold none yet; without keys, of no caches."""
    return np.full(2 * keys, NOWHERE), np.empty(uses if keys else 0, np.int32)


def _packed(fields: dict[str, Any], names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return fields of `Links` as numbers, -1 for none."""
    values = [fields[name] for name in names]
    return frozen([-1.0 if value is None else float(value) for value in values], np.float64)


def _by_request(values: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Return what all tries of each request had together."""
    if len(values) == count:
        return values
    sums: npt.NDArray[Any] = values.reshape(-1, count).sum(axis=0).astype(values.dtype)
    return sums
