"""Service times of a database by how many connections are in use, from a calibration."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.latency import QUANTILES, OutcomeCost
from perflab.modelling.prediction import Costs
from perflab.modelling.usl import Usl, fit_usl

if TYPE_CHECKING:
    from perflab.settings import LoadSettings
    from perflab.workloads.kinds.arrivals import Arrivals

Floats = npt.NDArray[np.float64]
_MOST_DRAWN = 16_000_000
_SHORTEST = 1e-9
_NEARER_TO_FULL = 0.75


Measured = tuple[tuple[int, OutcomeCost], ...]
"""Service times by a number of connections, rising."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class RunTimes:
    """What a run itself has measured of each arrival, in order.

    Attributes:
        arrivals: When each came, in seconds.
        services: How long each held its connection; NaN for one that was not served.
        late: How long after that its thread woke and asked the pool, in seconds; None where that
            is not known.
        checkouts: How long one that found a connection idle waited for it all the same, in seconds;
            NaN for others; None where that is not known.
    """

    arrivals: Floats
    services: Floats
    late: Floats | None = None
    checkouts: Floats | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class PoolCosts:
    """What the model must be told.

    Attributes:
        service: Service times by connections in use, all of them busy all the time.
        half: The same by the size of a pool that was half busy; may be empty.
        law: The Universal Scalability Law through `service`; none where it is to be fitted.
        connect_seconds: What it takes to make a connection.
        handover_seconds: What it takes to wake a caller that waits.
        overhead_seconds: What lies between two requests of a client.
        lend: What a caller waits who finds a connection idle; none where that is not known.
        checkout: The part of it that comes after the caller has asked; likewise.
        run: What the run itself has measured, where it has.
    """

    service: Measured
    half: Measured = ()
    law: Usl | None = None
    connect_seconds: float = 0.0
    handover_seconds: float = 0.0
    overhead_seconds: float = 0.0
    lend: OutcomeCost | None = None
    checkout: OutcomeCost | None = None
    run: RunTimes | None = None

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration, or a run, holds."""
        usl, run = costs.get("usl"), None
        if "arrival_seconds" in costs and "service_seconds" in costs:
            run = RunTimes(
                np.asarray(costs["arrival_seconds"], np.float64),
                np.asarray(costs["service_seconds"], np.float64),
                _floats(costs.get("late_seconds")),
                _floats(costs.get("checkout_seconds")),
            )
        return cls(
            _by_number(costs["service"]),
            _by_number(costs.get("service_half") or {}),
            None if usl is None else Usl(usl["rate"], usl["contention"], usl["coherency"]),
            costs.get("connect_seconds", 0.0),
            costs.get("handover_seconds", 0.0),
            costs.get("overhead_seconds", 0.0),
            OutcomeCost.of(costs["lend"]) if costs.get("lend") else None,
            OutcomeCost.of(costs["checkout"]) if costs.get("checkout") else None,
            run,
        )


def _floats(values: object) -> Floats | None:
    return None if values is None else np.asarray(values, np.float64)


def _by_number(costs: Mapping[str, Costs]) -> Measured:
    found = {int(number): OutcomeCost.of(cost) for number, cost in costs.items()}
    return tuple(sorted(found.items(), key=lambda one: one[0]))


class _Curve:
    """Measured service times by how many connections a service finds in use, its own included."""

    def __init__(self, measured: Measured, in_use: Callable[[int], float]) -> None:
        self.numbers = np.array([in_use(number) for number, _ in measured], dtype=np.float64)
        self.means = np.array([cost.mean for _, cost in measured], dtype=np.float64)
        self.quantiles = [np.asarray(cost.quantiles, np.float64) for _, cost in measured]

    def mean(self, in_use: float, law: Usl) -> float:
        """Return the mean, outside of what was measured as the law goes on."""
        near = float(np.clip(in_use, self.numbers[0], self.numbers[-1]))
        known = float(np.interp(near, self.numbers, self.means))
        if near == in_use:
            return known
        return known * law.seconds(max(in_use, 1.0)) / law.seconds(near)

    def nearest(self, in_use: float) -> int:
        """Return which of the measured numbers is nearest."""
        return int(np.abs(self.numbers - in_use).argmin())


class DrawnTimes:
    """Times that were drawn from quantiles; sizes and models share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn: KeptAnswers[tuple[bytes, int, int], Floats] = KeptAnswers(_MOST_DRAWN, len)

    def draw(self, quantiles: Floats, count: int, seed: int) -> Floats:
        """Return so many times as multiples of their mean."""
        # Sizes that threads compute at once share their draws, too.
        with self._lock:
            return self._drawn.answer(
                (quantiles.tobytes(), count, seed), lambda: _drawn(quantiles, count, seed)
            )


