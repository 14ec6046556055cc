"""`Pace`: when each request of a run is due, and what time its clock shows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds

if TYPE_CHECKING:
    from perflab.workloads.kinds.trace import Trace


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """When requests are due from one request on, until the settings change.

    Attributes:
        length: How many requests one pass of the trace has.
        times: The trace's times in seconds, if it has them.
        pass_seconds: How much later the same request comes on the next pass.
        rate: Requests per second, if set.
        speedup: Seconds of the trace in one of ours, if set; a rate goes before it.
        own_rate: Of arrivals, their mean rate: another rate stretches their times and keeps how
            unevenly they come. None for a trace, whose requests come evenly at a rate.
        index: The request from which this pace holds.
        due_at: When that request is due, on the wall's clock.
        dated_from: The request from which this rate dates them, where the trace has no times.
        shown_at: What the run's clock shows then.
    """

    length: int
    times: memoryview | None
    pass_seconds: float
    rate: float | None
    speedup: float | None
    own_rate: float | None = None
    index: int = 0
    due_at: float = 0.0
    dated_from: int = 0
    shown_at: float = 0.0

    @classmethod
    def of(cls, trace: Trace, load: LoadSettings, now: float) -> Self:
        """Return the pace at which a run of a trace starts."""
        times = trace.times
        own_rate = getattr(trace, "rate", None)
        rate, speedup = _pace(load, timed=times is not None, own_rate=own_rate)
        return cls(
            length=len(trace),
            times=None if times is None else times.data,
            pass_seconds=0.0 if times is None else pass_seconds(times),
            rate=rate,
            speedup=speedup,
            own_rate=own_rate,
            due_at=now,
        )

    @property
    def paced(self) -> bool:
        """Say whether requests wait until they are due."""
        return self.rate is not None or self.speedup is not None

    @property
    def dated(self) -> bool:
        """Say whether requests have a time, so that a TTL can have an effect."""
        return self.times is not None or self.rate is not None

    def due(self, index: int) -> float:
        """Return when a request is due, on the wall's clock; only where `paced`."""
        if self.rate is not None:
            return self.due_at + (index - self.index) / self.rate
        return self.due_at + (self.shown(index) - self.shown(self.index)) / (self.speedup or 1.0)

    def shown(self, index: int) -> float:
        """Return what the run's clock shows at a request; only where `dated`."""
        if self.times is not None:
            return self.times[index % self.length] + (index // self.length) * self.pass_seconds
        return self.shown_at + (index - self.dated_from) / (self.rate or 1.0)

    def resumed(self, index: int, now: float, load: LoadSettings | None = None) -> Self:
        """Return the pace that goes on from a request now, with other settings if given.

        At an unchanged rate requests keep the very dates that they had.
        """
        later = dataclasses.replace(self, index=index, due_at=now)
        if load is None:
            return later
        timed = self.times is not None
        rate, speedup = _pace(load, timed=timed, own_rate=self.own_rate)
        if rate == self.rate:
            return dataclasses.replace(later, speedup=speedup)
        shown_at = self.shown(index) if self.dated else self.shown_at
        return dataclasses.replace(
            later, rate=rate, speedup=speedup, dated_from=index, shown_at=shown_at
        )


def _pace(
    load: LoadSettings, *, timed: bool, own_rate: float | None
) -> tuple[float | None, float | None]:
    """Return rate and speed-up of a load."""
    if own_rate is None:
        return load.request_rate, load.speedup if timed else None
    if load.request_rate is not None:
        return None, load.request_rate / own_rate
    return None, load.speedup or 1.0
