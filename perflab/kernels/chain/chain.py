"""`chain`: requests through caches, a pool and a database whose answers feed back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.kernels.chain.flights import Answer, ChainAnswers, Happening, Links
from perflab.kernels.chain.loop import follow
from perflab.kernels.ids import dense_ids
from perflab.kernels.inputs import frozen, frozen_ids
from perflab.operations import Operation

_SHARED_BY = {"none": 0, "process": 1, "service": 2}


def chain(
    times: npt.ArrayLike,
    keys: npt.ArrayLike,
    n_keys: int,
    processes: npt.ArrayLike,
    n_processes: int,
    services: npt.ArrayLike,
    links: Links,
    *,
    single_flight: str = "process",
    operations: npt.ArrayLike | None = None,
    ttls: npt.ArrayLike | None = None,
    factors: npt.ArrayLike = (),
    happenings: Sequence[tuple[float, Happening, float]] = (),
) -> ChainAnswers:
    """Return what becomes of requests that come in time order to the processes of a service.

    A request looks into the cache of its process, then into the one that all share, then asks its
    process' pool for a connection, and the database. An entry is written when its load ends, so
    that requests that come meanwhile miss as well: they join the one that is under way, where
    `single_flight` says so, else each loads. Caches evict the least recently used entry. Who gets
    no connection in time, or is turned away, is tried again or fails, and so does all that
    joined it. At one moment, what happens to the chain comes first, then what is under way, then
    who arrives.

    Args:
        times: float64 of shape (n,), seconds, not decreasing.
        keys: int32 of shape (n,), below `n_keys`.
        n_keys: How many keys there are.
        processes: int32 of shape (n,), the process that each request comes to.
        n_processes: How many there are.
        services: float64 of shape (n,), seconds that each one's query takes alone.
        links: The settings.
        single_flight: Whether loads of one key are one in each ``process``, in the whole
            ``service``, or ``none``.
        operations: uint8 of shape (n,) of `perflab.operations.Operation`; none where all read.
        ttls: float64 of shape (n,), seconds, NaN for those of the settings.
        factors: float64 of shape (m,): what a query takes longer with so many under way, itself
            included; with more of them the last counts. Empty is 1.
        happenings: When, what, and its value: as `Happening` says; in any order.

    Raises:
        ValueError: If shapes do not fit, a number is out of bounds, or times go backwards.
    """
    moments, lengths = frozen(times, np.float64), frozen(services, np.float64)
    ids, where = frozen_ids(keys, n_keys), frozen_ids(processes, n_processes)
    slower = frozen(factors, np.float64)
    codes = frozen(() if operations is None else operations, np.uint8)
    lifetimes = frozen(() if ttls is None else ttls, np.float64)
    _check(moments, (ids, where, lengths), (codes, lifetimes))
    if single_flight not in _SHARED_BY:
        raise ValueError(f"single_flight is one of {', '.join(_SHARED_BY)}, not {single_flight!r}")
    pairs, known = dense_ids(where.astype(np.int64) * n_keys + ids)
    groups = ids if single_flight == "service" else pairs
    ordered = sorted(happenings, key=lambda each: each[0])
    _check_links(links)
    _check_happenings(ordered, n_processes)
    told: tuple[Any, ...] = (
        *(moments, ids, int(n_keys), where, int(n_processes)),
        *(pairs, len(known), groups, int(n_keys if groups is ids else len(known))),
        *(lengths, slower, codes, lifetimes),
        np.array([when for when, _, _ in ordered], np.float64),
        np.array([int(kind) for _, kind, _ in ordered], np.int64),
        np.array([value for _, _, value in ordered], np.float64),
        _SHARED_BY[single_flight] > 0,
        *(_count(links.local_entries), float(links.local_ttl), float(links.local_seconds)),
        *(_count(links.remote_entries), float(links.remote_ttl), float(links.remote_seconds)),
        *(float(links.remote_write_seconds), float(links.remote_down_seconds)),
        *(_count(links.connections), float(links.timeout), _count(links.max_waiting)),
        *(_count(links.shared), int(links.retries), float(links.backoff)),
    )
    found: tuple[Any, ...] = follow(*told)
    return ChainAnswers(*found)


def failed(answers: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which answers are failures, shape (n,)."""
    lost: npt.NDArray[np.bool_] = answers >= Answer.TIMED_OUT
    return lost


def _count(number: int | None) -> int:
    return -1 if number is None else int(number)


def _check(
    times: npt.NDArray[np.float64],
    whole: Sequence[npt.NDArray[Any]],
    optional: Sequence[npt.NDArray[Any]],
) -> None:
    for column in (*whole, *(each for each in optional if len(each))):
        if len(column) != len(times):
            raise ValueError(f"{len(column)} values for {len(times)} requests")
    if not np.isfinite(times).all() or (len(times) > 1 and (np.diff(times) < 0).any()):
        raise ValueError("times are not finite, or go backwards")
    lengths, codes = whole[-1], optional[0]
    if len(lengths) and not lengths.min() >= 0:
        raise ValueError("a query takes NaN seconds, or a number of them below 0")
    if len(codes) and codes.max() > max(Operation):
        raise ValueError(f"unknown operation {codes.max()}")


def _check_links(links: Links) -> None:
    for name in ("connections", "shared"):
        number = getattr(links, name)
        if number is not None and number < 1:
            raise ValueError(f"{name} is at least 1, not {number}")
    for name, number in links._asdict().items():
        if number is not None and not number >= 0:
            raise ValueError(f"{name} is {number}, below 0")


def _check_happenings(
    happenings: Sequence[tuple[float, Happening, float]], n_processes: int
) -> None:
    for _, kind, value in happenings:
        if kind is Happening.RESTART and not 0 <= value < n_processes:
            raise ValueError(f"unknown process {int(value)}: there are {n_processes}")
        if kind is Happening.SLOWER and not value > 0:
            raise ValueError("a database that takes 0 times as long, or less: that must be above 0")
