"""`chain`: requests through caches, a pool and a database whose answers feed back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.kernels.chain.entries import NOWHERE
from perflab.kernels.chain.flights import Answer, ChainAnswers, Happening, Links
from perflab.kernels.chain.loop import follow
from perflab.kernels.chain.stations import has_stations, with_stations
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
    calls: npt.ArrayLike = (),
    call_seconds: npt.ArrayLike = (),
    chances: npt.ArrayLike = (),
) -> ChainAnswers:
    """Return what becomes of requests that come in time order to the processes of a service.

    A request looks into the cache of its process, then into the one that all share, then asks its
    process' pool for a connection, and the database. An entry is written when its load ends, so
    that requests that come meanwhile miss as well: they join the one that is under way, where
    `single_flight` says so, else each loads. Caches evict the least recently used entry. Who gets
    no connection in time, or is turned away, is tried again or fails, and so does all that
    joined it. At one moment, what happens to the chain comes first, then what is under way, then
    who arrives. A client in front and outgoing calls of what no cache holds are as `Links` says.

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
        calls: uint8 of shape (n,), 1 for the requests that call before they ask the pool; empty
            for all reads.
        call_seconds: float64 of shape (m,), seconds that the called server works on a try, used in
            turn; needed where there are calls. With these, empty `services` ask no pool.
        chances: float64 of shape (m,), from 0 to 1: what failures of calls and shares of their
            waits are drawn from; empty for none that fails, and for whole waits.

    Raises:
        ValueError: If shapes do not fit, a number is out of bounds, or times go backwards.
    """
    moments, lengths = frozen(times, np.float64), frozen(services, np.float64)
    ids, where = frozen_ids(keys, n_keys), frozen_ids(processes, n_processes)
    slower = frozen(factors, np.float64)
    codes = frozen(() if operations is None else operations, np.uint8)
    lifetimes = frozen(() if ttls is None else ttls, np.float64)
    bare = has_stations(links) and not len(lengths)
    _check(moments, (ids, where, np.zeros(len(moments)) if bare else lengths), (codes, lifetimes))
    if single_flight not in _SHARED_BY:
        raise ValueError(f"single_flight is one of {', '.join(_SHARED_BY)}, not {single_flight!r}")
    # Of one process, keys are pairs of a process and a key.
    pairs, known = ids, int(n_keys)
    if n_processes > 1:
        pairs, unique = dense_ids(where.astype(np.int64) * n_keys + ids)
        known = len(unique)
    groups = ids if single_flight == "service" else pairs
    ordered = sorted(happenings, key=lambda each: each[0])
    _check_links(links)
    _check_happenings(ordered, n_processes)
    told: tuple[Any, ...] = (
        *(moments, ids, where, int(n_processes)),
        *(pairs, groups, int(n_keys) if groups is ids else known),
        *(lengths, slower, codes, lifetimes),
        np.array([when for when, _, _ in ordered], np.float64),
        np.array([int(kind) for _, kind, _ in ordered], np.int64),
        np.array([value for _, _, value in ordered], np.float64),
        _SHARED_BY[single_flight] > 0,
    )
    if has_stations(links):
        return with_stations(told, links, known, int(n_keys), calls, call_seconds, chances)
    told += (
        *(_count(links.local_entries), float(links.local_ttl), float(links.local_seconds)),
        *(_count(links.remote_entries), float(links.remote_ttl), float(links.remote_seconds)),
        *(float(links.remote_write_seconds), float(links.remote_down_seconds)),
        *(_count(links.connections), float(links.timeout), _count(links.max_waiting)),
        *(_count(links.shared), int(links.retries), float(links.backoff)),
    )
    count = len(moments)
    found: tuple[Any, ...] = (
        np.empty(count),
        np.empty(count, np.uint8),
        np.full(count, 0.0),
        np.full(count, np.nan),
        np.full(count, np.nan),
        np.full(count, 0, np.int32),
    )
    room = _workspace(count, int(n_processes), links, known, int(n_keys))
    columns: tuple[Any, ...] = (*told, *found, *room)
    follow(*columns)
    return ChainAnswers(*found)


def _workspace(
    count: int, n_processes: int, links: Links, pairs: int, keys: int
) -> tuple[npt.NDArray[Any], ...]:
    """Return what the loop needs beside its answers, as it takes it.

    NumPy asks for large pages, compiled code does not: a fourth of the time to fill them. What few
    requests touch takes no memory until then.
    """
    local = 0 if links.local_entries is None else 1
    remote = 0 if links.remote_entries is None else 1
    return (
        np.empty(count),
        *(np.empty(count, np.int32), np.empty(count, np.int32)),
        *(np.full(local * 2 * pairs, NOWHERE), np.empty(local * count, np.int32)),
        *(np.full(remote * 2 * keys, NOWHERE), np.empty(remote * count, np.int32)),
        *(np.empty((count + n_processes + 2, 2), np.int32), np.zeros(count, np.int32)),
    )


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
    # A comparison with NaN is false, so that one pass finds what is not a number, too.
    known = not len(times) or (np.isfinite(times[0]) and np.isfinite(times[-1]))
    if not known or not np.all(times[1:] >= times[:-1]):
        raise ValueError("times are not finite, or go backwards")
    lengths, codes = whole[-1], optional[0]
    if len(lengths) and not lengths.min() >= 0:
        raise ValueError("a query takes NaN seconds, or a number of them below 0")
    if len(codes) and codes.max() > max(Operation):
        raise ValueError(f"unknown operation {codes.max()}")


def _check_links(links: Links) -> None:
    for name in ("connections", "shared", "call_limit", "call_capacity", "front_limit"):
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
        if kind in (Happening.SLOWER, Happening.CALL_SLOWER) and not value > 0:
            raise ValueError("what takes 0 times as long, or less: that must be above 0")
