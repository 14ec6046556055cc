"""Service times of a database by how many connections are in use, from a calibration."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.models.latency import QUANTILES
from perflab.models.prediction import Costs
from perflab.models.usl import Usl, fit_usl

Floats = npt.NDArray[np.float64]
_MOST_DRAWN = 16_000_000
_SHORTEST = 1e-9


class PoolServices:
    """What a calibration tells of service times.

    The mean at a number of connections in use is the measured one, between two of them by a
    straight line, and outside of them as the Universal Scalability Law goes on. Single times
    spread about their mean as at the measured number nearest to what a service finds in use,
    itself included: as many others as the load keeps in use on average (arrivals that come at
    random see time averages), at the most the whole pool.

    Args:
        costs: ``service`` with ``mean`` and ``quantiles`` by connections in use, and ``usl``.
    """

    def __init__(self, costs: Costs) -> None:
        self.key = self.key_of(costs)
        measured = sorted((int(number), cost) for number, cost in costs["service"].items())
        self._numbers = np.array([number for number, _ in measured], dtype=np.float64)
        self._means = np.array([cost["mean"] for _, cost in measured], dtype=np.float64)
        self._quantiles = [np.asarray(cost["quantiles"], np.float64) for _, cost in measured]
        usl = costs.get("usl")
        if usl is None:
            self._law = fit_usl(self._numbers.tolist(), (self._numbers / self._means).tolist())
        else:
            self._law = Usl(usl["rate"], usl["contention"], usl["coherency"])
        self._lock = threading.Lock()
        self._drawn: dict[tuple[int, int, int], Floats] = {}

    @staticmethod
    def key_of(costs: Costs) -> tuple[Any, ...]:
        """Return what tells one calibration from another."""
        service = tuple(
            sorted(
                (int(number), cost["mean"], tuple(cost["quantiles"]))
                for number, cost in costs["service"].items()
            )
        )
        usl = tuple(sorted((costs.get("usl") or {}).items()))
        return (service, usl, costs.get("connect_seconds"), costs.get("overhead_seconds"))

    def mean(self, in_use: float) -> float:
        """Return the mean service time in seconds with so many connections in use."""
        near = float(np.clip(in_use, self._numbers[0], self._numbers[-1]))
        known = float(np.interp(near, self._numbers, self._means))
        if near == in_use:
            return known
        return known * self._law.seconds(max(in_use, 1.0)) / self._law.seconds(near)

    def seconds(self, connections: int) -> Floats:
        """Return the mean service times with 0 to so many connections in use."""
        numbers = np.arange(connections + 1, dtype=np.float64)
        numbers[0] = 1.0
        return np.array([self.mean(number) for number in numbers])

    def shape(self, connections: int, rate: float) -> int:
        """Return which of the measured distributions is nearest to what a service finds in use."""
        in_use = float(connections)
        for number in range(1, connections + 1):
            kept = rate * self.mean(number)
            if kept <= number:
                in_use = min(1.0 + kept, in_use)
                break
        return int(np.abs(self._numbers - in_use).argmin())

    def draw(self, shape: int, count: int, seed: int) -> Floats:
        """Return drawn service times as multiples of their mean; kept, since sizes share them."""
        key = (shape, count, seed)
        with self._lock:
            if key not in self._drawn:
                if sum(map(len, self._drawn.values())) > _MOST_DRAWN:
                    self._drawn.clear()
                self._drawn[key] = self._draw(*key)
            return self._drawn[key]

    def _draw(self, shape: int, count: int, seed: int) -> Floats:
        # Between two quantiles a tail falls off more like a power than like a straight line.
        edges = np.log(np.maximum(self._quantiles[shape], _SHORTEST))
        shares = np.random.default_rng(seed).random(count)
        drawn: Floats = np.exp(np.interp(shares, QUANTILES, edges))
        lows, widths = np.exp(edges[:-1]), np.diff(edges)
        means = lows * np.where(widths > 0, np.expm1(widths) / np.maximum(widths, 1e-300), 1.0)
        drawn /= float((means * np.diff(QUANTILES)).sum())
        return drawn
