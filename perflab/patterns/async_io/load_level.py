"""`Level`: what a load test measured while so many users were at work."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from perflab.errors import BadInputError
from perflab.modelling.latency import OutcomeCost
from perflab.patterns.async_io.costs import MeasuredPoint

SHARES = (*(step / 100 for step in range(100)), 0.995, 0.999, 1.0)
MILLISECONDS = 1e-3
# Nanoseconds since 1970 are below; nobody's load test has more users.
MOST = 1e20
MOST_USERS = 1e9
_FEWEST = 5
_MOST = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """What was measured while the number of users stayed the same.

    Attributes:
        users: How many virtual users there were.
        requests: How many requests ended.
        failures: How many of them failed.
        seconds: How long.
        busy_seconds: The latencies of all requests together.
        quantiles: Latencies in seconds at `SHARES`.
    """

    users: int
    requests: int
    failures: int
    seconds: float
    busy_seconds: float
    quantiles: tuple[float, ...]

    @property
    def in_flight(self) -> float:
        """How many requests were in flight on average, by Little's law.

        Fewer than there are users: these also think, and run code of their own.
        """
        return self.busy_seconds / self.seconds

    @property
    def mean(self) -> float:
        """The mean latency in seconds."""
        return self.busy_seconds / self.requests

    @property
    def throughput(self) -> float:
        """Requests per second that were answered, without those that failed."""
        return (self.requests - self.failures) / self.seconds

    @property
    def error_share(self) -> float:
        """The share of requests that failed, from 0 to 1."""
        return self.failures / self.requests

    def point(self) -> MeasuredPoint:
        """Return it as a calibration has its points."""
        latency = OutcomeCost(self.mean, self.quantiles)
        return MeasuredPoint(self.throughput, latency, self.error_share)


def usable(levels: Iterable[Level]) -> list[Level]:
    """Return the levels that tell something, by rising users, and neighbours of many as one.

    While users come one by one, each number of them lasts for a second only.
    """
    enough = (
        level
        for level in levels
        if level.users > 0
        and level.requests >= _FEWEST
        and level.failures < level.requests
        and level.busy_seconds > 0
    )
    found = sorted(enough, key=lambda level: level.users)
    if len(found) <= _MOST:
        return found
    low, high = math.log(found[0].users), math.log(found[-1].users)
    bins: dict[int, list[Level]] = {}
    for level in found:
        place = (math.log(level.users) - low) / (high - low)
        bins.setdefault(round(place * (_MOST - 1)), []).append(level)
    return [_together(some) for some in bins.values()]


def _together(levels: list[Level]) -> Level:
    seconds = sum(level.seconds for level in levels)
    weights = [level.requests for level in levels]
    quantiles = np.average([level.quantiles for level in levels], axis=0, weights=weights)
    return Level(
        users=round(sum(level.users * level.seconds for level in levels) / seconds),
        requests=sum(weights),
        failures=sum(level.failures for level in levels),
        seconds=seconds,
        busy_seconds=sum(level.busy_seconds for level in levels),
        quantiles=tuple(float(value) for value in quantiles),
    )


def number(path: Path, line: int, text: str, column: str, most: float = MOST) -> float:
    """Return a number of a results file.

    Args:
        path: The file.
        line: The line.
        text: What stands there.
        column: The column.
        most: The greatest number that can be.

    Raises:
        BadInputError: If it is none, or too great, with file and line.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise BadInputError(f"{text[:80]!r} is not a number for {column}", f"{path}:{line}")
    return value
