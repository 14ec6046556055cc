"""`model_of`: the model of a pool for requests of a service, kept as long as these live."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
from perflab.workloads.kinds.arrivals import Arrivals

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.bench.stage import Requests
    from perflab.modelling.prediction import Costs

_lock = threading.Lock()
_models: WeakKeyDictionary[Requests, ConnectionPoolModel] = WeakKeyDictionary()


def model_of(
    requests: Requests, times: npt.NDArray[np.float64], costs: Costs
) -> ConnectionPoolModel:
    """Return the model of those that need a connection.

    It is kept with the requests, so that service times are drawn once for pools of all sizes.

    Args:
        requests: What comes to the pool.
        times: When those of them come that need a connection, in seconds: at least one.
        costs: What a calibration measured.

    Raises:
        BadInputError: If times go backwards or one is wrong.
    """
    with _lock:
        found = _models.get(requests)
    if found is None:
        found = ConnectionPoolModel.of(Arrivals("requests", times), costs)
        with _lock:
            _models[requests] = found
        return found
    return found.with_costs(costs)
