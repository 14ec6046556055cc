"""The queue before c servers, first come first served: when each customer is served, and how."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable

from perflab.kernels.inputs import frozen


class Queue(NamedTuple):
    """What became of each customer, and of the servers together.

    Attributes:
        waits: float64 of shape (n,), seconds from arrival to service; NaN where it gave up.
        services: float64 of shape (n,), seconds of service; NaN where it gave up.
        busy_seconds: Sum of the services.
        end_seconds: When the last service ends, on the clock of the arrivals.
        timeouts: Customers that gave up.
        connects: Connections that were opened after the start.
        connections: Connections open when the last customer has arrived.
        refused: Customers that were turned away because too many waited.
        turned_away: bool of shape (n,), who they were; empty where nobody can be.
        in_use: int32 of shape (n,), servers in use after each customer came, with those that open;
            empty where `follow` is not set.
    """

    waits: npt.NDArray[np.float64]
    services: npt.NDArray[np.float64]
    busy_seconds: float
    end_seconds: float
    timeouts: int
    connects: int
    connections: int
    refused: int
    turned_away: npt.NDArray[np.bool_]
    in_use: npt.NDArray[np.int32]


class Begun(NamedTuple):
    """A queue at a moment, from which it goes on.

    Attributes:
        moment: In seconds, on the clock of the arrivals.
        free: float64 of shape (b,), rising: when the servers that are busy come free.
        opened: Connections open, the busy ones included; the rest is idle.
    """

    moment: float
    free: npt.NDArray[np.float64]
    opened: int


def queue_waits(
    arrivals: npt.ArrayLike,
    services: npt.ArrayLike,
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
    follow: bool = False,
    begun: Begun | None = None,
) -> Queue:
    """Return the waits of customers in order of arrival before `servers` servers.

    Kiefer and Wolfowitz, "On the theory of queues with many servers", Transactions of the AMS
    1955: a customer starts when it has arrived and the first server is free. One whose wait would
    exceed `timeout` leaves without service; in this order that is known when it arrives.

    A connection is a server that is open. For a customer that finds all open ones busy while
    there are fewer than `servers`, one more opens within `connect_seconds`, unless one that is
    opening already will be left over; the customer takes whichever comes free first. Idle
    connections beyond `min_connections` close when unused for `max_idle` seconds.

    Args:
        arrivals: float64 of shape (n,), seconds, not decreasing.
        services: float64 of shape (n,), seconds that each takes with one server busy.
        servers: Servers, or the most connections; at least 1.
        timeout: The longest wait in seconds.
        factors: float64 of shape (servers + 1,): what a service time is multiplied with when so
            many servers are busy at its start, its own included; None is all 1.
        min_connections: Open at the start; None is all of them.
        connect_seconds: What it takes to open one more.
        max_idle: Seconds; infinite closes none.
        handover_seconds: From the end of a service to the start of the next one where a customer
            has waited for it: the time that a server passes from hand to hand.
        max_waiting: Customers that may wait, besides those for whom a connection opens; one more
            is turned away. None is any number.
        oldest_first: Whether the connection that has been idle for longest is taken (FIFO); else
            the one returned last (LIFO).
        follow: Whether to tell how many servers are in use after each customer.
        begun: What there is already when the first customer is looked at; those who came before
            that moment have waited since. None is an empty queue.

    Raises:
        ValueError: If shapes do not fit or there is no server.
    """
    times, lengths = frozen(arrivals, np.float64), frozen(services, np.float64)
    slower = frozen(() if factors is None else factors, np.float64)
    if len(times) != len(lengths):
        raise ValueError(f"{len(lengths)} service times for {len(times)} arrivals")
    if servers < 1:
        raise ValueError(f"a queue needs at least 1 server, got {servers}")
    if len(slower) not in (0, servers + 1):
        raise ValueError(f"{len(slower)} factors for 0 to {servers} busy servers")
    least = servers if min_connections is None else min(max(min_connections, 0), servers)
    since, held, opened = begun or Begun(-math.inf, np.empty(0), least)
    in_use = np.zeros(len(times) if follow else 0, np.int32)
    found: tuple[Any, ...] = _queue_waits(
        times,
        lengths,
        int(servers),
        float(timeout),
        slower,
        int(least),
        float(connect_seconds),
        float(max_idle),
        float(handover_seconds),
        -1 if max_waiting is None else int(max_waiting),
        bool(oldest_first),
        in_use if follow else None,
        float(since),
        frozen(held, np.float64),
        int(min(opened, servers)),
    )
    columns: tuple[Any, ...] = (*found, in_use)
    return Queue(*columns)


@njit(nogil=True, cache=True)
def _queue_waits(
    arrivals: npt.NDArray[np.float64],
    services: npt.NDArray[np.float64],
    servers: int,
    timeout: float,
    factors: npt.NDArray[np.float64],
    min_connections: int,
    connect_seconds: float,
    max_idle: float,
    handover: float,
    max_waiting: int,
    oldest_first: bool,
    in_use: npt.NDArray[np.int32] | None,
    begun: float,
    held: npt.NDArray[np.float64],
    opened: int,
) -> Any:
    n = len(arrivals)
    waits = np.empty(n, np.float64)
    taken = np.empty(n, np.float64)
    slowed = len(factors) > 0
    grows = min_connections < servers or opened < servers
    # When busy servers come free, in order, at [head, tail): the first leaves at the head, so
    # that a customer moves only those that are busy for longer than itself.
    free = np.empty(max(4096, 4 * servers), np.float64)
    head, tail = 0, len(held)
    free[:tail] = held
    # Since when idle connections are unused, the last returned on top.
    idle = np.empty(servers + 1, np.float64)
    unused = 0
    if grows and n > 0:
        unused = max(0, opened - tail)
        for i in range(unused):
            idle[i] = max(arrivals[0], begun)
    # When connections that are opening are there, in order, at [first_made, last_made).
    made = np.empty(4 * servers + 64, np.float64)
    first_made = last_made = 0
    # When those who wait leave the line, in order, at [first_left, last_left).
    bounded = max_waiting >= 0
    line = np.empty(4 * (servers + max(max_waiting, 0)) + 1024, np.float64)
    first_left = last_left = 0
    turned_away = np.zeros(n if bounded else 0, np.bool_)
    busy_seconds = end = 0.0
    timeouts = connects = refused = 0
    for t in range(n):
        if in_use is not None and t > 0:
            in_use[t - 1] = tail - head
        came = arrivals[t]
        start = now = max(came, begun)
        while head < tail and free[head] <= now:
            if grows:
                idle[unused] = free[head]
                unused += 1
            head += 1
        if grows:
            closed = 0
            while closed < unused and opened > min_connections and idle[closed] + max_idle <= now:
                closed += 1
                opened -= 1
            if closed > 0:
                unused -= closed
                for i in range(unused):
                    idle[i] = idle[i + closed]
        while first_made < last_made and made[first_made] <= now:
            first_made += 1
        while first_left < last_left and line[first_left] <= now:
            first_left += 1
        waited = False
        if grows and unused > 0:
            unused -= 1
            if oldest_first:
                for i in range(unused):
                    idle[i] = idle[i + 1]
        elif tail - head >= opened:
            waited = True
            opening = last_made - first_made
            waiting = last_left - first_left
            if opened < servers and opening <= waiting:
                opened += 1
                connects += 1
                if last_made == len(made):
                    for i in range(first_made, last_made):
                        made[i - first_made] = made[i]
                    last_made -= first_made
                    first_made = 0
                made[last_made] = now + connect_seconds
                last_made += 1
                head, tail = _insert(free, head, tail, now + connect_seconds)
            elif bounded and waiting - opening >= max_waiting:
                refused += 1
                turned_away[t] = True
                waits[t] = np.nan
                taken[t] = np.nan
                continue
            served = tail > head and free[head] - came <= timeout
            if served:
                start = free[head]
                fresh = False
                for i in range(first_made, last_made):
                    fresh = fresh or made[i] == start
                if not fresh:
                    start += handover
                head += 1
            if bounded or opened < servers:
                first_left, last_left = _insert(
                    line, first_left, last_left, start if served else came + timeout
                )
            if not served:
                timeouts += 1
                waits[t] = np.nan
                taken[t] = np.nan
                continue
        busy = tail - head + 1
        if waited:
            for i in range(first_made, last_made):
                if made[i] > start:
                    busy -= 1
        else:
            busy -= last_made - first_made
        busy = max(busy, 1)
        service = services[t]
        if slowed:
            service *= factors[busy]
        waits[t] = start - came
        taken[t] = service
        busy_seconds += service
        done = start + service
        end = max(end, done)
        head, tail = _insert(free, head, tail, done)
    if in_use is not None and n > 0:
        in_use[-1] = tail - head
    return waits, taken, busy_seconds, end, timeouts, connects, opened, refused, turned_away


@register_jitable
def _insert(times: npt.NDArray[np.float64], head: int, tail: int, moment: float) -> Any:
    """Put a moment in its place in the order at [head, tail); return where that is now."""
    if tail == len(times):
        for i in range(head, tail):
            times[i - head] = times[i]
        tail -= head
        head = 0
    if tail == len(times):  # more wait than can matter
        return head, tail
    place = tail
    while place > head and times[place - 1] > moment:
        times[place] = times[place - 1]
        place -= 1
    times[place] = moment
    return head, tail + 1
