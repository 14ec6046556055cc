"""What the model of the client must be told: `AsyncIOCosts`, read out of a calibration or a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import OutcomeCost
from perflab.modelling.prediction import Costs

Floats = npt.NDArray[np.float64]
ByNumber = tuple[tuple[int, float], ...]
"""A cost in seconds by requests in flight, rising."""


@dataclasses.dataclass(frozen=True)
class MeasuredPoint:
    """What a server did while so many requests were in flight.

    Attributes:
        throughput: Requests per second that were answered well.
        latency: Of those that were answered, in seconds.
        error_share: The share that failed, from 0 to 1.
        throttled_seconds: How long each waited in the client's own limiter.
    """

    throughput: float
    latency: OutcomeCost
    error_share: float
    throttled_seconds: float = 0.0

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration holds."""
        return cls(
            float(costs["throughput"]),
            OutcomeCost.of(costs["latency"]),
            float(costs["error_share"]),
            float(costs.get("throttled_seconds", 0.0)),
        )

    @property
    def ended(self) -> float:
        """How many requests per second came to an end, well or not."""
        return self.throughput / (1.0 - self.error_share)


Points = tuple[tuple[float, MeasuredPoint], ...]
"""Points by requests in flight, rising."""


@dataclasses.dataclass(frozen=True, slots=True)
class OwnCosts:
    """What perflab's server and its client take beside the service times.

    Attributes:
        bottleneck_seconds: What the event loops of both let through one at a time.
        timer_seconds: How much later than asked an answer is there that the server waited with,
            since timers are late and event loops busy.
        delay_seconds: What a request takes beside.
        beside: How that was distributed by requests in flight, rising, with all that a request
            took beside the server's wait; empty where it is not known.
    """

    bottleneck_seconds: ByNumber
    timer_seconds: ByNumber
    delay_seconds: float
    beside: tuple[tuple[int, OutcomeCost], ...] = ()


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class RunTimes:
    """What a run itself has measured of each request, in order.

    Attributes:
        arrivals: When each was due, in seconds.
        services: How long each took.
        throttled: How long each waited in the client's own limiter.
        outcomes: What became of each, by the numbers of `kernels.in_flight`.
    """

    arrivals: Floats
    services: Floats
    throttled: Floats
    outcomes: Floats


@dataclasses.dataclass(frozen=True, slots=True)
class AsyncIOCosts:
    """What the model must be told.

    Attributes:
        own: Of perflab's server; none where only a server of the user's is known.
        points: Of the user's server; none where it is not measured.
        capped: Up to which number in flight the cap on the rate left that server free, 0 for
            none; None where it always did.
        run: What the run itself has measured, where it has.
    """

    own: OwnCosts | None = None
    points: Points | None = None
    capped: int | None = None
    run: RunTimes | None = None

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration, or a run, holds."""
        own = points = run = None
        if "bottleneck_seconds" in costs:
            own = OwnCosts(
                _by_number(costs["bottleneck_seconds"]),
                _by_number(costs["timer_seconds"]),
                float(costs["delay_seconds"]),
                _distributions(costs.get("beside", {})),
            )
        if "points" in costs:
            found = {float(n): MeasuredPoint.of(point) for n, point in costs["points"].items()}
            points = tuple(sorted(found.items(), key=lambda one: one[0]))
        if "arrival_seconds" in costs and "service_seconds" in costs:
            arrivals = np.asarray(costs["arrival_seconds"], np.float64)
            throttled = costs.get("throttled_seconds", np.zeros(len(arrivals)))
            run = RunTimes(
                arrivals,
                np.asarray(costs["service_seconds"], np.float64),
                np.asarray(throttled, np.float64),
                np.asarray(costs["outcomes"], np.float64),
            )
        return cls(own, points, costs.get("capped"), run)


def _by_number(costs: Mapping[str, float]) -> ByNumber:
    return tuple(sorted((int(number), float(value)) for number, value in costs.items()))


def _distributions(costs: Mapping[str, Costs]) -> tuple[tuple[int, OutcomeCost], ...]:
    found = {int(number): OutcomeCost.of(cost) for number, cost in costs.items()}
    return tuple(sorted(found.items(), key=lambda one: one[0]))
