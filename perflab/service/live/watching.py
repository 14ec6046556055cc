"""`Watching`: what a run of a service has measured so far, beside what was predicted of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from perflab.service.live.parts import LatencyParts, Lookups, Parts
from perflab.service.live.refitted import through
from perflab.service.scenarios.windows import edges_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.service.incoming import Incoming
    from perflab.service.live.job import WorkerRows
    from perflab.service.scenarios.base import Happenings
    from perflab.service.scenarios.feedback import Chain


class RunSoFar(NamedTuple):
    """A run that is going.

    Attributes:
        seconds: Since its first request was due.
        whole: How long requests come.
        requests: How many were done.
        failures: How many of these failed.
        ends: When each window ends, in seconds.
        parts: Measured: by part, its mean seconds in each window.
        predicted: The same from the calibration, with the scenario as it is planned.
    """

    seconds: float
    whole: float
    requests: int
    failures: int
    ends: list[float]
    parts: Parts
    predicted: Parts


class Watching:
    """Adds up what workers tell while they run.

    Args:
        ready: The service as a chain.
        came: The requests that come.
        steps: What is to happen.
        told: Called with the run so far, again and again.
    """

    def __init__(
        self,
        ready: Chain,
        came: Incoming,
        steps: Happenings,
        told: Callable[[RunSoFar], object],
    ) -> None:
        self._times: npt.NDArray[np.float64] = came.requests.times
        self._told = told
        edges = edges_of(self._times)
        self._parts = LatencyParts(ready.service.stages, edges)
        foretold = LatencyParts(ready.service.stages, edges)
        foretold.add_chained(self._times, through(ready, came, steps), lookups_in(ready))
        self._predicted = foretold.means()
        self._requests = self._failures = 0

    def take(self, seconds: float, told: Sequence[WorkerRows]) -> None:
        """Add what workers have told by now, and hand the run so far on."""
        for each in told:
            due = self._times[each.rows[:, 0].astype(int)]
            self._parts.add(due, each.rows[:, 1] - due, each.own, each.rows[:, 7])
            self._requests += len(due)
            self._failures += int((each.rows[:, 4] > 0).sum())
        self._told(
            RunSoFar(
                seconds,
                float(self._times[-1]),
                self._requests,
                self._failures,
                self._parts.ends,
                self._parts.means(),
                self._predicted,
            )
        )


def lookups_in(ready: Chain) -> Lookups:
    """Return what the shared cache of a chain takes, from its calibration."""
    links = ready.links
    return Lookups(links.remote_seconds, links.remote_seconds + links.remote_write_seconds)
