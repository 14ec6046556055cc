"""The queue before c servers, first come first served: when each customer is served, and how."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

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
    """

    waits: npt.NDArray[np.float64]
    services: npt.NDArray[np.float64]
    busy_seconds: float
    end_seconds: float
    timeouts: int
    connects: int
    connections: int


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
) -> Queue:
    """Return the waits of customers in order of arrival before `servers` servers.

    Kiefer and Wolfowitz, "On the theory of queues with many servers", Transactions of the AMS
    1955: a customer starts when it has arrived and the first server is free. One whose wait would
    exceed `timeout` leaves without service; in this order that is known when it arrives.

    A connection is a server that is open. A customer that finds all open ones busy while there
    are fewer than `servers` opens one itself and waits `connect_seconds`, even where another
    would come free sooner. The connection returned last is taken first, and those beyond
    `min_connections` close when unused for `max_idle` seconds.

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
    )
    return Queue(*found)


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
) -> Any:
    n = len(arrivals)
    waits = np.empty(n, np.float64)
    taken = np.empty(n, np.float64)
    slowed = len(factors) > 0
    grows = min_connections < servers
    # When busy servers come free, in order, at [head, tail): the first leaves at the head, so
    # that a customer moves only those that are busy for longer than itself.
    length = max(4096, 4 * servers)
    free = np.empty(length, np.float64)
    head = tail = 0
    # Since when idle connections are unused, the last returned on top.
    idle = np.empty(servers + 1, np.float64)
    unused = 0
    opened = min_connections
    if grows and n > 0:
        for i in range(min_connections):
            idle[i] = arrivals[0]
        unused = min_connections
    busy_seconds = end = 0.0
    timeouts = connects = 0
    for t in range(n):
        now = arrivals[t]
        start = now
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
        if grows and unused > 0:
            unused -= 1
        elif tail - head < opened:
            pass
        elif opened < servers and connect_seconds <= timeout:
            opened += 1
            connects += 1
            start = now + connect_seconds
        elif tail > head and free[head] - now <= timeout:
            start = free[head] + handover
            head += 1
        else:
            timeouts += 1
            waits[t] = np.nan
            taken[t] = np.nan
            continue
        busy = tail - head + 1
        service = services[t]
        if slowed:
            service *= factors[busy]
        waits[t] = start - now
        taken[t] = service
        busy_seconds += service
        done = start + service
        end = max(end, done)
        if tail == length:
            for i in range(head, tail):
                free[i - head] = free[i]
            tail -= head
            head = 0
        place = tail
        while place > head and free[place - 1] > done:
            free[place] = free[place - 1]
            place -= 1
        free[place] = done
        tail += 1
    return waits, taken, busy_seconds, end, timeouts, connects, opened
