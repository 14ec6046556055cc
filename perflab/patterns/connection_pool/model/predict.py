"""The connection pool's what-if: waits of arrivals before connections to a database."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.connection_pool.model.metrics import (
    beyond_two_passes,
    counted_for,
    queue_metrics,
    waits_of,
)
from perflab.patterns.connection_pool.model.queue import (
    Asked,
    checked_out,
    checkouts_of,
    pool_queue,
)
from perflab.patterns.connection_pool.model.services import (
    DrawnTimes,
    PoolCosts,
    PoolServices,
    RunTimes,
    asked_rate,
)
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.units import counted
from perflab.workloads.kinds.passes import pass_seconds

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals

Floats = npt.NDArray[np.float64]
QUICK_CUSTOMERS = 50_000
_BAND_CUSTOMERS = 100_000
_BAND_DRAWS = 4
_SERVICE_OFF = 0.02
_SHORT_PASS = 200_000


_Key = tuple[PoolCosts, *tuple[float | str | None, ...]]
"""Costs, how many arrivals or passes, and what of the settings matters."""
_MOST_QUEUES = 2
"""Those of a run that goes on: at the costs of the calibration and at its own."""


class _Kept:
    """What models of the same arrivals have computed, at all costs."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.recorded = _filled(arrivals.durations, len(arrivals))
        self.answers: KeptAnswers[_Key, Prediction] = KeptAnswers()
        self.queues: KeptAnswers[_Key, tuple[Floats, kernels.Queue]] = KeptAnswers(_MOST_QUEUES)
        self.drawn = DrawnTimes()


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
        costs: What a query, a connect and a handover take.
        kept: What other models of these arrivals have computed.
        customers: Answer for so many of the first arrivals only; None is all.
    """

    def __init__(
        self, arrivals: Arrivals, costs: PoolCosts, kept: _Kept, customers: int | None = None
    ) -> None:
        self._arrivals, self._costs, self._kept = arrivals, costs, kept
        self._length = min(len(arrivals), customers or len(arrivals))
        self._recorded = None if kept.recorded is None else kept.recorded[: self._length]
        self._services = PoolServices(costs, kept.drawn)

    @classmethod
    def of(cls, arrivals: Arrivals, costs: Costs) -> Self:
        """Return the model of arrivals at the costs of a calibration."""
        return cls(arrivals, PoolCosts.of(costs), _Kept(arrivals))

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same arrivals at other costs."""
        return type(self)(self._arrivals, PoolCosts.of(costs), self._kept, self._length)

    def predict(
        self, settings: ConnectionPoolSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        The error is half the band around the mean wait: what service times 2 % off would do, and
        twice what two draws of service times differ by. A run's own arrays are exact.
        """
        if self._costs.run is not None:
            return self._of_run(settings, self._costs.run, requests)
        if requests is not None:
            return self._of_slice(settings, load, requests)
        key = self._key(settings, load, self._length)
        return self._kept.answers.answer(key, lambda: self._whole(settings, load))

    def preview(self, settings: ConnectionPoolSettings, load: LoadSettings) -> Prediction:
        """Return a first picture from the first 50,000 arrivals, or the answer if it is known."""
        if self.ready(settings, load) or self._length <= QUICK_CUSTOMERS:
            return self.predict(settings, load)
        quick = type(self)(self._arrivals, self._costs, self._kept, QUICK_CUSTOMERS)
        return quick.predict(settings, load)

    def ready(self, settings: ConnectionPoolSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests is known."""
        return self._key(settings, load, self._length) in self._kept.answers

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def queue(self, settings: ConnectionPoolSettings, load: LoadSettings) -> kernels.Queue:
        """Return what becomes of each arrival, with service times of the calibration."""
        times = self._times(load, self._length)
        lengths, factors = self._lengths(settings, load)
        return self._run(settings, times, lengths, factors, follow=True)

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
        self, settings: ConnectionPoolSettings, load: LoadSettings
    ) -> tuple[Floats, Floats | None]:
        """Return service times of all requests and the factors by connections in use."""
        if self._recorded is not None:
            return self._recorded, None
        services, rate = self._services, self._rate(load)
        shape = services.shape(settings.max_connections, rate)
        drawn = services.draw(shape, self._length, load.seed)
        return drawn, services.seconds(settings.max_connections, rate)

    def _rate(self, load: LoadSettings) -> float:
        return asked_rate(self._arrivals, load)

    def _whole(self, settings: ConnectionPoolSettings, load: LoadSettings) -> Prediction:
        times = self._times(load, self._length)
        lengths, factors = self._lengths(settings, load)
        queue = self._run(settings, times, lengths, factors)
        metrics = queue_metrics(settings, self._costs, times, queue)
        error = self._band(settings, load, times, lengths, factors)
        remarks = []
        if self._recorded is not None:
            remarks.append("service times are the recorded durations, at any number of connections")
        # A single request keeps its connection busy all the time, and nobody waits.
        behind = metrics["utilisation"] > 1.0 - 1e-3 and metrics["wait_seconds_mean"] > 0
        if behind:
            remarks.append(
                f"{counted(settings.max_connections, 'connection')} cannot keep up: the wait "
                "grows with the length of the workload"
            )
        if metrics["callers_refused"] > 0:
            remarks.append("a refused caller counts with the timeout as its wait")
        share = self._length / len(self._arrivals)
        said = tuple(remarks)
        return Prediction(metrics, sampled=share, error=error, remarks=said, behind=behind)

    def _band(
        self,
        settings: ConnectionPoolSettings,
        load: LoadSettings,
        times: Floats,
        lengths: Floats,
        factors: Floats | None,
    ) -> float:
        count = min(len(times), _BAND_CUSTOMERS)
        part = times[:count]

        def wait(values: Floats) -> float:
            queue = self._run(settings, part, values[:count], factors)
            return float(waits_of(queue.waits, settings.timeout).mean())

        here = wait(lengths)
        off = max(abs(wait(lengths * (1 + sign * _SERVICE_OFF)) - here) for sign in (-1, 1))
        if self._recorded is not None:
            return off
        services = self._services
        shape = services.shape(settings.max_connections, self._rate(load))
        draws = [here] + [
            wait(services.draw(shape, count, load.seed + 1 + draw)) for draw in range(_BAND_DRAWS)
        ]
        # The answer is one draw and a run is another: their difference spreads by root 2 more.
        spread = 2.0 * math.sqrt(2.0 * count / len(times)) * float(np.std(draws, ddof=1))
        return math.hypot(off, spread)

    def _of_slice(
        self, settings: ConnectionPoolSettings, load: LoadSettings, requests: slice
    ) -> Prediction:
        """Answer for requests of a live run, from a queue of two passes at the most."""
        length = self._length
        last = length if requests.stop is None else requests.stop
        first = min(requests.start or 0, last)
        # A short pass is over soon: with both at once no memory is taken in the midst of a run.
        passes = 1 if last <= length and length > _SHORT_PASS else 2
        times, queue = self._kept.queues.answer(
            self._key(settings, load, passes), lambda: self._queue(settings, load, passes)
        )
        known = (settings, self._costs, times, queue)
        if last > 2 * length and first < last:
            return Prediction(beyond_two_passes(*known, first, last))
        return Prediction(queue_metrics(*known, slice(first, last)))

    def _queue(
        self, settings: ConnectionPoolSettings, load: LoadSettings, passes: int
    ) -> tuple[Floats, kernels.Queue]:
        """Return the times of so many passes, and their queue."""
        services, rate = self._services, self._rate(load)
        times = self._times(load, passes * self._length)
        shape = services.shape(settings.max_connections, rate)
        lengths = services.draw_anew(shape, len(times), load.seed)
        factors = services.seconds(settings.max_connections, rate)
        return times, self._run(settings, times, lengths, factors)

    def _of_run(
        self, settings: ConnectionPoolSettings, own: RunTimes, requests: slice | None
    ) -> Prediction:
        times, lengths = own.arrivals, _filled(own.services, len(own.arrivals))
        if len(times) == 0 or lengths is None:
            return Prediction({})
        asked = Asked.of(times, own.late)
        services = lengths[asked.order]

        def play(held: Floats) -> kernels.Queue:
            return self._run(settings, asked.times, services + held, None)

        checkouts = checkouts_of(self._costs, len(times))
        queue = asked.as_due(checked_out(play, checkouts[asked.order]))
        first = 0 if requests is None else min(requests.start or 0, len(times) - 1)
        part = slice(first, len(times))
        metrics = queue_metrics(settings, self._costs, times, queue, part, own.late, checkouts)
        # A long run keeps the times of its first requests alone.
        last = None if requests is None else requests.stop
        return Prediction(metrics if last is None else counted_for(metrics, last - first))

    def _run(
        self,
        settings: ConnectionPoolSettings,
        times: Floats,
        lengths: Floats,
        factors: Floats | None,
        *,
        follow: bool = False,
    ) -> kernels.Queue:
        return pool_queue(settings, self._costs, times, lengths, factors, follow=follow)

    def _key(self, settings: ConnectionPoolSettings, load: LoadSettings, length: int) -> _Key:
        return (
            self._costs,
            length,
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
