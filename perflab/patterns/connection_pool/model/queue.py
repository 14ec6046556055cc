"""`pool_queue`: what becomes of callers before a pool, and `Asked`: in which order they ask."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.latency import spread_out
from perflab.patterns.connection_pool.model.services import PoolCosts
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

Floats = npt.NDArray[np.float64]


class Asked(NamedTuple):
    """Callers in the order in which they asked the pool, each some time after it was due.

    Attributes:
        order: int64 of shape (n,), which caller asked first, second ...
        times: float64 of shape (n,), when, in seconds, not decreasing.
    """

    order: npt.NDArray[np.int64]
    times: Floats

    @classmethod
    def of(cls, due: Floats, late: Floats | None) -> Self:
        """Return the order of callers that asked so long after they were due; None is at once."""
        asked = due if late is None else due + late
        order = np.argsort(asked, kind="stable")
        return cls(order, asked[order])

    def as_due(self, queue: kernels.Queue) -> kernels.Queue:
        """Return a queue of these callers with its waits and services in the order of `due`."""

        def back(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            found = np.empty_like(values)
            found[self.order] = values
            return found

        turned_away = back(queue.turned_away) if len(queue.turned_away) else queue.turned_away
        return queue._replace(
            waits=back(queue.waits), services=back(queue.services), turned_away=turned_away
        )


def checkouts_of(costs: PoolCosts, count: int) -> Floats:
    """Return what a checkout takes each caller that finds a connection idle, by due time.

    Where a run has measured it of a caller, it is that: a busy machine makes a checkout and the
    service after it slow together. Others have times as they are distributed in the run.

    Args:
        costs: With what the run has measured.
        count: How many callers there are.

    Returns:
        float64 of shape (count,), seconds; 0 where it is not known, or is told together with how
        late each asked.
    """
    run = costs.run
    if costs.checkout is None or run is None or run.late is None:
        return np.zeros(count)
    found = spread_out(costs.checkout, count)
    if run.checkouts is not None:
        own = run.checkouts[:count]
        found[: len(own)] = np.where(np.isnan(own), found[: len(own)], own)
    return found


def checked_out(play: Callable[[Floats], kernels.Queue], seconds: Floats) -> kernels.Queue:
    """Return a queue in which who finds a connection idle holds it while it is checked out.

    Who does is known from a queue without that, so it is played twice.

    Args:
        play: Returns the queue of callers who hold their connections for so much longer than their
            services take: float64 of shape (n,), seconds.
        seconds: float64 of shape (n,), what a checkout takes each.
    """
    queue = play(np.zeros(len(seconds)))
    if not seconds.any():
        return queue
    held = np.where(queue.waits == 0.0, seconds, 0.0)
    queue = play(held)
    return queue._replace(services=queue.services - held)


def pool_queue(
    settings: ConnectionPoolSettings,
    costs: PoolCosts,
    times: Floats,
    lengths: Floats,
    factors: Floats | None,
    *,
    follow: bool = False,
    begun: kernels.Begun | None = None,
) -> kernels.Queue:
    """Return what becomes of each caller, by `kernels.queue_waits`.

    Args:
        settings: The pool's.
        costs: What a connect and a handover take.
        times: float64 of shape (n,), when each comes, in seconds, not decreasing.
        lengths: float64 of shape (n,), the seconds of each service with one connection in use.
        factors: What they are multiplied with by the connections in use; None is 1.
        follow: Whether to tell how many connections are in use after each.
        begun: What there is already when the first comes; None is an empty queue.
    """
    return kernels.queue_waits(
        times,
        lengths,
        settings.max_connections,
        timeout=settings.timeout,
        factors=factors,
        min_connections=settings.min_connections,
        connect_seconds=costs.connect_seconds,
        max_idle=math.inf if settings.max_idle is None else settings.max_idle,
        handover_seconds=costs.handover_seconds,
        max_waiting=settings.max_waiting,
        oldest_first=settings.order == "fifo",
        follow=follow,
        begun=begun,
    )
