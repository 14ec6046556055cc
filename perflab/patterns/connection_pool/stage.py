"""`ConnectionPoolStage`: the connection pool as a stage of a service."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from perflab.bench.stage import Place
from perflab.operations import Operation
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    import numpy.typing as npt

    from perflab.bench.linked import Around, Linked
    from perflab.bench.living import Backing, Layer, NoteQuery
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

_OF_THE_DATA = (Operation.GET, Operation.WRITE)


@dataclasses.dataclass(frozen=True, slots=True)
class ConnectionPoolStage:
    """Passes on every request that gets a connection, when it gets it.

    What sets, renews or removes an entry of a cache needs none, and goes on at once. Those that
    time out or are refused go no further: their number is that of the requests that came less that
    of those passed on.

    Attributes:
        place: In each worker process, before one database.
        seed: Of the service times that are drawn.
    """

    place: ClassVar[Place] = Place.POOL
    seed: int = 0

    def forward(self, requests: Requests, settings: ConnectionPoolSettings, costs: Costs) -> Passed:
        """Return the requests that are served, each one's wait for a connection and its query.

        One that times out waits for the timeout, one that ``max_waiting`` refuses not at all.

        Args:
            requests: What comes to the pool.
            settings: Of the pool.
            costs: With ``service`` and the rest of a calibration.

        Raises:
            BadInputError: If times go backwards or one is wrong.
        """
        from perflab.bench.passing import pass_nothing

        if not len(requests):
            return pass_nothing()

        def queue(times: Floats, _asking: Places | slice) -> _Queued:
            return self._queue(requests, times, settings, costs)

        return _passed(requests, settings.min_connections, queue)

    def most_connections(self, settings: ConnectionPoolSettings) -> int:
        """Return how many connections the pool of one worker may open."""
        return settings.max_connections

    def backing(self, settings: ConnectionPoolSettings, processes: int) -> Backing | None:
        """Return a database of perflab's own, started, with its tables.

        Raises:
            BadInputError: If the query is the user's own, or it does not come up.
        """
        from perflab.patterns.connection_pool.layer import PoolBacking

        return PoolBacking(settings, processes)

    def layer(
        self, settings: ConnectionPoolSettings, address: Mapping[str, Any], note: NoteQuery
    ) -> Layer:
        """Return the pool of this process."""
        from perflab.patterns.connection_pool.layer import PoolLayer

        return PoolLayer(settings, address, note)

    def linked(self, around: Around, settings: ConnectionPoolSettings, costs: Costs) -> Linked:
        """Return connections, bounds and queries: all connections are open all the time.

        Args:
            around: Its service.
            settings: Of the pool of each worker.
            costs: With ``service`` and the rest of a calibration.
        """
        from perflab.bench.linked import Linked
        from perflab.patterns.connection_pool.model.pools import database_times, open_at_most
        from perflab.patterns.connection_pool.model.services import PoolCosts

        most = open_at_most(settings, around.processes, around.shared)
        told = (PoolCosts.of(costs), most, around.rate, around.requests, around.seed)
        drawn, seconds = database_times(*told)
        links = {
            "connections": settings.max_connections,
            "timeout": settings.timeout,
            "max_waiting": settings.max_waiting,
            "shared": None if around.shared is None else most,
        }
        return Linked(links, drawn, seconds[1:])

    def settings_with(
        self, settings: ConnectionPoolSettings, connections: int
    ) -> ConnectionPoolSettings:
        """Return the settings at which the pool of one worker may open so many connections."""
        least = min(settings.min_connections, connections)
        return settings.change(max_connections=connections, min_connections=least)

    def costs_at(self, costs: Costs, seconds: float | None, contention: float | None) -> Costs:
        """Return the costs before another database than was measured.

        Service times spread as measured about their new mean. With another contention, they follow
        from those with one connection in use by the Universal Scalability Law.
        """
        from perflab.patterns.connection_pool.model.pools import costs_of_database

        return costs_of_database(costs, seconds, contention)

    def forward_pools(
        self,
        requests: Requests,
        workers: npt.NDArray[np.integer],
        count: int,
        settings: ConnectionPoolSettings,
        costs: Costs,
        shared: int | None = None,
    ) -> Passed:
        """Return the requests that are served by the pools of all workers, in order of time.

        Args:
            requests: What comes to all of them.
            workers: The worker of each.
            count: How many workers there are.
            settings: Of each pool.
            costs: With ``service`` and the rest of a calibration.
            shared: Connections of a PgBouncer between all pools and the database; none where there
                is none.

        Raises:
            BadInputError: If times go backwards or one is wrong, or there are too many connections.
        """
        from perflab.bench.passing import pass_nothing

        if not len(requests):
            return pass_nothing()

        def queue(times: Floats, asking: Places | slice) -> _Queued:
            return self._queues(times, workers[asking], count, settings, costs, shared)

        return _passed(requests, count * settings.min_connections, queue)

    def _queue(
        self, requests: Requests, times: Floats, settings: ConnectionPoolSettings, costs: Costs
    ) -> _Queued:
        """Return what becomes of those that need a connection of one pool."""
        from perflab.patterns.connection_pool.model.passing import model_of

        model = model_of(requests, times, costs)
        queue = model.queue(settings, LoadSettings(seed=self.seed))
        turned_away = queue.turned_away if queue.refused else None
        waits = _waited(queue.waits, turned_away, settings, costs)
        return _Queued(waits, queue.services, queue.in_use, queue.connections)

    def _queues(
        self,
        times: Floats,
        workers: npt.NDArray[np.integer],
        count: int,
        settings: ConnectionPoolSettings,
        costs: Costs,
        shared: int | None,
    ) -> _Queued:
        """Return what becomes of those that need a connection of one of several pools."""
        from perflab.patterns.connection_pool.model.pools import pooled_queues
        from perflab.patterns.connection_pool.model.services import PoolCosts

        since = times - times[0]
        told = PoolCosts.of(costs)
        queues = pooled_queues(settings, told, since, workers, count, shared, self.seed)
        waits = _waited(queues.waits + queues.shared_waits, queues.turned_away, settings, costs)
        return _Queued(waits, queues.services, queues.in_use, int(queues.opened.sum()))


class _Queued(NamedTuple):
    """What became of those that need a connection.

    Attributes:
        waits: Seconds, with the timeout for those that got none.
        services: Seconds that each held it; NaN for those.
        in_use: Connections in use after each came.
        opened: Connections open in the end.
    """

    waits: Floats
    services: Floats
    in_use: npt.NDArray[np.int32]
    opened: int


def _waited(
    waits: Floats,
    turned_away: npt.NDArray[np.bool_] | None,
    settings: ConnectionPoolSettings,
    costs: Costs,
) -> Floats:
    """Return waits as callers see them: the timeout where it is over, nothing where refused."""
    import numpy as np

    from perflab.modelling.latency import spread_out
    from perflab.patterns.connection_pool.model.metrics import waits_of
    from perflab.patterns.connection_pool.model.services import PoolCosts

    told = PoolCosts.of(costs)
    found = waits_of(waits, settings.timeout)
    if told.lend is not None:
        found = np.where(waits == 0.0, spread_out(told.lend, len(waits)), found)
    if turned_away is not None or told.overhead_seconds:
        found = found + told.overhead_seconds
    if turned_away is not None:
        found[turned_away] = 0.0
    return found


def _passed(
    requests: Requests, opened: int, queue: Callable[[Floats, Places | slice], _Queued]
) -> Passed:
    """Return what pools pass on of at least one request.

    Args:
        requests: What comes to them.
        opened: Connections that are open where none is needed.
        queue: Returns what becomes of those that need a connection, given their times and places.
    """
    import numpy as np

    from perflab import kernels
    from perflab.bench.passing import requests_at
    from perflab.bench.stage import Passed

    queued = None
    if requests.operations is None:
        queued = queue(requests.times, slice(None))
    else:
        asking = np.flatnonzero(np.isin(requests.operations, _OF_THE_DATA))
        if len(asking):
            there = queue(requests.times[asking], asking)
            queued = _among(there, asking, len(requests))
    if queued is None:
        nothing = np.zeros(len(requests))
        queued = _Queued(nothing, nothing, np.zeros(len(requests), np.int32), opened)
    starts = requests.times + queued.waits
    # A connection that is handed over can start after one that a later request finds idle.
    served = np.flatnonzero(~np.isnan(queued.services))
    origins = served[kernels.order_of(starts[served])]
    return Passed(
        requests_at(dataclasses.replace(requests, times=starts), origins),
        origins,
        queued.waits,
        queued.in_use,
        loads=queued.services[origins],
        connections=queued.opened,
    )


def _among(queued: _Queued, asking: Places, count: int) -> _Queued:
    """Return what becomes of all requests, of which some need a connection."""
    import numpy as np

    waits, services = np.zeros(count), np.zeros(count)
    waits[asking], services[asking] = queued.waits, queued.services
    last = np.searchsorted(asking, np.arange(count), side="right")
    in_use = np.concatenate([np.zeros(1, np.int32), queued.in_use])[last]
    return _Queued(waits, services, in_use, queued.opened)
