"""`UserServer`: any server, known by its throughput at some numbers of requests in flight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.latency import QUANTILES, SHOWN, OutcomeCost
from perflab.modelling.prediction import Metrics
from perflab.modelling.usl import PARAMETERS, Usl, fit_usl
from perflab.patterns.async_io.costs import MeasuredPoint, Points
from perflab.patterns.async_io.model.own import latency_metrics
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.units import counted, grouped, percent, rounded

Floats = npt.NDArray[np.float64]
_BEHIND = 1.05
_HALVINGS = 50
_GUESSED_SECONDS = 0.05
_GUESSED_CONTENTION = 0.03


class UserServer:
    """The Universal Scalability Law through measured points.

    Args:
        points: What was measured, by requests in flight.
        notes: Where the points come from, where that is no calibration.
        capped: Up to which number in flight the cap on the rate left the server free, 0 for none;
            None where it always did.
        guessed: Whether the points are made up, since nothing is measured yet.

    Attributes:
        guessed: Whether the points are made up.
        remarks: The law with its worst residual, and what limits it.
    """

    def __init__(
        self,
        points: Points,
        notes: Sequence[str] = (),
        capped: int | None = None,
        *,
        guessed: bool = False,
    ) -> None:
        self._numbers = np.array([n for n, _ in points])
        self._points = [point for _, point in points]
        self.law: Usl = fit_usl(self._numbers.tolist(), [point.ended for point in self._points])
        self.guessed = guessed
        self._off = 1.0 if guessed else self.law.worst_residual
        self.remarks = tuple(notes)
        if guessed:
            return
        self.remarks += (describe(self.law, self._numbers),)
        if capped is not None:
            text = f"beyond {capped} in flight the cap most_rate held the load back; left out here"
            if capped == 0:
                text = (
                    "the cap most_rate held the load back at every number in flight; only the "
                    "latency of 1 in flight is used (raise most_rate to measure more)"
                )
            self.remarks += (text,)
        if points[-1][0] <= 1:
            self.remarks += ("only 1 in flight is measured: there is no bend to be seen yet",)

    def closed(
        self, settings: AsyncIORunSettings, limit: int, most: int, seed: int
    ) -> tuple[Metrics, float]:
        """Return metrics with so many always in flight, and half the band of the throughput."""
        del most, seed
        used = min(limit, settings.max_per_host or limit)
        rate, busy = self.law.throughput(used), float(used)
        if settings.rate_limit is not None and settings.rate_limit < rate:
            rate = settings.rate_limit
            busy = self._in_flight_at(rate, used)
        # Little's law: of those in use, the others wait in the client's own limiter.
        mean = busy / rate
        point = self._points[self._nearest(busy)]
        scale = mean / point.latency.mean
        share = self._error_share(busy)
        metrics: Metrics = {
            "latency_seconds_mean": mean,
            "throttled_seconds": (used - busy) / rate,
            "throughput_per_second": rate * (1 - share),
            "error_share": share,
        }
        quantiles = np.interp(tuple(SHOWN.values()), QUANTILES, point.latency.quantiles)
        for name, value in zip(SHOWN, quantiles, strict=True):
            metrics[f"latency_seconds_{name}"] = float(value * scale)
        return metrics, self._off * metrics["throughput_per_second"]

    def open(
        self, settings: AsyncIORunSettings, limit: int, times: Floats, first: int, seed: int
    ) -> tuple[Metrics, float]:
        """Return metrics of requests that come at such times, from the `first` on."""
        used = min(limit, settings.max_per_host or limit)
        one = self.law.seconds(1)
        factors = np.array([self.law.seconds(max(n, 1)) / one for n in range(used + 1)])
        point = self._points[self._nearest(used / 2)]
        edges = np.asarray(point.latency.quantiles, dtype=np.float64)
        draws = np.interp(np.random.default_rng(seed).random(len(times)), QUANTILES, edges)
        draws *= one / max(float(draws.mean()), 1e-12)
        begins = times
        if settings.rate_limit is not None:
            spaced = np.arange(len(times)) / settings.rate_limit
            begins = np.maximum.accumulate(times - spaced) + spaced
        queue = kernels.queue_waits(begins, draws, used, factors=factors)
        ends = begins + queue.waits + queue.services
        latencies = (ends - times)[first:]
        metrics = latency_metrics(latencies)
        span = float(ends[first:].max() - times[first])
        lasted = float(times[-1] - times[first])
        rate = len(latencies) / max(span, 1e-9)
        share = self._error_share(rate * float(queue.services[first:].mean()))
        metrics |= {"throughput_per_second": rate * (1 - share), "error_share": share}
        metrics["falls_behind"] = float(lasted > 0 and span > _BEHIND * lasted)
        return metrics, self._off * metrics["throughput_per_second"]

    def _in_flight_at(self, rate: float, most: float) -> float:
        """Return how many in flight do so much in a second, which `most` would exceed."""
        if rate <= self.law.rate:
            return rate / self.law.rate
        low, high = 1.0, min(most, self.law.peak)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.law.throughput(middle) < rate else (low, middle)
        return high

    def _error_share(self, number: float) -> float:
        shares = [point.error_share for point in self._points]
        return float(np.interp(number, self._numbers, shares))

    def _nearest(self, number: float) -> int:
        return int(np.abs(np.log(self._numbers / max(number, 1.0))).argmin())


def describe(law: Usl, numbers: Floats) -> str:
    """Return a fitted law in words, with what it was fitted through and how far it is from it."""
    peak = "none" if np.isinf(law.peak) else f"at {grouped(round(law.peak))} in flight"
    places = len(np.unique(numbers))
    off = f"worst residual {percent(law.worst_residual)}"
    if places <= PARAMETERS:
        off = "as many points as parameters, so how far off it is cannot be told"
    return (
        f"law through {counted(len(numbers), 'point')} up to "
        f"{rounded(numbers.max())} in flight: "
        f"{rounded(law.rate)} requests/s alone, contention {rounded(law.contention)}, "
        f"coherency {rounded(law.coherency)}, peak {peak}, {off}"
    )


def guessed_points() -> Points:
    """Return points of a server of which nothing is known yet: 50 ms, and some contention."""

    def at(n: int) -> MeasuredPoint:
        mean = _GUESSED_SECONDS * (1 + _GUESSED_CONTENTION * (n - 1))
        quantiles = tuple(mean * (0.8 + 0.4 * share) for share in QUANTILES)
        return MeasuredPoint(n / mean, OutcomeCost(mean, quantiles), 0.0)

    return tuple((float(n), at(n)) for n in (1, 2, 4, 8, 16, 32))
