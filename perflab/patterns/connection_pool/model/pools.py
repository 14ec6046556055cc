"""`pooled_queues`: callers before the pools of several workers, and the database behind them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.modelling.ageing import scaled
from perflab.modelling.latency import OutcomeCost
from perflab.modelling.prediction import Costs
from perflab.patterns.connection_pool.calibration import slower
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
    most = open_at_most(settings, count, shared)
    drawn, factors = database_times(costs, most, Arrivals("requests", times).rate, len(times), seed)
    return kernels.pooled_waits(
        times,
        drawn,
        pools,
        count,
        settings.max_connections,
        timeout=settings.timeout,
        factors=factors,
        min_connections=settings.min_connections,
        connect_seconds=costs.connect_seconds,
        max_idle=math.inf if settings.max_idle is None else settings.max_idle,
        handover_seconds=costs.handover_seconds,
        max_waiting=settings.max_waiting,
        oldest_first=settings.order == "fifo",
        shared=None if shared is None else most,
    )


def open_at_most(settings: ConnectionPoolSettings, count: int, shared: int | None) -> int:
    """Return how many connections the database may get from several pools.

    Args:
        settings: Of each pool.
        count: How many pools there are.
        shared: Connections of a PgBouncer between them and the database; None where there is none.

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
    return every if shared is None else min(shared, every)


def database_times(
    costs: PoolCosts, most: int, rate: float, count: int, seed: int
) -> tuple[Floats, Floats]:
    """Return service times of a database as multiples of their mean, and that by those in use.

    Args:
        costs: What a query takes.
        most: Connections that the database may have.
        rate: Requests per second that come to it.
        count: How many times are drawn.
        seed: Of the times.

    Returns:
        float64 of shape (count,), and seconds with 0 to `most` in use, float64 of (most + 1,).
    """
    services = PoolServices(costs, DrawnTimes())
    drawn = services.draw_anew(services.shape(most, rate), count, seed)
    return drawn, _seconds(services, most, rate)


def costs_of_database(costs: Costs, seconds: float | None, contention: float | None) -> Costs:
    """Return costs with another service time, contention, or both.

    Args:
        costs: What a calibration measured.
        seconds: The mean service time with one connection in use; None as measured.
        contention: Of the Universal Scalability Law, 0 to 1; None as measured.
    """
    services = PoolServices(PoolCosts.of(costs), DrawnTimes())
    measured = services.mean(1.0, 0.0)
    wanted = measured if seconds is None else seconds
    factor = wanted / measured
    law = services.law
    if contention is None:
        fitted = {"rate": law.rate, "contention": law.contention, "coherency": law.coherency}
        return slower({**costs, "usl": fitted}, factor)
    lowest = costs["service"][min(costs["service"], key=int)]
    alone = scaled(lowest, wanted / OutcomeCost.of(lowest).mean)
    usl = {"rate": 1.0 / wanted, "contention": contention, "coherency": law.coherency}
    return {**costs, "service": {"1": alone}, "service_half": {}, "usl": usl}


def _seconds(services: PoolServices, most: int, rate: float) -> Floats:
    """Return mean service times with 0 to `most` connections in use; of many, between some."""
    if most <= _EXACT:
        return services.seconds(most, rate)
    busy = services.utilisation(most, rate)
    known = np.unique(np.geomspace(1, most, _EXACT).round())
    means = [services.mean(float(number), busy) for number in known]
    return np.interp(np.arange(most + 1), known, means)
