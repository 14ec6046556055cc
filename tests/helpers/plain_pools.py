"""Pools before one database in plain Python, event by event: an independent reference."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence


class PlainPools:
    """Plays customers of several pools, whose connections are all open, over one database.

    Args:
        arrivals: When each customer comes, in seconds, in order.
        services: What each takes with one in service.
        pools: The pool of each.
        count: How many pools there are.
        servers: Connections of each.
        timeout: The longest wait for one.
        factors: By how many are in service, what a service is multiplied with.
        shared: Connections that all pools share.
    """

    def __init__(
        self,
        arrivals: Sequence[float],
        services: Sequence[float],
        pools: Sequence[int],
        count: int,
        servers: int,
        timeout: float,
        factors: Sequence[float],
        shared: int,
    ) -> None:
        self.arrivals, self.services, self.pools = arrivals, services, pools
        self.timeout, self.factors, self.shared = timeout, factors, shared
        self.waits: list[float | None] = [None] * len(arrivals)
        self.shared_waits: list[float | None] = [None] * len(arrivals)
        self.taken: list[float | None] = [None] * len(arrivals)
        self.idle = [servers] * count
        self.lines: list[list[int]] = [[] for _ in range(count)]
        self.common: list[int] = []
        self.ends: list[tuple[float, int]] = []

    def play(self) -> PlainPools:
        """Play all of them and return the outcome."""
        for customer, (now, pool) in enumerate(zip(self.arrivals, self.pools, strict=True)):
            self._until(now)
            if self.idle[pool]:
                self.idle[pool] -= 1
                self._connected(customer, now)
            else:
                self.lines[pool].append(customer)
        self._until(math.inf)
        return self

    def _until(self, moment: float) -> None:
        while self.ends and self.ends[0][0] <= moment:
            now, done = heapq.heappop(self.ends)
            if self.common:
                self._begin(self.common.pop(0), now)
            line = self.lines[self.pools[done]]
            while line and now - self.arrivals[line[0]] > self.timeout:
                line.pop(0)
            if line:
                self._connected(line.pop(0), now)
            else:
                self.idle[self.pools[done]] += 1

    def _connected(self, customer: int, now: float) -> None:
        self.waits[customer] = now - self.arrivals[customer]
        if len(self.ends) < self.shared:
            self._begin(customer, now)
        else:
            self.common.append(customer)

    def _begin(self, customer: int, now: float) -> None:
        waited = self.waits[customer]
        assert waited is not None
        self.shared_waits[customer] = now - self.arrivals[customer] - waited
        taken = self.services[customer] * self.factors[len(self.ends) + 1]
        self.taken[customer] = taken
        heapq.heappush(self.ends, (now + taken, customer))
