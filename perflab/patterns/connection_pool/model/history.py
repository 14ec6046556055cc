"""`queue_through`: one queue through all changes of a pool's settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.patterns.connection_pool.model.queue import pool_queue
from perflab.patterns.connection_pool.model.services import PoolCosts
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

Floats = npt.NDArray[np.float64]
_TIE = 1e-9


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Turn:
    """Settings that held for a time, and how long services took.

    Attributes:
        done: How many customers were gone, served or not, when the settings came into force.
        settings: The pool's.
        services: float64 of shape (n,), seconds, of all customers with one connection in use.
        factors: What they are multiplied with by the connections in use; None is 1.
    """

    done: int
    settings: ConnectionPoolSettings
    services: Floats
    factors: Floats | None

    def in_order(self, order: npt.NDArray[np.int64]) -> Turn:
        """Return the same with the services of customers in another order."""
        return dataclasses.replace(self, services=self.services[order])

    def held(self, seconds: Floats) -> Turn:
        """Return the same with each connection held for so much longer."""
        return dataclasses.replace(self, services=self.services + seconds)


def queue_through(times: Floats, turns: Sequence[Turn], costs: PoolCosts) -> kernels.Queue:
    """Return one queue in which those who wait at a change are served by the new settings.

    Connections in use at a change go on; a pool that shrinks closes idle ones at once and others
    when they come back, one that grows opens more for those who wait. Those that were just being
    opened at a change count as open.

    Args:
        times: float64 of shape (n,), when each customer comes, in seconds, not decreasing.
        turns: At least one, the first of which holds from the start, by rising customers gone.
        costs: What a connect and a handover take.

    Returns:
        Waits and services of all customers; the counts are of the last turn.
    """
    count = len(times)
    waits, services = np.full(count, np.nan), np.full(count, np.nan)
    turned_away = np.zeros(count, np.bool_)
    begun: kernels.Begun | None = None
    # Of those that came before the last change: who waited at it, and when services end.
    waiting, ends, next_one = np.zeros(0, np.int64), np.zeros(0), 0
    for turn, after in zip(turns, [*turns[1:], None], strict=True):
        asked = np.concatenate([waiting, np.arange(next_one, count)])
        queue = _queue(times, turn, asked, costs, begun)
        if after is not None:
            gone = np.concatenate([ends, _gone(times[asked], queue, turn.settings.timeout)])
            moment = _at(gone, after.done - turn.done)
            next_one = int(np.searchsorted(times, moment, side="right"))
            asked = asked[asked < next_one]
            queue = _queue(times, turn, asked, costs, begun)
        waits[asked], services[asked] = queue.waits, queue.services
        turned_away[asked] = queue.turned_away if len(queue.turned_away) else False
        if after is None:
            break
        left = _gone(times[asked], queue, turn.settings.timeout)
        starts = times[asked] + queue.waits
        # Who starts as the last one goes has waited; sums of times are off in the last digit.
        served = ~np.isnan(starts) & (starts < moment - _TIE * max(1.0, abs(moment)))
        ends = np.sort(np.concatenate([ends[ends > moment], left[served & (left > moment)]]))
        waiting = asked[~served & (left > moment)]
        begun = _after(moment, ends, queue.connections, after.settings)
    return queue._replace(waits=waits, services=services, turned_away=turned_away)


def _gone(times: Floats, queue: kernels.Queue, timeout: float) -> Floats:
    """Return when each customer leaves: served, or at its timeout, or turned away at once."""
    ends = times + queue.waits + queue.services
    gone: Floats = np.where(np.isnan(ends), times + timeout, ends)
    if len(queue.turned_away):
        gone[queue.turned_away] = times[queue.turned_away]
    return gone


def _at(gone: Floats, count: int) -> float:
    """Return when so many have gone."""
    if count < 1 or not len(gone):
        return -math.inf
    place = min(count, len(gone)) - 1
    return float(np.partition(gone, place)[place])


def _after(
    moment: float, ends: Floats, opened: int, settings: ConnectionPoolSettings
) -> kernels.Begun:
    """Return a queue at a change, given when the connections in use come free."""
    most = settings.max_connections
    left = ends[max(0, len(ends) - most) :]
    return kernels.Begun(moment, left, max(len(left), min(opened, most)))


def _queue(
    times: Floats,
    turn: Turn,
    asked: npt.NDArray[np.int64],
    costs: PoolCosts,
    begun: kernels.Begun | None,
) -> kernels.Queue:
    lengths = turn.services[asked]
    return pool_queue(turn.settings, costs, times[asked], lengths, turn.factors, begun=begun)
