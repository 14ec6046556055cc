"""Service times of a database by how many connections are in use, from a calibration."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.latency import QUANTILES
from perflab.modelling.prediction import Costs
from perflab.modelling.usl import Usl, fit_usl

Floats = npt.NDArray[np.float64]
_MOST_DRAWN = 16_000_000
_SHORTEST = 1e-9
_NEARER_TO_FULL = 0.75


class _Curve:
    """Measured service times by how many connections a service finds in use, its own included."""

    def __init__(self, costs: Costs, in_use: Callable[[int], float]) -> None:
        measured = sorted((in_use(int(size)), cost) for size, cost in costs.items())
        self.numbers = np.array([number for number, _ in measured], dtype=np.float64)
        self.means = np.array([cost["mean"] for _, cost in measured], dtype=np.float64)
        self.quantiles = [np.asarray(cost["quantiles"], np.float64) for _, cost in measured]

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

    Args:
        costs: ``service`` with ``mean`` and ``quantiles`` by connections in use, ``service_half``
            with the same by the size of the pool that was half busy (may be missing), and ``usl``.
    """

    def __init__(self, costs: Costs) -> None:
        self.key = self.key_of(costs)
        self._full = _Curve(costs["service"], lambda size: size)
        half = costs.get("service_half")
        self._half = _Curve(half, lambda size: _found(size / 2, size)) if half else self._full
        self._quantiles = [*self._full.quantiles, *self._half.quantiles]
        usl = costs.get("usl")
        if usl is None:
            numbers, means = self._full.numbers, self._full.means
            self._law = fit_usl(numbers.tolist(), (numbers / means).tolist())
        else:
            self._law = Usl(usl["rate"], usl["contention"], usl["coherency"])
        self._lock = threading.Lock()
        self._drawn: KeptAnswers[tuple[int, int, int], Floats] = KeptAnswers(_MOST_DRAWN, len)

    @staticmethod
    def key_of(costs: Costs) -> tuple[Any, ...]:
        """Return what tells one calibration from another."""
        service, half = (
            tuple(
                sorted(
                    (int(number), cost["mean"], tuple(cost["quantiles"]))
                    for number, cost in (costs.get(name) or {}).items()
                )
            )
            for name in ("service", "service_half")
        )
        usl = tuple(sorted((costs.get("usl") or {}).items()))
        return (service, half, usl, costs.get("connect_seconds"), costs.get("overhead_seconds"))

    def mean(self, in_use: float, utilisation: float = 1.0) -> float:
        """Return the mean service time in seconds with so many connections in use."""
        share = min(max(2.0 * utilisation - 1.0, 0.0), 1.0)
        full, half = self._full.mean(in_use, self._law), self._half.mean(in_use, self._law)
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
        key = (shape, count, seed)
        # Sizes that threads compute at once share their draws, too.
        with self._lock:
            return self._drawn.answer(key, lambda: self._draw(*key))

    def _draw(self, shape: int, count: int, seed: int) -> Floats:
        # Between two quantiles a tail falls off more like a power than like a straight line.
        edges = np.log(np.maximum(self._quantiles[shape], _SHORTEST))
        shares = np.random.default_rng(seed).random(count)
        drawn: Floats = np.exp(np.interp(shares, QUANTILES, edges))
        lows, widths = np.exp(edges[:-1]), np.diff(edges)
        means = lows * np.where(widths > 0, np.expm1(widths) / np.maximum(widths, 1e-300), 1.0)
        drawn /= float((means * np.diff(QUANTILES)).sum())
        return drawn


def _found(kept: float, connections: int) -> float:
    """Return how many connections a service finds in use, where so many are on average."""
    return min(1.0 + kept, float(connections))
