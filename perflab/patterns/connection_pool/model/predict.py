"""The connection pool's what-if: waits of arrivals before connections to a database."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.connection_pool.model.metrics import queue_metrics, waits_of
from perflab.patterns.connection_pool.model.services import PoolServices
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals

Floats = npt.NDArray[np.float64]
QUICK_CUSTOMERS = 50_000
_BAND_CUSTOMERS = 100_000
_BAND_DRAWS = 4
_SERVICE_OFF = 0.02
_SHORT_PASS = 200_000


class ConnectionPoolModel:
    """Predictions for one sequence of arrivals; keeps what it has computed.

    Customers are served in order of arrival by `kernels.queue_waits`. One that gives up counts
    with the timeout as its wait, as in a live run; so does one that ``max_waiting`` turns away.
    Service times are drawn from the calibration, with a fixed seed, at the number of connections
    in use when a service starts; where the costs carry a run's own ``arrival_seconds`` and
    ``service_seconds``, these are taken as they are, and those of callers that were not served
    are drawn from them. Recorded durations of the arrivals go before the calibration where all
    requests are asked for; a slice stands beside a live run, whose queries are its own.
    Connections that are replaced at `max_lifetime` cost nothing here.

    Args:
        arrivals: The workload.
        customers: Answer for so many of the first arrivals only; None is all.
    """

    def __init__(self, arrivals: Arrivals, customers: int | None = None) -> None:
        self._arrivals = arrivals
        self._length = min(len(arrivals), customers or len(arrivals))
        self._recorded = _filled(arrivals.durations, self._length)
        self._lock = threading.Lock()
        self._answers: KeptAnswers[tuple[Any, ...], Prediction] = KeptAnswers()
        self._services: PoolServices | None = None
        self._queue: tuple[tuple[Any, ...], Floats, kernels.Queue] | None = None
        self._quick: ConnectionPoolModel | None = None

    def predict(
        self,
        settings: ConnectionPoolSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        The error is half the band around the mean wait: what service times 2 % off would do, and
        twice what two draws of service times differ by. A run's own arrays are exact.
        """
        if "arrival_seconds" in costs and "service_seconds" in costs:
            return self._of_run(settings, costs, requests)
        services = self._services_of(costs)
        if requests is not None:
            return self._of_slice(settings, load, costs, services, requests)
        key = (services.key, *_key(settings, load))
        return self._answers.answer(key, lambda: self._whole(settings, load, costs, services))

    def preview(
        self, settings: ConnectionPoolSettings, load: LoadSettings, costs: Costs
    ) -> Prediction:
        """Return a first picture from the first 50,000 arrivals, or the answer if it is known."""
        if self.ready(settings, load) or self._length <= QUICK_CUSTOMERS:
            return self.predict(settings, load, costs)
        if self._quick is None:
            self._quick = ConnectionPoolModel(self._arrivals, QUICK_CUSTOMERS)
        return self._quick.predict(settings, load, costs)

    def ready(self, settings: ConnectionPoolSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests, at the costs last asked with, is known."""
        services = self._services
        return services is not None and (services.key, *_key(settings, load)) in self._answers

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def _services_of(self, costs: Costs) -> PoolServices:
        with self._lock:
            if self._services is None or self._services.key != PoolServices.key_of(costs):
                self._services = PoolServices(costs)
            return self._services

    def _times(self, load: LoadSettings, count: int) -> Floats:
        times: Floats = self._arrivals.times
        if count > len(times):
            times = np.concatenate([times, times + pass_seconds(times)])
        speed: float = load.speedup or 1.0
        if load.request_rate is not None:
            speed = load.request_rate / self._arrivals.rate
        dated: Floats = (times[:count] - times[0]) / speed
        return dated

    def _lengths(
        self, services: PoolServices, settings: ConnectionPoolSettings, load: LoadSettings
    ) -> tuple[Floats, Floats | None]:
        """Return service times of all requests and the factors by connections in use."""
        if self._recorded is not None:
            return self._recorded, None
        rate = load.request_rate or self._arrivals.rate * (load.speedup or 1.0)
        shape = services.shape(settings.max_connections, rate)
        drawn = services.draw(shape, self._length, load.seed)
        return drawn, services.seconds(settings.max_connections, rate)

    def _whole(
        self,
        settings: ConnectionPoolSettings,
        load: LoadSettings,
        costs: Costs,
        services: PoolServices,
    ) -> Prediction:
        times = self._times(load, self._length)
        lengths, factors = self._lengths(services, settings, load)
        queue = _run(settings, costs, times, lengths, factors)
        metrics = queue_metrics(settings, costs, times, queue)
        error = self._band(settings, load, costs, services, times, lengths, factors)
        remarks = []
        if self._recorded is not None:
            remarks.append("service times are the recorded durations, at any number of connections")
        if metrics["utilisation"] > 1.0 - 1e-3:
            remarks.append(
                f"{settings.max_connections} connections cannot keep up: the wait grows with "
                "the length of the workload"
            )
        if metrics["callers_refused"] > 0:
            remarks.append("a refused caller counts with the timeout as its wait")
        share = self._length / len(self._arrivals)
        return Prediction(metrics, sampled=share, error=error, remarks=tuple(remarks))

    def _band(
        self,
        settings: ConnectionPoolSettings,
        load: LoadSettings,
        costs: Costs,
        services: PoolServices,
        times: Floats,
        lengths: Floats,
        factors: Floats | None,
    ) -> float:
        count = min(len(times), _BAND_CUSTOMERS)
        part = times[:count]

        def wait(values: Floats) -> float:
            queue = _run(settings, costs, part, values[:count], factors)
            return float(waits_of(queue.waits, settings.timeout).mean())

        here = wait(lengths)
        off = max(abs(wait(lengths * (1 + sign * _SERVICE_OFF)) - here) for sign in (-1, 1))
        if self._recorded is not None:
            return off
        rate = load.request_rate or self._arrivals.rate * (load.speedup or 1.0)
        shape = services.shape(settings.max_connections, rate)
        draws = [here] + [
            wait(services.draw(shape, count, load.seed + 1 + draw)) for draw in range(_BAND_DRAWS)
        ]
        # The answer is one draw and a run is another: their difference spreads by root 2 more.
        spread = 2.0 * math.sqrt(2.0 * count / len(times)) * float(np.std(draws, ddof=1))
        return math.hypot(off, spread)

    def _of_slice(
        self,
        settings: ConnectionPoolSettings,
        load: LoadSettings,
        costs: Costs,
        services: PoolServices,
        requests: slice,
    ) -> Prediction:
        """Answer for requests of a live run, from a queue of two passes at the most."""
        length = self._length
        last = length if requests.stop is None else requests.stop
        first = min(requests.start or 0, last)
        # A short pass is over soon: with both at once no memory is taken in the midst of a run.
        passes = 1 if last <= length and length > _SHORT_PASS else 2
        key = (services.key, passes, *_key(settings, load))
        if self._queue is None or self._queue[0] != key:
            times = self._times(load, passes * length)
            rate = load.request_rate or self._arrivals.rate * (load.speedup or 1.0)
            shape = services.shape(settings.max_connections, rate)
            lengths = services.draw(shape, len(times), load.seed)
            factors = services.seconds(settings.max_connections, rate)
            self._queue = key, times, _run(settings, costs, times, lengths, factors)
        _, times, queue = self._queue
        if last > 2 * length:
            # From the second pass on every pass is like the second.
            asked = last - first
            first = length + first % length if asked < length else length
            last = min(first + asked, 2 * length)
        return Prediction(queue_metrics(settings, costs, times, queue, slice(first, last)))

    def _of_run(
        self, settings: ConnectionPoolSettings, costs: Costs, requests: slice | None
    ) -> Prediction:
        times = np.asarray(costs["arrival_seconds"], dtype=np.float64)
        lengths = _filled(np.asarray(costs["service_seconds"], dtype=np.float64), len(times))
        if len(times) == 0 or lengths is None:
            return Prediction({})
        queue = _run(settings, costs, times, lengths, None)
        first = 0 if requests is None else min(requests.start or 0, len(times) - 1)
        return Prediction(queue_metrics(settings, costs, times, queue, slice(first, len(times))))


def _filled(durations: Floats | None, count: int) -> Floats | None:
    """Return recorded durations with known ones, drawn at random, where one is not known."""
    if durations is None:
        return None
    durations = durations[:count]
    missing = np.isnan(durations)
    if missing.all():
        return None
    if not missing.any():
        return durations
    draw = np.random.default_rng(0)
    filled = durations.copy()
    filled[missing] = draw.choice(durations[~missing], int(missing.sum()))
    return filled


def _key(settings: ConnectionPoolSettings, load: LoadSettings) -> tuple[Any, ...]:
    return (
        settings.max_connections,
        settings.min_connections,
        settings.timeout,
        settings.max_idle,
        settings.order,
        settings.max_waiting,
        load.request_rate,
        None if load.request_rate is not None else load.speedup,
        load.seed,
    )


def _run(
    settings: ConnectionPoolSettings,
    costs: Costs,
    times: Floats,
    lengths: Floats,
    factors: Floats | None,
) -> kernels.Queue:
    return kernels.queue_waits(
        times,
        lengths,
        settings.max_connections,
        timeout=settings.timeout,
        factors=factors,
        min_connections=settings.min_connections,
        connect_seconds=costs.get("connect_seconds", 0.0),
        max_idle=math.inf if settings.max_idle is None else settings.max_idle,
        handover_seconds=costs.get("handover_seconds", 0.0),
        max_waiting=settings.max_waiting,
        oldest_first=settings.order == "fifo",
    )
