"""From a simulated queue to the metrics of a pool."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.erlang import mean_wait
from perflab.modelling.latency import spread_out
from perflab.modelling.looped import within_two_passes
from perflab.modelling.prediction import Metrics
from perflab.patterns.connection_pool.model.services import PoolCosts
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

Floats = npt.NDArray[np.float64]
_QUANTILES = (0.5, 0.95, 0.99)


def waits_of(waits: Floats, timeout: float) -> Floats:
    """Return waits with the timeout in place of those that got no connection."""
    gone = np.isnan(waits)
    return np.where(gone, timeout, waits) if gone.any() else waits


def _lent(costs: PoolCosts, count: int) -> Floats:
    return np.zeros(count) if costs.lend is None else spread_out(costs.lend, count)


def _asking(late: Floats, turned_away: npt.NDArray[np.bool_]) -> Floats:
    """Return how late each asked, in its wait; who is turned away counts with the timeout alone."""
    return np.where(turned_away, 0.0, late) if len(turned_away) else late


def queue_metrics(
    settings: ConnectionPoolSettings,
    costs: PoolCosts,
    times: Floats,
    queue: kernels.Queue,
    requests: slice | None = None,
    late: Floats | None = None,
    checkouts: Floats | None = None,
) -> Metrics:
    """Return the metrics of a queue by name, of all its customers or a slice of them.

    Args:
        settings: The pool's.
        costs: What a connect, a handover and lending take.
        times: float64 of shape (n,), when each was due, in seconds.
        queue: What became of them.
        requests: Which of them count; None is all.
        late: float64 of shape (n,), how long after that each asked, from when the queue has its
            waits; None where it has them from when they were due, and asking has its part in what
            lending takes.
        checkouts: float64 of shape (n,), what a checkout takes each that finds a connection idle;
            None where that is not known. Only used with `late`.
    """
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
    lent = _lent(costs, asked) if late is None or checkouts is None else checkouts[part]
    waits = np.where(raw == 0.0, lent, waits)
    waits = waits if late is None else waits + _asking(late[part], turned_away)
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


def beyond_two_passes(
    settings: ConnectionPoolSettings,
    costs: PoolCosts,
    times: Floats,
    queue: kernels.Queue,
    first: int,
    last: int,
) -> Metrics:
    """Return the metrics of requests of a run that goes on after the second of equal passes.

    Every later pass is like the second: of a whole pass or more, times are those of the second
    one. What is counted is counted in all of them.

    Args:
        settings: The pool's.
        costs: What a connect, a handover and lending take.
        times: float64 of shape (2 n,), when each of two passes was due, in seconds.
        queue: What became of them.
        first: The first request.
        last: The first request after them.
    """
    length = len(times) // 2
    stretches = [
        (slice(begin, end), often) for begin, end, often in within_two_passes(length, first, last)
    ]
    shown = [part for part, _ in stretches] if last - first < length else [slice(length, None)]
    if len(shown) > 1:
        # The end of a pass and the beginning of the next one.
        order = np.concatenate([np.arange(2 * length)[part] for part in shown])
        moments = times[order]
        moments[shown[0].stop - shown[0].start :] += times[length] - times[0]
        away = queue.turned_away
        together = queue._replace(
            waits=queue.waits[order],
            services=queue.services[order],
            turned_away=away[order] if len(away) else away,
        )
        result = queue_metrics(settings, costs, moments, together, slice(0, last - first))
    else:
        result = queue_metrics(settings, costs, times, queue, shown[0])
    failed = sum(often * int(np.isnan(queue.waits[part]).sum()) for part, often in stretches)
    refused = sum(often * int(queue.turned_away[part].sum()) for part, often in stretches)
    counts = {"requests": last - first, "timeouts": failed - refused, "callers_refused": refused}
    return {**result, **{name: float(count) for name, count in counts.items()}}


def counted_for(metrics: Metrics, requests: int) -> Metrics:
    """Return metrics with their counts as of so many requests, of which only some are kept."""
    kept = metrics.get("requests", 0.0)
    if requests <= kept or not kept:
        return metrics
    names = ("timeouts", "callers_refused")
    more = {name: float(round(metrics[name] * requests / kept)) for name in names}
    return {**metrics, **more, "requests": float(requests)}
