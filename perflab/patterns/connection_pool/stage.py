"""`ConnectionPoolStage`: the connection pool as a stage of a service."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.connection_pool.settings import ConnectionPoolSettings


@dataclasses.dataclass(frozen=True, slots=True)
class ConnectionPoolStage:
    """Passes on every request that gets a connection, when it gets it.

    Those that time out or are refused go no further: their number is that of the requests that
    came less that of those passed on.

    Attributes:
        seed: Of the service times that are drawn.
    """

    seed: int = 0

    def forward(self, requests: Requests, settings: ConnectionPoolSettings, costs: Costs) -> Passed:
        """Return the requests that are served, and how long each waits for a connection.

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
        from perflab.bench.stage import Passed, Requests
        from perflab.patterns.connection_pool.model.metrics import waits_of
        from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
        from perflab.workloads.kinds.arrivals import Arrivals

        if not len(requests):
            return pass_nothing()
        arrivals = Arrivals("requests", requests.times)
        queue = ConnectionPoolModel(arrivals).queue(settings, LoadSettings(seed=self.seed), costs)
        waits = waits_of(queue.waits, settings.timeout) + costs.get("overhead_seconds", 0.0)
        if queue.refused:
            waits[queue.turned_away] = 0.0
        starts = arrivals.times + waits
        served = np.flatnonzero(~np.isnan(queue.waits))
        # A connection that is handed over can start after one that a later request finds idle.
        origins = served[np.argsort(starts[served], kind="stable")]
        chosen = requests_at(requests, origins)
        passed = Requests(starts[origins], chosen.keys, chosen.sizes)
        return Passed(passed, origins, waits, queue.in_use.astype(np.int64))
