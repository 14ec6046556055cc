"""The async client's what-if: throughput, latency and errors over requests in flight."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.kernels.queueing.in_flight import SERVED, TIMED_OUT
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.async_io.costs import AsyncIOCosts, RunTimes
from perflab.patterns.async_io.model.own import OwnServer, latency_metrics
from perflab.patterns.async_io.model.user import UserServer, guessed_points
from perflab.patterns.async_io.settings import AUTO_TOLERANCE, AsyncIORunSettings
from perflab.settings import LoadSettings
from perflab.units import counted, in_words
from perflab.workloads.kinds.passes import pass_seconds

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals

Floats = npt.NDArray[np.float64]
QUICK_REQUESTS = 2_000
_REQUESTS = 10_000
_MOST_OPEN = 100_000
_GUESS = (
    "this server is not measured yet: the figures are a guess (50 ms per request); press Run, or "
    "'perflab calibrate async_io', to measure it"
)


_Span = tuple[int, int] | None
_Key = tuple[AsyncIOCosts, int, AsyncIORunSettings, float | None, float | None, int, _Span]
"""Costs, how many requests are followed, settings, rate, speed-up, seed, and which requests."""


class _Kept:
    """What models of the same arrivals have computed, at all costs."""

    def __init__(self) -> None:
        self.answers: KeptAnswers[_Key, Prediction] = KeptAnswers()
        self.slices: KeptAnswers[_Key, Prediction] = KeptAnswers(MOST_SLICES)


class AsyncIOModel:
    """Predictions for a client with a limit before perflab's server, or the user's.

    Of perflab's server the service times and the capacity are known: each request is followed
    through client and server by `kernels.in_flight`. Of any other the Universal Scalability Law
    tells the throughput, fitted through a calibration at six concurrencies or through the results
    of a load test. In a closed loop the limit is always used; in an open one requests come at
    the times of the arrivals. In auto the limit is where the gradient algorithm comes to rest.
    Where the costs carry a run's own ``arrival_seconds``, ``service_seconds`` and ``outcomes``,
    the queue before the client's limit is followed with these.

    Args:
        arrivals: The workload; only its length counts in a closed loop.
        costs: What client and server take.
        kept: What other models of these arrivals have computed.
        most: Follow so many requests at the most.
    """

    def __init__(
        self, arrivals: Arrivals, costs: AsyncIOCosts, kept: _Kept, most: int = _REQUESTS
    ) -> None:
        self._arrivals, self._costs, self._kept = arrivals, costs, kept
        self._most = most

    @classmethod
    def of(cls, arrivals: Arrivals, costs: Costs, most: int = _REQUESTS) -> Self:
        """Return the model of arrivals at the costs of a calibration."""
        return cls(arrivals, AsyncIOCosts.of(costs), _Kept(), most)

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same arrivals at other costs."""
        return type(self)(self._arrivals, AsyncIOCosts.of(costs), self._kept, self._most)

    def predict(
        self, settings: AsyncIORunSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        A slice is of a run, which keeps the cap ``most_rate`` on a server of the user's.

        The error is half the band of the throughput: what an overhead 15 % off would do, or the
        worst residual of the law.
        """
        if self._costs.run is not None:
            return self._of_run(settings, self._costs.run, requests)
        if requests is not None and _is_capped(settings):
            rate = settings.rate_limit or settings.most_rate
            settings = settings.change(rate_limit=min(rate, settings.most_rate))
        count = len(self._arrivals) if requests is None else _length(requests, len(self._arrivals))
        span = None
        if settings.load_model == "open" and requests is not None:
            first = int(requests.start or 0)
            span = (first, first + count)
        kept = self._kept.answers if requests is None else self._kept.slices
        found = kept.answer(
            self._key(settings, load, span), lambda: self._answer(settings, load, requests)
        )
        return dataclasses.replace(found, metrics=_counted(found.metrics, count))

    def preview(self, settings: AsyncIORunSettings, load: LoadSettings) -> Prediction:
        """Return a first picture from 2,000 requests, or the answer if it is known."""
        if self.ready(settings, load):
            return self.predict(settings, load)
        quick = type(self)(self._arrivals, self._costs, self._kept, QUICK_REQUESTS)
        return quick.predict(settings, load)

    def ready(self, settings: AsyncIORunSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests is known."""
        return self._key(settings, load) in self._kept.answers

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def _key(self, settings: AsyncIORunSettings, load: LoadSettings, span: _Span = None) -> _Key:
        speed = load.request_rate, load.speedup
        return (self._costs, self._most, settings, *speed, load.seed, span)

    def _answer(
        self, settings: AsyncIORunSettings, load: LoadSettings, requests: slice | None
    ) -> Prediction:
        server = self._server(settings)
        remarks = list(server.remarks)
        limit = settings.max_concurrent
        if settings.limit_mode == "auto":
            limit = self._resting_limit(settings, load, server)
            remarks.append(f"auto comes to rest at about {limit} in flight")
        behind = False
        if settings.load_model == "closed":
            remarks += [
                f"{key} has no effect: load_model is closed, which keeps max_concurrent requests "
                "in flight; set it to open"
                for key in ("request_rate", "speedup")
                if getattr(load, key) is not None
            ]
            # No more can be in flight than there are requests; a run may begin them again.
            used = min(limit, len(self._arrivals)) if requests is None else limit
            metrics, error = server.closed(settings, used, self._most, load.seed)
            if load.request_rate is None and load.speedup is None:
                remarks += self._of_rate(settings, load, server)
        else:
            times, first = self._times(load, requests)
            metrics, error = server.open(settings, limit, times, first, load.seed)
            behind = metrics.pop("falls_behind", 0.0) > 0
            if behind:
                remarks.append(
                    f"{limit} in flight cannot keep up with the arrivals: the wait grows with the "
                    "length of the workload"
                )
        if _is_capped(settings) and metrics["throughput_per_second"] > settings.most_rate:
            remarks.append(
                f"a run sends this server at most {in_words(settings.most_rate, 'requests/s')} "
                f"(most_rate); without that cap {limit} in flight would do "
                f"{in_words(metrics['throughput_per_second'], '1/s')}"
            )
        remarks += _of_pauses(settings, limit)
        metrics["limit"] = float(limit)
        said = tuple(remarks)
        measured = not server.guessed
        return Prediction(metrics, error=error, remarks=said, measured=measured, behind=behind)

    def _of_rate(
        self, settings: AsyncIORunSettings, load: LoadSettings, server: OwnServer | UserServer
    ) -> list[str]:
        """Return that a closed loop heeds no rate, and what the workload's own would use."""
        rate = float(self._arrivals.rate)
        plain = settings.change(retries=0, rate_limit=None)
        # Where all requests fail there is no latency.
        found = server.closed(plain, 1, QUICK_REQUESTS, load.seed)[0]
        alone = found.get("latency_seconds_mean", math.nan)
        if not math.isfinite(rate * alone):
            return []
        used = counted(max(1, math.ceil(rate * alone)), "request")
        said = (
            "load_model is closed: each request follows one that has ended, however few the "
            f"workload has per second; its own {in_words(rate, '1/s')} (load_model=open) need at "
            f"least {used} in flight"
        )
        return [said]

    def _server(self, settings: AsyncIORunSettings) -> OwnServer | UserServer:
        if settings.measured is not None:
            from perflab.patterns.async_io.load_tests.load_test import read_load_test

            test = read_load_test(settings.measured)
            return UserServer(test.points(), test.remarks())
        if settings.urls is not None:
            if self._costs.points is None:
                return UserServer(guessed_points(), (_GUESS,), guessed=True)
            return UserServer(self._costs.points, capped=self._costs.capped)
        if self._costs.own is None:
            text = "has no costs of perflab's own server; measure it: 'perflab calibrate async_io'"
            raise BadInputError(text, "the calibration")
        return OwnServer(self._costs.own)

    def _resting_limit(
        self, settings: AsyncIORunSettings, load: LoadSettings, server: OwnServer | UserServer
    ) -> int:
        """Return where ``limit * gradient + sqrt(limit)`` is the limit itself, as auto moves it."""
        most = settings.auto_most
        low = self._median(settings, load, server, 1)
        tried = sorted({round(most ** (step / 32)) for step in range(33)})
        resting = 1
        for limit in tried:
            latency = self._median(settings, load, server, limit)
            gradient = min(1.0, max(0.5, AUTO_TOLERANCE * low / latency)) if latency > 0 else 1.0
            if limit * gradient + math.sqrt(limit) < limit:
                break
            resting = limit
        return resting

    def _median(
        self,
        settings: AsyncIORunSettings,
        load: LoadSettings,
        server: OwnServer | UserServer,
        limit: int,
    ) -> float:
        plain = settings.change(retries=0, rate_limit=None)
        found = server.closed(plain, limit, QUICK_REQUESTS, load.seed)[0]
        return found.get("latency_seconds_p50", math.nan)

    def _times(self, load: LoadSettings, requests: slice | None) -> tuple[Floats, int]:
        """Return the arrivals up to the last requested, and which of them is the first."""
        times: Floats = self._arrivals.times
        length = len(times)
        most = _MOST_OPEN if self._most >= _REQUESTS else self._most
        first, last = 0, min(length, most)
        if requests is not None:
            first = requests.start or 0
            last = length if requests.stop is None else requests.stop
            if last > most:
                first, last = max(0, most - (last - first)), most
        passes = -(-last // length)
        if passes > 1:
            step = pass_seconds(times)
            times = np.concatenate([times + step * number for number in range(passes)])
        speed: float = load.speedup or 1.0
        if load.request_rate is not None:
            speed = load.request_rate / self._arrivals.rate
        dated: Floats = (times[:last] - times[0]) / speed
        return dated, first

    def _of_run(
        self, settings: AsyncIORunSettings, own: RunTimes, requests: slice | None
    ) -> Prediction:
        times = own.arrivals
        if not len(times):
            return Prediction({})
        # What was before the last change went by other settings.
        first = 0 if requests is None else min(requests.start or 0, len(times) - 1)
        times, lengths, waits = times[first:], own.services[first:], own.throttled[first:]
        limit = settings.max_concurrent
        if settings.limit_mode == "auto":
            held = lengths + waits
            span = float((times + held).max() - times[0])
            limit = max(1, math.ceil(float(held.sum()) / span))
        closed = settings.load_model == "closed"
        if not closed:  # who waits in the limiter holds a place, and the request is late
            lengths = lengths + waits
        found = kernels.in_flight(times, lengths, limit, closed=closed)
        latencies = found.ends - found.begins
        cycle = float(latencies.mean()) + (float(waits.mean()) if closed else 0.0)
        rate = len(latencies) / max(float(found.ends.max() - found.begins[0]), 1e-9)
        outcomes = own.outcomes[first:]
        answered = (outcomes == SERVED) | (outcomes == TIMED_OUT)
        share = float((outcomes == SERVED).mean())
        metrics: Metrics = {"requests": float(len(latencies))}
        metrics.update(latency_metrics(latencies[answered]), error_share=1.0 - share)
        metrics["throttled_seconds"] = float(waits.mean())
        ended = limit / cycle if closed and cycle > 0 else rate
        metrics["throughput_per_second"] = ended * share
        return Prediction(metrics)


def _of_pauses(settings: AsyncIORunSettings, limit: int) -> list[str]:
    """Return that a full server asks for pauses, which no answer counts, where it can be full."""
    pause, room = settings.retry_after_seconds, settings.capacity
    own = settings.urls is None and settings.measured is None
    if not own or pause is None or room is None or limit <= room + settings.server_queue:
        return []
    said = (
        f"{limit} in flight fill the server, which then asks for pauses of "
        f"{in_words(pause, 'seconds')} (retry_after_seconds): these are not predicted"
    )
    return [said]


def _is_capped(settings: AsyncIORunSettings) -> bool:
    """Say whether a run would be on a server of the user's, and keep to a cap on the rate."""
    return settings.urls is not None


def _length(requests: slice, whole: int) -> int:
    stop = whole if requests.stop is None else requests.stop
    return max(0, int(stop) - int(requests.start or 0))


def _counted(metrics: Metrics, count: int) -> Metrics:
    """Return shares of requests as numbers of them too."""
    counted = {"requests": float(count), **metrics}
    for name, share in (("errors", "error_share"), ("timeouts", "timeout_share")):
        if share in metrics:
            counted[name] = float(round(metrics[share] * count))
    counted.pop("timeout_share", None)
    return counted
