"""Erlang C: the wait before c servers when arrivals are Poisson and services exponential."""

from __future__ import annotations

import math


def wait_share(servers: int, load: float) -> float:
    """Return the share of customers that wait at all; 1 where the servers cannot keep up.

    By the recursion of Erlang's B formula (Cooper, "Introduction to Queueing Theory", 1981,
    section 3.3), which does not overflow.

    Args:
        servers: At least 1.
        load: Arrival rate times mean service time, in servers (erlangs).
    """
    if load >= servers:
        return 1.0
    blocked = 1.0
    for size in range(1, servers + 1):
        blocked = load * blocked / (size + load * blocked)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def mean_wait(servers: int, rate: float, service_seconds: float) -> float:
    """Return the mean wait in seconds; infinite where the servers cannot keep up."""
    load = rate * service_seconds
    if load >= servers:
        return math.inf
    return wait_share(servers, load) * service_seconds / (servers - load)
