"""`OwnServer`: perflab's HTTP server, whose service times and capacity are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.kernels.queueing.in_flight import SERVED, TIMED_OUT
from perflab.modelling.latency import SHOWN, SPREAD, spread_out
from perflab.modelling.prediction import Metrics
from perflab.patterns.async_io.costs import ByNumber, OwnCosts
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.settings.http_server import LOGNORMAL_SIGMA

Floats = npt.NDArray[np.float64]
_SERVICES = 50_000
_TURNS = 24
_WARM_TURNS = 2
_OVERHEAD_OFF = 0.15
_BEHIND = 1.05


class OwnServer:
    """Follows requests through client and server.

    Args:
        costs: What client and server take beside the service times.

    Attributes:
        remarks: What a reader must know.
        guessed: Never: it is measured.
    """

    remarks: tuple[str, ...] = ()
    guessed = False

    def __init__(self, costs: OwnCosts) -> None:
        self._bottleneck = by_number(costs.bottleneck_seconds)
        self._timer = by_number(costs.timer_seconds)
        self._delay = costs.delay_seconds
        self._beside = costs.beside

    def closed(
        self, settings: AsyncIORunSettings, limit: int, most: int, seed: int
    ) -> tuple[Metrics, float]:
        """Return metrics with so many always in flight, and half the band of the throughput."""
        used = min(limit, settings.max_per_host or limit)
        count = max(most, _TURNS * used)
        results = [
            self._closed(settings, used, count, seed, off)
            for off in (1.0, 1.0 - _OVERHEAD_OFF, 1.0 + _OVERHEAD_OFF)
        ]
        low, high = (found["throughput_per_second"] for found in results[1:])
        return results[0], abs(high - low) / 2

    def open(
        self, settings: AsyncIORunSettings, limit: int, times: Floats, first: int, seed: int
    ) -> tuple[Metrics, float]:
        """Return metrics of requests that come at such times, from the `first` on."""
        used = min(limit, settings.max_per_host or limit)
        found = self._follow(settings, used, times, seed, 1.0, closed=False)
        metrics = _metrics(found, slice(first, None), self._spread(settings, used, times))
        span = float(found.ends[first:].max() - times[first])
        served = (len(times) - first) * (1.0 - metrics["error_share"])
        metrics["throughput_per_second"] = served / max(span, 1e-9)
        lasted = float(times[-1] - times[first])
        metrics["falls_behind"] = float(lasted > 0 and span > _BEHIND * lasted)
        if settings.capacity is not None:
            whole = float(found.ends.max() - times[0])
            metrics["utilisation"] = found.busy_seconds / (settings.capacity * whole)
        return metrics, 0.0

    def _closed(
        self, settings: AsyncIORunSettings, limit: int, count: int, seed: int, off: float
    ) -> Metrics:
        free = settings.change(rate_limit=None)
        found = self._follow(free, limit, np.zeros(count), seed, off, closed=True)
        part = slice(_WARM_TURNS * limit, None)
        # Little's law: all places are always taken.
        ended = limit / _mean_seconds(found, part)
        throttled = 0.0
        each = found.tries / count
        if settings.rate_limit is not None and settings.rate_limit < ended * each:
            # The limiter lets tries through evenly; the places that are left wait in it.
            ended = settings.rate_limit / each
            spaced = np.arange(count) / ended
            found = self._follow(free, limit, spaced, seed, off, closed=False)
            throttled = max(0.0, limit / ended - _mean_seconds(found, part))
        metrics = _metrics(found, part, self._spread(settings, limit))
        metrics["throttled_seconds"] = throttled
        metrics["throughput_per_second"] = ended * (1.0 - metrics["error_share"])
        if settings.capacity is not None:
            span = float(found.ends.max())
            metrics["utilisation"] = found.busy_seconds / (settings.capacity * span)
        return metrics

    def _follow(
        self,
        settings: AsyncIORunSettings,
        limit: int,
        times: Floats,
        seed: int,
        off: float,
        *,
        closed: bool,
    ) -> kernels.InFlight:
        flying = limit if closed else _flying(settings, limit, times)
        bottleneck = off * self._bottleneck(flying)
        if settings.rate_limit is not None:
            bottleneck = max(bottleneck, 1.0 / settings.rate_limit)
        waits = settings.latency_seconds > 0
        return kernels.in_flight(
            times,
            service_times(settings, seed),
            limit,
            capacity=settings.capacity,
            queue=settings.server_queue,
            bottleneck_seconds=bottleneck,
            delay_seconds=self._delay + (self._timer(flying) if waits else 0.0),
            timeout=settings.timeout,
            error_rate=settings.error_rate,
            retries=settings.retries,
            backoff_seconds=settings.backoff_seconds,
            closed=closed,
            seed=seed + 1,
        )

    def _spread(
        self, settings: AsyncIORunSettings, limit: int, times: Floats | None = None
    ) -> Floats | None:
        """Return how far latencies lie from their mean for client and server alone, in seconds.

        None where that is not known, or where the server waits with no request.
        """
        if not self._beside or settings.latency_seconds == 0:
            return None
        flying = limit if times is None else _flying(settings, limit, times)
        numbers = np.log([number for number, _ in self._beside])
        place = float(np.interp(math.log(flying), numbers, np.arange(len(numbers))))
        low, high = math.floor(place), math.ceil(place)
        parts = [spread_out(self._beside[at][1], SPREAD) for at in (low, high)]
        found = parts[0] + (place - low) * (parts[1] - parts[0])
        centred: Floats = found - found.mean()
        return centred


def _flying(settings: AsyncIORunSettings, limit: int, times: Floats) -> int:
    """Return how many requests that come at such times are in flight on average."""
    if len(times) < 2 or times[-1] <= times[0]:
        return limit
    rate = (len(times) - 1) / float(times[-1] - times[0])
    return max(1, min(limit, round(rate * settings.latency_seconds)))


def by_number(costs: ByNumber) -> Callable[[int], float]:
    """Return a cost by requests in flight, between the measured numbers as their logarithm goes."""
    numbers, values = np.log([n for n, _ in costs]), [value for _, value in costs]
    return lambda flying: float(np.interp(math.log(flying), numbers, values))


def service_times(settings: AsyncIORunSettings, seed: int) -> Floats:
    """Return how long the server works on each of many requests, as it draws them itself."""
    mean = settings.latency_seconds
    constant = settings.latency_shape == "constant" or mean == 0
    if constant and not settings.stall_rate:
        return np.array([mean])
    draw = np.random.default_rng(seed)
    if constant:
        services = np.full(_SERVICES, mean)
    elif settings.latency_shape == "exponential":
        services = draw.exponential(mean, _SERVICES)
    else:
        middle = math.log(mean) - LOGNORMAL_SIGMA**2 / 2
        services = draw.lognormal(middle, LOGNORMAL_SIGMA, _SERVICES)
    if settings.stall_rate:
        services[draw.random(_SERVICES) < settings.stall_rate] = settings.stall_seconds
    return services


def latency_metrics(latencies: Floats) -> Metrics:
    """Return mean, p50, p95 and p99 of latencies in seconds; nothing where there are none."""
    if not len(latencies):
        return {}
    metrics = {"latency_seconds_mean": float(latencies.mean())}
    found = kernels.quantiles_of(latencies, tuple(SHOWN.values()))
    for name, value in zip(SHOWN, found, strict=True):
        metrics[f"latency_seconds_{name}"] = float(value)
    return metrics


def _mean_seconds(found: kernels.InFlight, part: slice) -> float:
    return max(float((found.ends - found.begins)[part].mean()), 1e-9)


def _metrics(found: kernels.InFlight, part: slice, spread: Floats | None) -> Metrics:
    outcomes = found.outcomes[part]
    served = outcomes == SERVED
    latencies = (found.ends - found.begins)[part]
    if spread is not None:
        latencies = latencies + np.where(served, np.resize(spread, len(latencies)), 0.0)
    metrics = latency_metrics(np.maximum(latencies[served | (outcomes == TIMED_OUT)], 0.0))
    metrics["error_share"] = float((outcomes > 0).mean())
    metrics["timeout_share"] = float((outcomes == TIMED_OUT).mean())
    return metrics
