"""`pool_queue`: what becomes of callers before a pool with some settings."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.patterns.connection_pool.model.services import PoolCosts
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

Floats = npt.NDArray[np.float64]


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
