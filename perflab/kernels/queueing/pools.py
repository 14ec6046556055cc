"""The queues before several pools of connections to one database, whose load all of them share."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable

from perflab.kernels.inputs import frozen


class PooledQueues(NamedTuple):
    """What became of each customer, and of all pools together.

    Attributes:
        waits: float64 of shape (n,), seconds from arrival to a connection; NaN where it got none.
        shared_waits: float64 of shape (n,), seconds from then to a shared connection; NaN where it
            got none.
        services: float64 of shape (n,), seconds of service; NaN where it got none.
        turned_away: bool of shape (n,), who was refused because too many waited.
        in_use: int32 of shape (n,), connections in use after each customer came, with those that
            open, of all pools.
        opened: int64 of shape (pools,), connections open when the last customer has come.
        connects: Connections that were opened after the start.
    """

    waits: npt.NDArray[np.float64]
    shared_waits: npt.NDArray[np.float64]
    services: npt.NDArray[np.float64]
    turned_away: npt.NDArray[np.bool_]
    in_use: npt.NDArray[np.int32]
    opened: npt.NDArray[np.int64]
    connects: int


def pooled_waits(
    arrivals: npt.ArrayLike,
    services: npt.ArrayLike,
    pools: npt.ArrayLike,
    count: int,
    servers: int,
    timeout: float = math.inf,
    factors: npt.ArrayLike | None = None,
    min_connections: int | None = None,
    connect_seconds: float = 0.0,
    max_idle: float = math.inf,
    handover_seconds: float = 0.0,
    max_waiting: int | None = None,
    *,
    oldest_first: bool = False,
    shared: int | None = None,
) -> PooledQueues:
    """Return the waits of customers before pools of connections to one database.

    Each pool does what `queue_waits` does with one, and with one pool both agree. A service takes
    longer the more connections of all pools are in service at its start, so that what one pool
    does slows the others down; events are played in order of time, from one heap for all pools.

    With a number of shared connections (a PgBouncer in transaction mode), a customer that has a
    connection of its pool then waits in one line for one of these, and gives both back together.

    Args:
        arrivals: float64 of shape (n,), seconds, not decreasing.
        services: float64 of shape (n,), seconds that each takes with one connection in service.
        pools: Integers of shape (n,), 0 to count - 1: the pool of each.
        count: How many pools there are.
        servers: Connections of each pool; at least 1.
        timeout: The longest wait for a connection of the pool, in seconds.
        factors: float64 of shape (most + 1,), where `most` is the connections of all pools, or
            `shared`: what a service time is multiplied with when so many are in service at its
            start, its own included; None is all 1.
        min_connections: Of each pool, open at the start; None is all of them.
        connect_seconds: What it takes to open one more.
        max_idle: Seconds; infinite closes none.
        handover_seconds: From the end of a service to the start of the next one where a customer
            has waited for it.
        max_waiting: Customers that may wait at a pool, besides those for whom a connection opens;
            None is any number.
        oldest_first: Whether the connection that has been idle for longest is taken.
        shared: Connections that all pools share; None is one for each of theirs.

    Raises:
        ValueError: If shapes do not fit, or there is no pool or no connection.
    """
    times, lengths = frozen(arrivals, np.float64), frozen(services, np.float64)
    of, slower = frozen(pools, np.int32), frozen(() if factors is None else factors, np.float64)
    if not len(times) == len(lengths) == len(of):
        raise ValueError(f"{len(lengths)} service times and {len(of)} pools for {len(times)}")
    if count < 1 or servers < 1 or (shared is not None and shared < 1):
        raise ValueError(f"{count} pools of {servers} connections, {shared} shared")
    if len(of) and not 0 <= of.min() <= of.max() < count:
        raise ValueError(f"pools from {of.min()} to {of.max()}, but there are {count}")
    most = count * servers if shared is None else shared
    if len(slower) not in (0, most + 1):
        raise ValueError(f"{len(slower)} factors for 0 to {most} in service")
    least = servers if min_connections is None else min(max(min_connections, 0), servers)
    found: tuple[Any, ...] = _pooled_waits(
        times,
        lengths,
        of,
        int(count),
        int(servers),
        float(timeout),
        slower,
        int(least),
        float(connect_seconds),
        float(max_idle),
        float(handover_seconds),
        -1 if max_waiting is None else int(max_waiting),
        bool(oldest_first),
        int(min(most, count * servers)),
    )
    return PooledQueues(*found)


@njit(nogil=True, cache=True)
def _pooled_waits(
    arrivals: npt.NDArray[np.float64],
    services: npt.NDArray[np.float64],
    pools: npt.NDArray[np.int32],
    count: int,
    servers: int,
    timeout: float,
    factors: npt.NDArray[np.float64],
    min_connections: int,
    connect_seconds: float,
    max_idle: float,
    handover: float,
    max_waiting: int,
    oldest_first: bool,
    most: int,
) -> Any:
    n = len(arrivals)
    waits, between = np.full(n, np.nan), np.full(n, np.nan)
    taken = np.full(n, np.nan)
    turned_away = np.zeros(n, np.bool_)
    in_use = np.zeros(n, np.int32)
    # Of each pool: connections open, and those of them that nobody holds, with the time of their
    # return, in a ring: the oldest at the front.
    opened = np.full(count, min_connections, np.int64)
    unused = np.full(count, min_connections, np.int64)
    front = np.zeros(count, np.int64)
    ring = np.empty((count, servers), np.float64)
    ring[:, :] = arrivals[0] if n > 0 else 0.0
    opening = np.zeros(count, np.int64)
    # Who waits, as lists: one for each pool, and the last one for a shared connection.
    behind = np.empty(n, np.int32)
    first = np.full(count + 1, -1, np.int32)
    last = np.full(count + 1, -1, np.int32)
    waiting = np.zeros(count + 1, np.int64)
    # What is to come: ends of services by their customer, connections that open by -1 - pool.
    when = np.empty(count * servers + 1, np.float64)
    what = np.empty(count * servers + 1, np.int32)
    events = 0
    serving = held = connects = 0
    for t in range(n + 1):
        now = arrivals[t] if t < n else np.inf
        while events > 0 and when[0] <= now:
            moment, event = when[0], what[0]
            events = _pop(when, what, events)
            fresh = event < 0
            pool = -1 - event if fresh else pools[event]
            if fresh:
                opening[pool] -= 1
            else:
                serving -= 1
            held -= 1
            # A shared connection that comes back goes to the first in its line.
            if not fresh and waiting[count] > 0:
                nxt = first[count]
                _leave(behind, first, waiting, count)
                serving += 1
                length = services[nxt] * (factors[serving] if len(factors) > 0 else 1.0)
                between[nxt] = moment - (arrivals[nxt] + waits[nxt])
                taken[nxt] = length
                events = _push(when, what, events, moment + length, nxt)
            # The connection of the pool goes to the first there who has not given up.
            while waiting[pool] > 0 and moment - arrivals[first[pool]] > timeout:
                _leave(behind, first, waiting, pool)
            if waiting[pool] == 0:
                ring[pool, (front[pool] + unused[pool]) % servers] = moment
                unused[pool] += 1
                continue
            nxt = first[pool]
            _leave(behind, first, waiting, pool)
            held += 1
            start = moment if fresh else moment + handover
            waits[nxt] = start - arrivals[nxt]
            if serving < most:
                serving += 1
                length = services[nxt] * (factors[serving] if len(factors) > 0 else 1.0)
                between[nxt] = 0.0
                taken[nxt] = length
                events = _push(when, what, events, start + length, nxt)
            else:
                _join(behind, first, last, waiting, count, nxt)
        if t == n:
            break
        pool = pools[t]
        while (
            unused[pool] > 0
            and opened[pool] > min_connections
            and ring[pool, front[pool]] + max_idle <= now
        ):
            front[pool] = (front[pool] + 1) % servers
            unused[pool] -= 1
            opened[pool] -= 1
        while waiting[pool] > 0 and arrivals[first[pool]] + timeout <= now:
            _leave(behind, first, waiting, pool)
        if unused[pool] > 0:
            unused[pool] -= 1
            if oldest_first:
                front[pool] = (front[pool] + 1) % servers
            held += 1
            waits[t] = 0.0
            if serving < most:
                serving += 1
                length = services[t] * (factors[serving] if len(factors) > 0 else 1.0)
                between[t] = 0.0
                taken[t] = length
                events = _push(when, what, events, now + length, t)
            else:
                _join(behind, first, last, waiting, count, t)
        else:
            if opened[pool] < servers and opening[pool] <= waiting[pool]:
                opened[pool] += 1
                opening[pool] += 1
                connects += 1
                held += 1
                events = _push(when, what, events, now + connect_seconds, -1 - pool)
            elif max_waiting >= 0 and waiting[pool] - opening[pool] >= max_waiting:
                turned_away[t] = True
                in_use[t] = held
                continue
            _join(behind, first, last, waiting, pool, t)
        in_use[t] = held
    return waits, between, taken, turned_away, in_use, opened, connects


@register_jitable
def _join(
    behind: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    last: npt.NDArray[np.int32],
    waiting: npt.NDArray[np.int64],
    line: int,
    customer: int,
) -> None:
    """Put a customer at the end of a line."""
    if waiting[line] == 0:
        first[line] = customer
    else:
        behind[last[line]] = customer
    last[line] = customer
    waiting[line] += 1


@register_jitable
def _leave(
    behind: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    waiting: npt.NDArray[np.int64],
    line: int,
) -> None:
    """Take the first customer out of a line."""
    first[line] = behind[first[line]]
    waiting[line] -= 1


@register_jitable
def _push(
    when: npt.NDArray[np.float64],
    what: npt.NDArray[np.int32],
    events: int,
    moment: float,
    event: int,
) -> int:
    """Put an event into the binary heap; return how many there are now."""
    place = events
    while place > 0:
        above = (place - 1) >> 1
        if when[above] <= moment:
            break
        when[place] = when[above]
        what[place] = what[above]
        place = above
    when[place] = moment
    what[place] = event
    return events + 1


@register_jitable
def _pop(when: npt.NDArray[np.float64], what: npt.NDArray[np.int32], events: int) -> int:
    """Take the first event out of the binary heap; return how many there are now."""
    events -= 1
    moment, event = when[events], what[events]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= events:
            break
        if below + 1 < events and when[below + 1] < when[below]:
            below += 1
        if when[below] >= moment:
            break
        when[place] = when[below]
        what[place] = what[below]
        place = below
    when[place] = moment
    what[place] = event
    return events
