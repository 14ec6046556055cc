"""`pooled_queues`: what becomes of callers before the pools of several workers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.patterns.connection_pool.model.services import DrawnTimes, PoolCosts, PoolServices
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.units import grouped
from perflab.workloads.kinds.arrivals import Arrivals

Floats = npt.NDArray[np.float64]
MOST_CONNECTIONS = 1_000_000
_EXACT = 512


def pooled_queues(
    settings: ConnectionPoolSettings,
    costs: PoolCosts,
    times: Floats,
    pools: npt.NDArray[np.integer],
    count: int,
    shared: int | None = None,
    seed: int = 0,
) -> kernels.PooledQueues:
    """Return what becomes of each caller, by `kernels.pooled_waits`.

    Service times follow the connections in use of all pools together, as the calibration has them
    for one pool with as many: the database does not know whose a connection is.

    Args:
        settings: Of each pool.
        costs: What a query, a connect and a handover take.
        times: float64 of shape (n,), when each comes, in seconds, not decreasing.
        pools: Integers of shape (n,), the pool of each.
        count: How many pools there are.
        shared: Connections of a PgBouncer between all pools and the database; None where there is
            none.
        seed: Of the service times that are drawn.

    Raises:
        BadInputError: If all pools together have too many connections to play.
    """
    every = count * settings.max_connections
    if every > MOST_CONNECTIONS:
        text = (
            f"{grouped(count)} pools have {grouped(every)} connections together; at most "
            f"{grouped(MOST_CONNECTIONS)} are predicted"
        )
        raise BadInputError(text, "max_connections")
    most = every if shared is None else min(shared, every)
    services, rate = PoolServices(costs, DrawnTimes()), Arrivals("requests", times).rate
    drawn = services.draw_anew(services.shape(most, rate), len(times), seed)
    return kernels.pooled_waits(
        times,
        drawn,
        pools,
        count,
        settings.max_connections,
        timeout=settings.timeout,
        factors=_seconds(services, most, rate),
        min_connections=settings.min_connections,
        connect_seconds=costs.connect_seconds,
        max_idle=math.inf if settings.max_idle is None else settings.max_idle,
        handover_seconds=costs.handover_seconds,
        max_waiting=settings.max_waiting,
        oldest_first=settings.order == "fifo",
        shared=None if shared is None else most,
    )


def _seconds(services: PoolServices, most: int, rate: float) -> Floats:
    """Return mean service times with 0 to `most` connections in use; of many, between some."""
    if most <= _EXACT:
        return services.seconds(most, rate)
    busy = services.utilisation(most, rate)
    known = np.unique(np.geomspace(1, most, _EXACT).round())
    means = [services.mean(float(number), busy) for number in known]
    return np.interp(np.arange(most + 1), known, means)