def _drawn(quantiles: Floats, count: int, seed: int) -> Floats:
    # Between two quantiles a tail falls off more like a power than like a straight line.
    edges = np.log(np.maximum(quantiles, _SHORTEST))
    shares = np.random.default_rng(seed).random(count)
    drawn = kernels.values_at(shares, QUANTILES, edges)
    np.exp(drawn, out=drawn)
    lows, widths = np.exp(edges[:-1]), np.diff(edges)
    means = lows * np.where(widths > 0, np.expm1(widths) / np.maximum(widths, 1e-300), 1.0)
    drawn /= float((means * np.diff(QUANTILES)).sum())
    return drawn


class PoolServices:
    """What a calibration tells of service times.

    They are measured twice: with all connections busy all the time, and with Poisson arrivals
    that keep half of them busy, where a service is slower than the number in use tells, since
    arrivals wake clients and the database beside it. Between the two, times go by utilisation.

    The mean at a number of connections in use is the measured one, between two of them by a
    straight line, and outside of them as the Universal Scalability Law goes on. Single times
    spread about their mean as at the measured number nearest to what a service finds in use,
    itself included: as many others as the load keeps in use on average (arrivals that come at
    random see time averages), at the most the whole pool.

    Attributes:
        law: The Universal Scalability Law through the measured means.

    Args:
        costs: What was measured.
        drawn: What was drawn already; may be shared.
    """

    def __init__(self, costs: PoolCosts, drawn: DrawnTimes) -> None:
        self._full = _Curve(costs.service, lambda size: size)
        half = _Curve(costs.half, lambda size: _found(size / 2, size))
        self._half = half if costs.half else self._full
        self._quantiles = [*self._full.quantiles, *self._half.quantiles]
        self.law = costs.law or self._fitted()
        self._drawn = drawn

    def _fitted(self) -> Usl:
        numbers, means = self._full.numbers, self._full.means
        return fit_usl(numbers.tolist(), (numbers / means).tolist())

    def mean(self, in_use: float, utilisation: float = 1.0) -> float:
        """Return the mean service time in seconds with so many connections in use."""
        share = min(max(2.0 * utilisation - 1.0, 0.0), 1.0)
        full, half = self._full.mean(in_use, self.law), self._half.mean(in_use, self.law)
        return share * full + (1.0 - share) * half

    def utilisation(self, connections: int, rate: float) -> float:
        """Return how busy a load keeps a pool, at most 1."""
        return min(1.0, rate * self.mean(connections) / connections)

    def seconds(self, connections: int, rate: float) -> Floats:
        """Return the mean service times with 0 to so many connections in use, under a load."""
        busy = self.utilisation(connections, rate)
        return np.array([self.mean(max(n, 1), busy) for n in range(connections + 1)])

    def shape(self, connections: int, rate: float) -> int:
        """Return which of the measured distributions is nearest to what a service finds in use."""
        in_use = float(connections)
        for number in range(1, connections + 1):
            kept = rate * self.mean(number)
            if kept <= number:
                in_use = _found(kept, connections)
                break
        if self.utilisation(connections, rate) < _NEARER_TO_FULL:
            return len(self._full.numbers) + self._half.nearest(in_use)
        return self._full.nearest(in_use)

    def draw(self, shape: int, count: int, seed: int) -> Floats:
        """Return drawn service times as multiples of their mean; kept, since sizes share them."""
        return self._drawn.draw(self._quantiles[shape], count, seed)

    def draw_anew(self, shape: int, count: int, seed: int) -> Floats:
        """Return the same without keeping them: those of a run change every second."""
        return _drawn(self._quantiles[shape], count, seed)


def _found(kept: float, connections: int) -> float:
    """Return how many connections a service finds in use, where so many are on average."""
    return min(1.0 + kept, float(connections))


def asked_rate(arrivals: Arrivals, load: LoadSettings) -> float:
    """Return how many requests per second come under a load."""
    return load.request_rate or arrivals.rate * (load.speedup or 1.0)
