"""From a simulated queue to the metrics of a pool."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.erlang import mean_wait
from perflab.modelling.prediction import Metrics
from perflab.patterns.connection_pool.model.services import PoolCosts, spread_out
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

Floats = npt.NDArray[np.float64]
_QUANTILES = (0.5, 0.95, 0.99)


def waits_of(waits: Floats, timeout: float) -> Floats:
    """Return waits with the timeout in place of those that got no connection."""
    gone = np.isnan(waits)
    return np.where(gone, timeout, waits) if gone.any() else waits


def queue_metrics(
    settings: ConnectionPoolSettings,
    costs: PoolCosts,
    times: Floats,
    queue: kernels.Queue,
    requests: slice | None = None,
) -> Metrics:
    """Return the metrics of a queue by name, of all its customers or a slice of them."""
    part = requests or slice(0, len(times))
    raw, services, arrived = queue.waits[part], queue.services[part], times[part]
    asked = len(arrived)
    if asked == 0:
        return {}
    failed = queue.timeouts + queue.refused if requests is None else int(np.isnan(raw).sum())
    turned_away = queue.turned_away[part]
    refused = int(turned_away.sum())
    overhead = costs.overhead_seconds
    waits = waits_of(raw, settings.timeout)
    if costs.lend is not None:
        waits = np.where(raw == 0.0, spread_out(costs.lend, asked), waits)
    latencies = waits + services if failed == 0 else waits + np.nan_to_num(services)
    if refused:
        latencies[turned_away] = 0.0  # told at once
    served = asked - failed
    busy = float(services.sum() if failed == 0 else np.nansum(services))
    span = float((arrived + latencies)[-1000:].max() - arrived[0])
    result: Metrics = {"requests": float(asked)}
    for name, values in (("wait", waits), ("latency", latencies)):
        result[f"{name}_seconds_mean"] = float(values.mean()) + overhead
        for share, value in zip(_QUANTILES, kernels.quantiles_of(values, _QUANTILES), strict=True):
            quantile = round(share * 100)
            result[f"{name}_seconds_p{quantile}"] = float(value) + overhead
    del result["wait_seconds_p50"]
    result["timeouts"] = float(failed - refused)
    result["callers_refused"] = float(refused)
    result["connections"] = float(queue.connections)
    result["connects"] = float(queue.connects)
    if span > 0:
        result["in_use"] = busy / span
        result["utilisation"] = busy / (settings.max_connections * span)
        result["throughput_per_second"] = served / span
    if served:
        result["service_seconds_mean"] = busy / served
        lasted = float(arrived[-1] - arrived[0])
        if lasted > 0:
            rate = (asked - 1) / lasted
            erlang = mean_wait(settings.max_connections, rate, busy / served)
            if math.isfinite(erlang):
                result["erlang_wait_seconds_mean"] = erlang + overhead
    return result
