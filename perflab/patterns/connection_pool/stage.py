"""`ConnectionPoolStage`: the connection pool as a stage of a service."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.operations import Operation
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab import kernels
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

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
        import numpy as np

        from perflab.bench.passing import pass_nothing, requests_at
        from perflab.bench.stage import Passed

        if not len(requests):
            return pass_nothing()
        asking = np.arange(len(requests))
        if requests.operations is not None:
            asking = np.flatnonzero(np.isin(requests.operations, _OF_THE_DATA))
        waits, entries = np.zeros(len(requests)), np.zeros(len(requests), np.int64)
        served, loads = np.ones(len(requests), np.bool_), np.zeros(len(requests))
        opened = settings.min_connections
        if len(asking):
            queue, waits[asking] = self._queue(requests.times[asking], settings, costs)
            served[asking] = ~np.isnan(queue.waits)
            loads[asking], opened = queue.services, queue.connections
            last = np.searchsorted(asking, np.arange(len(requests)), side="right")
            entries = np.concatenate([[0], queue.in_use]).astype(np.int64)[last]
        starts = requests.times + waits
        # A connection that is handed over can start after one that a later request finds idle.
        origins = np.flatnonzero(served)
        origins = origins[np.argsort(starts[origins], kind="stable")]
        passed = dataclasses.replace(requests_at(requests, origins), times=starts[origins])
        return Passed(passed, origins, waits, entries, loads=loads[origins], connections=opened)

    def _queue(
        self, times: npt.NDArray[np.float64], settings: ConnectionPoolSettings, costs: Costs
    ) -> tuple[kernels.Queue, npt.NDArray[np.float64]]:
        """Return the queue of those that need a connection, and what each waits in all."""
        from perflab.patterns.connection_pool.model.metrics import waits_of
        from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
        from perflab.workloads.kinds.arrivals import Arrivals

        model = ConnectionPoolModel.of(Arrivals("requests", times), costs)
        queue = model.queue(settings, LoadSettings(seed=self.seed))
        waits = waits_of(queue.waits, settings.timeout) + costs.get("overhead_seconds", 0.0)
        if queue.refused:
            waits[queue.turned_away] = 0.0
        return queue, waits
